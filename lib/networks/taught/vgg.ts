/**
 * A small VGG with batch normalization for 32 px images: six convolutions, three pools, one dense layer.
 *
 * @see Simonyan and Zisserman (2015)
 * @module
 */
import { tf } from "../../engine/mod.ts";
import type { LayerInfo } from "../../types.ts";
import type { ApplyConvolution, ConvSpec } from "../normalized_convolutions.ts";

/** Channels of the convolutions. A pool follows every second one. */
const CHANNELS = [32, 64, 96, 96, 160, 160];

/** Units of the dense layer behind the convolutions: the features. */
export const VGG_FEATURES = 128;
/** The dense layer's inputs: 2 x 2 positions are left. */
export const VGG_FLAT = 4 * CHANNELS[CHANNELS.length - 1];
/** Name of the dense layer. */
export const VGG_DENSE = "fc1";

/** The convolutions, the first of stride 2. */
export const VGG_SPECS: readonly ConvSpec[] = CHANNELS.map((output, i) => ({
  conv: `conv${i + 1}`,
  norm: `bn${i + 1}`,
  kernel: 3,
  input: i === 0 ? 3 : CHANNELS[i - 1],
  output,
  stride: i === 0 ? 2 : 1,
}));

/** Its scorable layers. */
export const VGG_LAYERS: readonly LayerInfo[] = [
  ...VGG_SPECS.map(({ conv, output }): LayerInfo => ({ name: conv, positions: "grid", units: output })),
  { name: VGG_DENSE, positions: "none", units: VGG_FEATURES },
];

/**
 * The convolutions and pools.
 *
 * @param images normalized, shape [N, 32, 32, 3].
 * @param complete whether the pass may end where it is.
 * @returns shape [N, VGG_FLAT]; null where the pass ended.
 */
export function vggConvolutions(
  images: tf.Tensor4D,
  apply: ApplyConvolution,
  complete: () => boolean = () => false,
): tf.Tensor2D | null {
  let x = images;
  for (const [i, spec] of VGG_SPECS.entries()) {
    x = apply(x, spec, "relu");
    if (complete()) return null;
    if (i % 2 === 1) x = tf.maxPool(x, 2, 2, "valid");
  }
  return x.reshape([images.shape[0], VGG_FLAT]);
}
