/**
 * torchvision's SqueezeNet 1.1 (Iandola et al. 2016): a convolution and eight fire modules, with max-pools that round up,
 * and a classifier that is a convolution.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";
import type { LayerInfo, Size } from "../types.ts";
import {
  convolve,
  convolveRelu,
  disposeConvolutions,
  type KernelShape,
  loadConvolutions,
  maxPool,
  type PerceptualNetwork,
} from "./perceptual.ts";
import type { Network } from "./network.ts";
import { divideFirstByDeviations, type Normalization } from "./normalize.ts";
import { tappedNetwork } from "./tapped_network.ts";
import type { Weights } from "../weights/mod.ts";

/** Fire modules by their index in `features`: input channels, squeezed channels, channels of each expansion. */
const FIRES: readonly (readonly [number, number, number, number])[] = [
  [3, 64, 16, 64],
  [4, 128, 16, 64],
  [6, 128, 32, 128],
  [7, 256, 32, 128],
  [9, 256, 48, 192],
  [10, 384, 48, 192],
  [11, 384, 64, 256],
  [12, 512, 64, 256],
];

const KERNELS: Readonly<Record<string, KernelShape>> = Object.fromEntries([
  ["features.0", [64, 3, 3, 3]],
  ...FIRES.flatMap(([index, input, squeezed, expanded]) => [
    [`features.${index}.squeeze`, [squeezed, input, 1, 1]],
    [`features.${index}.expand1x1`, [expanded, squeezed, 1, 1]],
    [`features.${index}.expand3x3`, [expanded, squeezed, 3, 3]],
  ]),
]);

/**
 * The seven feature maps of SqueezeNet that LPIPS compares.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createSqueezeNetFeatures(weights: Weights, source: string): PerceptualNetwork {
  const convolutions = loadConvolutions(weights, KERNELS, source);
  const fire = (x: tf.Tensor4D, index: number) => {
    const part = (name: string) => convolutions.get(`features.${index}.${name}`)!;
    const squeezed = convolveRelu(x, part("squeeze"));
    return tf.concat([convolveRelu(squeezed, part("expand1x1")), convolveRelu(squeezed, part("expand3x3"), 1, 1)], 3);
  };
  const pool = (x: tf.Tensor4D) => maxPool(x, 3, 2, "ceil");
  return {
    name: "squeeze",
    channels: [64, 128, 256, 384, 384, 512, 512],
    minimumSize: 17, // 17 -> conv 8 -> pool 4 -> pool 2 -> pool 1; PyTorch refuses to pool a single position
    features: (images) =>
      tf.tidy(() => {
        const slice1 = convolveRelu(images, convolutions.get("features.0")!, 2, 0);
        const slice2 = fire(fire(pool(slice1), 3), 4);
        const slice3 = fire(fire(pool(slice2), 6), 7);
        const slice4 = fire(pool(slice3), 9);
        const slice5 = fire(slice4, 10);
        const slice6 = fire(slice5, 11);
        const slice7 = fire(slice6, 12);
        return [slice1, slice2, slice3, slice4, slice5, slice6, slice7];
      }),
    dispose: () => disposeConvolutions(convolutions),
  };
}

/** Fire modules that have a max-pool before them. */
const POOLED = [3, 6, 9];
const ALL_KERNELS: Readonly<Record<string, KernelShape>> = { ...KERNELS, "classifier.1": [1000, 512, 1, 1] };

/** The scorable layers: 26 convolutions, 3,944 units. */
export const SQUEEZENET_LAYERS: readonly LayerInfo[] = Object.entries(ALL_KERNELS).map(([name, [units]]) => ({
  name,
  positions: "grid",
  units,
}));

/**
 * SqueezeNet's convolutions before their ReLUs, as a network whose units are scored. The last, `classifier.1`, has a map for
 * each class, whose mean after the ReLU is the class's score.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @param input the images it is to take: at least 17 px high and wide.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createSqueezeNet(
  weights: Weights,
  source: string,
  name: string,
  { mean, std }: Normalization,
  input: Size,
): Network {
  const scaled = divideFirstByDeviations(weights, "features.0.weight", std);
  const convolutions = loadConvolutions(scaled, ALL_KERNELS, source);
  return tappedNetwork({
    name,
    title: "SqueezeNet",
    layers: SQUEEZENET_LAYERS,
    input,
    mean,
    run: (images, taps) => {
      const rectified = (x: tf.Tensor4D, layer: string, stride = 1, padding = 0) =>
        taps.rectify(layer, (activation) => convolve(x, convolutions.get(layer)!, stride, padding, activation));
      let x = rectified(images, "features.0", 2);
      for (const [index] of FIRES) {
        if (taps.complete()) return;
        if (POOLED.includes(index)) x = maxPool(x, 3, 2, "ceil");
        const squeezed = rectified(x, `features.${index}.squeeze`);
        if (taps.complete()) return;
        const narrow = rectified(squeezed, `features.${index}.expand1x1`);
        if (taps.complete()) return;
        x = tf.concat([narrow, rectified(squeezed, `features.${index}.expand3x3`, 1, 1)], 3);
      }
      if (!taps.complete()) rectified(x, "classifier.1");
    },
    dispose: () => disposeConvolutions(convolutions),
  });
}
