/**
 * Training the generator, and its card.
 *
 * @module
 */
export { writeCardWithCurve, writeMeasures } from "./gan_card.ts";
export type { GanRecord } from "./gan_state.ts";
export { CLIP_RECIPE, DEFAULT_STEPS, PENALTY_RECIPE } from "./recipe.ts";
export { type SampleGrid, sampleGrid } from "./sample_grid.ts";
export { type GanTraining, trainGanModel } from "./train_gan_model.ts";
