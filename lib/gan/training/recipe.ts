/**
 * The hyperparameters of a training.
 *
 * @module
 */

/** Hyperparameters of a training with one of the two losses. */
export interface GanRecipe {
  /** `penalty`: Gulrajani et al. (2017), Adam. `clip`: Arjovsky et al. (2017), clipped weights, RMSprop. */
  readonly loss: "penalty" | "clip";
  /** True images of a step. */
  readonly batch: number;
  /** True images of a step that the critic also sees with a wrong label or mask. */
  readonly mismatched: number;
  /** How much higher the critic is to score them with their own label and mask. */
  readonly mismatchMargin: number;
  /** Generated images of a step of the critic. */
  readonly generated: number;
  /** Steps of the critic for each step of the generator. */
  readonly criticSteps: number;
  /** Learning rate of the critic. */
  readonly criticRate: number;
  /** Learning rate of the generator. */
  readonly generatorRate: number;
  /**
   * Share of the steps after which the generator's learning rate falls linearly, to 0 at the end; with 1 it never
   * falls. The critic's rate stays, so that the critic learns more and more for each change of the generator.
   */
  readonly decayFrom: number;
  /** Weight of the gradient penalty; unused by `clip`. */
  readonly penaltyWeight: number;
  /** Points between true and generated images at which the penalty is taken. */
  readonly penaltyBatch: number;
  /** Bound of every parameter of the critic; unused by `penalty`. */
  readonly clip: number;
  /**
   * After each step the averaged generator becomes decay times itself plus (1 - decay) times the generator. In the
   * first steps the decay is smaller.
   */
  readonly averageDecay: number;
}

/**
 * Gradient penalty, with one step of the critic for each step of the generator and a larger rate for the critic (Heusel
 * et al. 2017). Five steps of the critic at an equal rate reach the same quality, but take more time.
 */
export const PENALTY_RECIPE: GanRecipe = {
  loss: "penalty",
  batch: 64,
  mismatched: 16,
  mismatchMargin: 4,
  generated: 48,
  criticSteps: 1,
  criticRate: 3e-4,
  generatorRate: 2e-4,
  decayFrom: 0.4,
  penaltyWeight: 10,
  penaltyBatch: 32,
  clip: 0,
  averageDecay: 0.999,
};

/** Clipped weights, with the numbers of algorithm 1 of Arjovsky et al. (2017). */
export const CLIP_RECIPE: GanRecipe = {
  ...PENALTY_RECIPE,
  loss: "clip",
  criticSteps: 5,
  criticRate: 5e-5,
  generatorRate: 5e-5,
  decayFrom: 1,
  penaltyWeight: 0,
  penaltyBatch: 0,
  clip: 0.01,
};

/**
 * The factor of the generator's learning rate at a step: 1 at first, and falling linearly after `decayFrom`.
 *
 * @param step 0 .. total - 1.
 * @param total number of steps.
 */
export function rateFactor({ decayFrom }: Pick<GanRecipe, "decayFrom">, step: number, total: number): number {
  return Math.min(1, (total - step) / (total * (1 - decayFrom) || 1));
}

/**
 * The decay of the averaged generator at a step. It grows to `averageDecay`, so that the first steps are soon
 * forgotten.
 *
 * @param step from 0.
 */
export function decayAt({ averageDecay }: Pick<GanRecipe, "averageDecay">, step: number): number {
  return Math.min(averageDecay, (1 + step) / (10 + step));
}

/** Number of steps of the committed generator. */
export const DEFAULT_STEPS = 10_000;
