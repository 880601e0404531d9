/**
 * Adam, ascending.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Variables with their running moments. */
export interface AdamState {
  /** Steps done. */
  readonly step: number;
  /** The variables. */
  readonly variables: tf.Tensor;
  /** Running mean of gradients. */
  readonly first: tf.Tensor;
  /** Running mean of squared gradients. */
  readonly second: tf.Tensor;
}

/** The state before the first step. */
export function initialAdam(variables: tf.Tensor): AdamState {
  return { step: 0, variables, first: tf.zerosLike(variables), second: tf.zerosLike(variables) };
}

/**
 * One step uphill:
 *
 *     m = m + (1 - b1) (g - m),  v = v + (1 - b2) (g^2 - v),
 *     z = z + rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon sqrt(1 - b2^t)),
 *
 * which is Kingma and Ba's z + rate m' / (sqrt(v') + epsilon) with m' and v' corrected for their start at zero.
 *
 * @see Kingma and Ba (2015), "Adam"
 */
export function adamAscent(state: AdamState, gradient: tf.Tensor, rate: number): AdamState {
  const step = state.step + 1;
  const root = Math.sqrt(1 - BETA2 ** step);
  const first = state.first.add(gradient.sub(state.first).mul(1 - BETA1));
  const second = state.second.add(gradient.square().sub(state.second).mul(1 - BETA2));
  const move = first.mul(rate * root / (1 - BETA1 ** step)).div(second.sqrt().add(EPSILON * root));
  return { step, variables: state.variables.add(move), first, second };
}
