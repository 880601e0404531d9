/**
 * The generator and its critic.
 *
 * @module
 */
export { loadGenerator } from "./generator.ts";
export {
  type Condition,
  type Conditions,
  type ImageGenerator,
  joinConditions,
  LABEL_NAMES,
  LABELS,
  LATENT,
  latentOf,
} from "./image_generator.ts";
