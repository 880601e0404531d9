/**
 * Training a classifier.
 *
 * @module
 */
export { initialWeights, TRAINABLE_MODELS, trainModel } from "./train_model.ts";
