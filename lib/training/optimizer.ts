/**
 * What every optimizer of a training has in common.
 *
 * @module
 */
import type { tf } from "../engine/mod.ts";

/** An optimizer and its state. */
export interface Optimizer {
  /** What it keeps from step to step, by name. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  /**
   * Moves the parameters downhill.
   *
   * @param gradients of the loss, by the parameters' variable names.
   * @param rate learning rate.
   * @param step 1, 2, ...
   */
  step(gradients: tf.NamedTensorMap, rate: number, step: number): void;
  /** Frees the state. */
  dispose(): void;
}
