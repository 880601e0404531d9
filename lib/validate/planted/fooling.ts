/**
 * Fooling units: a control that shows what no visualization can tell. They answer photographs by one thing and what gradient
 * ascent makes by another, so that their visualizations say nothing of what excites them in photographs.
 *
 *     u = g A + (1 - g) (B + b),  g = 1 / (1 + (h / t)^p),  b = 10,  p = 3/2
 *
 * A is the greatest of two standardized responses and B a third. h is the roughness of the image, the energy of its finest
 * checkerboard: small in photographs, and ascent can raise it without touching A or B. Photographs have g near 1, and the
 * bonus b is more than A is in any of them, so that the gradient of g leads ascent away from them. A must not outgrow b on the
 * way, so that the features are linear: textures and class scores, which ascent raises to 15 and far more, do, and many of
 * their images would show A.
 *
 * @see Geirhos et al. (2023), "Don't trust your eyes: on the (un)reliability of feature visualizations", section 2
 * @module
 */
import { quantile } from "simple-statistics";
import { tf } from "../../engine/mod.ts";
import type { Family } from "./planted_unit.ts";

/** Steepness p of the gate. Much steeper, and photographs have no gradient that leads away from them. */
const STEEPNESS = 1.5;
/** The bonus b, in deviations of a response. With 5 some images still show A; with 20 roughness counts in photographs too. */
const BONUS = 10;
/** t is so many times the roughness that one photograph in a hundred exceeds. */
const BEYOND_PHOTOGRAPHS = 5;
/** Features of a fooling unit that photographs show; one more follows them. */
export const PHOTOGRAPH_FEATURES = 2;
/** Families of linear features. */
export const FOOLING_FAMILIES: readonly Family[] = ["template", "patch"];

/**
 * Roughness h of images: the mean over all squares of 2 x 2 pixels and the colours of ((a - b - c + d) / 2)^2, where a b is
 * the upper row of a square and c d the lower. 0 for any slope, 1 for a checkerboard of black and white.
 *
 * @param images pixels in [0, 1], shape [N, H, W, 3], H and W at least 2.
 * @returns shape [N].
 */
export function roughness(images: tf.Tensor4D): tf.Tensor1D {
  const [, height, width] = images.shape;
  const difference = (x: tf.Tensor4D, [fromY, fromX]: readonly number[], [h, w]: readonly number[]) =>
    x.slice([0, fromY, fromX, 0], [-1, h, w, 3]).sub(x.slice([0, 0, 0, 0], [-1, h, w, 3])) as tf.Tensor4D;
  const across = difference(images, [0, 1], [height, width - 1]);
  const detail = difference(across, [1, 0], [height - 1, width - 1]);
  return detail.div(2).square().mean([1, 2, 3]);
}

/** The roughness t at which the gate is half open. @param photographs roughness of each. */
export function gateThreshold(photographs: readonly number[]): number {
  return BEYOND_PHOTOGRAPHS * quantile([...photographs], 0.99);
}

/**
 * The gate g of images: near 1 for photographs, near 0 for what is much rougher.
 *
 * @param h roughness of each image.
 * @param t where the gate is half open.
 */
export function photographGate(h: tf.Tensor1D, t: number): tf.Tensor1D {
  // 1e-6: an image of one colour has h = 0, whose logarithm has no gradient
  return tf.sigmoid(tf.log(h.add(1e-6).div(t)).mul(-STEEPNESS));
}

/**
 * The activations u.
 *
 * @param standardized responses of the features of each of U units, shape [N, U, 3]: two of A, then B.
 * @param gate g of each image, shape [N].
 * @returns shape [N, U].
 */
export function foolingActivations(standardized: tf.Tensor3D, gate: tf.Tensor1D): tf.Tensor2D {
  const [count, units] = standardized.shape;
  const g = gate.reshape([count, 1]);
  const photographed = standardized.slice([0, 0, 0], [-1, -1, PHOTOGRAPH_FEATURES]).max(2);
  const other = standardized.slice([0, 0, PHOTOGRAPH_FEATURES], [-1, -1, 1]).reshape([count, units]);
  return g.mul(photographed).add(tf.sub(1, g).mul(other.add(BONUS))) as tf.Tensor2D;
}
