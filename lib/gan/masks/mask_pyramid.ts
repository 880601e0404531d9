/**
 * Masks at each resolution of the networks.
 *
 * @module
 */
import { spaceToDepth, tf } from "../../engine/mod.ts";

/**
 * Masks for layers of 4, 8, 16 and 32 pixels. The first three see a mask at twice their own resolution: each block of 2
 * x 2 pixels of the mask becomes four channels.
 */
export interface MaskPyramid {
  /** Shape [N, 4, 4, 4]. */
  readonly of4: tf.Tensor4D;
  /** Shape [N, 8, 8, 4]. */
  readonly of8: tf.Tensor4D;
  /** Shape [N, 16, 16, 4]. */
  readonly of16: tf.Tensor4D;
  /** The masks themselves in [-1, 1], shape [N, 32, 32, 1]. */
  readonly of32: tf.Tensor4D;
}

/**
 * Makes the masks of all layers.
 *
 * @param masks shape [N, 32, 32, 1], in [0, 1].
 */
export function maskPyramid(masks: tf.Tensor4D): MaskPyramid {
  const of32 = masks.mul(2).sub(1) as tf.Tensor4D;
  const at16 = tf.avgPool(of32, 2, 2, "valid");
  const at8 = tf.avgPool(at16, 2, 2, "valid");
  return { of4: spaceToDepth(at8), of8: spaceToDepth(at16), of16: spaceToDepth(of32), of32 };
}
