/**
 * What a training run of the GAN is made of.
 *
 * @module
 */

/** Hyperparameters of one of the two losses. */
export interface GanRecipe {
  /** `penalty`: Gulrajani et al. (2017), Adam. `clip`: Arjovsky et al. (2017), clipped weights, RMSprop. */
  readonly loss: "penalty" | "clip";
  /** True images a step. */
  readonly batch: number;
  /** True images a step that the critic also sees with another's label or mask. */
  readonly mismatched: number;
  /** How much higher it is to score them with their own. */
  readonly mismatchMargin: number;
  /** Generated images a step of the critic. */
  readonly generated: number;
  /** Critic's steps for one of the generator. */
  readonly criticSteps: number;
  /** Learning rates. */
  readonly criticRate: number;
  readonly generatorRate: number;
  /**
   * Share of the steps after which the generator's rate falls, linearly, to 0 at the end; 1 for never. The critic's stays: it
   * learns more and more for each change of the generator.
   */
  readonly decayFrom: number;
  /** Weight of the gradient penalty; unused by `clip`. */
  readonly penaltyWeight: number;
  /** Points between true and generated images at which the penalty is taken. */
  readonly penaltyBatch: number;
  /** Bound of every parameter of the critic; unused by `penalty`. */
  readonly clip: number;
  /** The averaged generator is decay times itself plus (1 - decay) times the generator, every step; less decay in the first. */
  readonly averageDecay: number;
}

/**
 * Gradient penalty, with one critic's step for each of the generator and a larger rate for the critic instead of five
 * equal ones (Heusel et al. 2017): the same quality for less time.
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

/** Weight clipping with the numbers of Arjovsky et al. (2017), algorithm 1. */
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
 * What the generator's learning rate is multiplied by at a step of `total`: 1, and from `decayFrom` on falling linearly.
 *
 * @param step 0 .. total - 1.
 */
export function rateFactor({ decayFrom }: Pick<GanRecipe, "decayFrom">, step: number, total: number): number {
  return Math.min(1, (total - step) / (total * (1 - decayFrom) || 1));
}

/** Steps of the committed generator. */
export const DEFAULT_STEPS = 10_000;
