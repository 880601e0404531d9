/**
 * The convolutions of torchvision's AlexNet ("One weird trick for parallelizing convolutional neural networks",
 * Krizhevsky 2014) up to the fifth ReLU: 2,469,696 parameters.
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

/** Shapes of the convolutions, by name. */
export const ALEXNET_KERNELS: Readonly<Record<string, KernelShape>> = {
  "features.0": [64, 3, 11, 11],
  "features.3": [192, 64, 5, 5],
  "features.6": [384, 192, 3, 3],
  "features.8": [256, 384, 3, 3],
  "features.10": [256, 256, 3, 3],
};

/**
 * AlexNet's five ReLUs.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createAlexNetFeatures(weights: Weights, source: string): PerceptualNetwork {
  const convolutions = loadConvolutions(weights, ALEXNET_KERNELS, source);
  const [conv1, conv2, conv3, conv4, conv5] = convolutions.values();
  return {
    name: "alex",
    channels: [64, 192, 384, 256, 256],
    minimumSize: 31, // 31 -> conv1 7 -> pool 3 -> pool 1
    features: (images) =>
      tf.tidy(() => {
        const relu1 = convolveRelu(images, conv1, 4, 2);
        const relu2 = convolveRelu(maxPool(relu1, 3, 2, "floor"), conv2, 1, 2);
        const relu3 = convolveRelu(maxPool(relu2, 3, 2, "floor"), conv3, 1, 1);
        const relu4 = convolveRelu(relu3, conv4, 1, 1);
        const relu5 = convolveRelu(relu4, conv5, 1, 1);
        return [relu1, relu2, relu3, relu4, relu5];
      }),
    dispose: () => disposeConvolutions(convolutions),
  };
}

/** The scorable layers: 1,152 units. */
export const ALEXNET_LAYERS: readonly LayerInfo[] = Object.entries(ALEXNET_KERNELS).map(([name, [units]]) => ({
  name,
  positions: "grid",
  units,
}));

/** How each convolution takes what is before it: its stride and padding, and whether a max-pool comes first. */
const ALEXNET_STEPS: readonly { readonly stride: number; readonly padding: number; readonly pool: boolean }[] = [
  { stride: 4, padding: 2, pool: false },
  { stride: 1, padding: 2, pool: true },
  { stride: 1, padding: 1, pool: true },
  { stride: 1, padding: 1, pool: false },
  { stride: 1, padding: 1, pool: false },
];

/**
 * AlexNet's five convolutions before their ReLUs, as a network whose units are scored.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @param input the images it is to take: at least 31 px high and wide.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createAlexNet(
  weights: Weights,
  source: string,
  name: string,
  { mean, std }: Normalization,
  input: Size,
): Network {
  const scaled = divideFirstByDeviations(weights, "features.0.weight", std);
  const convolutions = loadConvolutions(scaled, ALEXNET_KERNELS, source);
  return tappedNetwork({
    name,
    title: "AlexNet",
    layers: ALEXNET_LAYERS,
    input,
    mean,
    run: (images, taps) => {
      let x = images;
      for (const [i, [layer, convolution]] of [...convolutions].entries()) {
        if (taps.complete()) return;
        const { stride, padding, pool } = ALEXNET_STEPS[i];
        const pooled = pool ? maxPool(x, 3, 2, "floor") : x;
        x = taps.rectify(layer, (activation) => convolve(pooled, convolution, stride, padding, activation));
      }
    },
    dispose: () => disposeConvolutions(convolutions),
  });
}
