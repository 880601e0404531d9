/**
 * Generating images on demand, by label and mask, and writing them as files.
 *
 * @module
 */
export { LABEL_NAMES } from "../network/image_generator.ts";
export { type GenerationPlan, MOST_IMAGES, parseLabels, planGeneration, USUAL_COUNT } from "./plan_generation.ts";
export { type FilePlan, planFiles, writeGeneration } from "./write_generation.ts";
