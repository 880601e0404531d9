/**
 * Training a classifier, and networks whose units are taught classes that are known.
 *
 * @module
 */
export { initialWeights, TRAINABLE_MODELS, trainModel } from "./train_model.ts";
export type { EpochRecord } from "./checkpoint.ts";
export { taughtClasses, taughtHead, type TaughtModel, taughtName, type TaughtPlan, trainTaught } from "./taught.ts";
