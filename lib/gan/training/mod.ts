/**
 * Training the generator, and what is written about it.
 *
 * @module
 */
export { MEASURES_FILE, writeCardWithCurve } from "./gan_card.ts";
export { CLIP_RECIPE, DEFAULT_STEPS, PENALTY_RECIPE } from "./recipe.ts";
export { sampleGrid } from "./sample_grid.ts";
export { type GanTraining, trainGanModel } from "./train_gan_model.ts";
