/**
 * What a training run is made of. A recipe and a seed determine the trained weights.
 *
 * @module
 */

/** Hyperparameters of training on augmented images. */
export interface Recipe {
  /** Stochastic gradient descent with Nesterov momentum, or Adam with decoupled weight decay. */
  readonly optimizer: "sgd" | "adamw";
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images a step. */
  readonly batch: number;
  /** Highest learning rate; it rises linearly from 0 over `warmup` epochs, then falls linearly to 0. */
  readonly learningRate: number;
  /** Epochs of rising learning rate. */
  readonly warmup: number;
  /** Momentum of SGD's moving sum of gradients; Adam's moments decay by .9 and .999. */
  readonly momentum: number;
  /** On weights (not on biases, scales and offsets): SGD's L2 penalty, added to the gradient; AdamW's share of decay. */
  readonly weightDecay: number;
  /** Share of the target spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** Largest shift of a random crop in pixels; the border is filled by reflection. */
  readonly shift: number;
  /** Whether images are mirrored: by chance in the first epoch, then the other way round in every next one. */
  readonly flip: boolean;
  /** Epochs between two measurements of the test accuracy; the last epoch is always measured. */
  readonly testEvery: number;
  /** How weights are stored. */
  readonly storage: "F32" | "F16";
}

/** LeNet-5: small enough to be held back by capacity, not by overfitting. */
export const LENET5_RECIPE: Recipe = {
  optimizer: "sgd",
  epochs: 30,
  batch: 128,
  learningRate: 0.02,
  warmup: 2,
  momentum: 0.9,
  weightDecay: 5e-4,
  labelSmoothing: 0,
  shift: 1,
  flip: true,
  testEvery: 1,
  storage: "F32",
};

/** ResNet-18: the usual recipe for CIFAR-10, shortened to what two cores do in under two hours. */
export const RESNET18_RECIPE: Recipe = {
  optimizer: "sgd",
  epochs: 16,
  batch: 128,
  learningRate: 0.1,
  warmup: 2,
  momentum: 0.9,
  weightDecay: 5e-4,
  labelSmoothing: 0.1,
  shift: 4,
  flip: true,
  testEvery: 4,
  storage: "F16",
};

/** The vision transformer: what two cores do in under two hours. */
export const VIT_RECIPE: Recipe = {
  optimizer: "adamw",
  epochs: 20,
  batch: 128,
  learningRate: 1.5e-3,
  warmup: 2,
  momentum: 0.9,
  weightDecay: 0.05,
  labelSmoothing: 0.1,
  shift: 4,
  flip: true,
  testEvery: 2,
  storage: "F16",
};

/**
 * Learning rate at a step of `total`.
 *
 * @param step 0 .. total - 1.
 */
export function learningRateAt(recipe: Recipe, step: number, total: number): number {
  const warm = Math.round(total * recipe.warmup / recipe.epochs);
  const share = step < warm ? (step + 1) / warm : (total - step) / (total - warm);
  return recipe.learningRate * share;
}
