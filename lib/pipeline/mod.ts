/**
 * The pipeline: profiles, plans, and units through all five rooms.
 *
 * @module
 */
export { bootstrapScore, RESAMPLES } from "./bootstrap_score.ts";
export { type ContextOptions, loadContext, type LoadedContext } from "./context.ts";
export { partOfImages } from "./part_of_images.ts";
export { CALIBRATED, loadProfile, PAPER, parseProfile, type Profile } from "./profile.ts";
export {
  clusterAndScore,
  clusterOptions,
  type ImageDistances,
  type PipelineContext,
  scoreUnits,
} from "./score_units.ts";
export { parseLayers, parseUnit, parseUnits, selectUnits } from "./units.ts";
