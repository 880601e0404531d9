/**
 * Rectified sums: what a unit of a trained network is of the features below it.
 *
 *     u = sum_j w_j rho(z_j - theta_j),  rho(t) = d log(1 + exp(t / d)),  d = 1/4
 *
 * z_j are standardized responses. rho is a ReLU with a rounded corner: it differs from one by at most d log 2 = .17, at the
 * threshold. Under a ReLU most photographs, in which all features are off, would give no gradient, and ascent from them would
 * not start. With rho each gives one, rho'(t) = 1 / (1 + exp(-t / d)), and it points to the features that are nearest to their
 * thresholds; that of a leaky ReLU would point to all at once, and its images show a little less of them.
 *
 * @module
 */
import { quantile } from "simple-statistics";
import { tf } from "../../engine/mod.ts";
import type { Random } from "../../random.ts";

/**
 * Share of the reference images in which a feature is active, above its threshold. Two to four features are then rarely
 * active together in a photograph, so that each excites the unit by itself, and it is the ascent that may show several in an
 * image.
 */
export const ACTIVE_SHARE = 0.1;
/** Width of the corner of rho, in deviations of a response. */
const CORNER = 0.25;
/** Least and greatest absolute weight. */
const WEIGHTS = [0.5, 1] as const;
/** Most features that suppress a unit. */
const MOST_SUPPRESSORS = 2;

/** Draws the weights of a sum: k positive ones, then one or two negative ones; absolute values uniform in [.5, 1]. */
export function drawWeights(k: number, random: Random): number[] {
  const suppressors = random.integer(1, MOST_SUPPRESSORS);
  return Array.from({ length: k + suppressors }, (_, j) => {
    const [least, greatest] = WEIGHTS;
    const size = least + (greatest - least) * random.uniform();
    return j < k ? size : -size;
  });
}

/** The standardized response that `ACTIVE_SHARE` of the images exceed. */
export function activeThreshold(standardized: readonly number[]): number {
  return quantile([...standardized], 1 - ACTIVE_SHARE);
}

/**
 * The sums u.
 *
 * @param standardized responses z_j of the features of each of U units, shape [N, U, J].
 * @param weights shape [U, J]; 0 where a unit has fewer features.
 * @param thresholds shape [U, J].
 * @returns shape [N, U].
 */
export function rectifiedSums(standardized: tf.Tensor3D, weights: tf.Tensor2D, thresholds: tf.Tensor2D): tf.Tensor2D {
  const rectified = tf.softplus(standardized.sub(thresholds).div(CORNER)).mul(CORNER);
  return rectified.mul(weights).sum(2);
}
