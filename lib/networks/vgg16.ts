/**
 * torchvision's VGG-16 (Simonyan and Zisserman 2015, configuration D): convolutions of 14,714,688 parameters, and a
 * classifier of 123,642,856.
 *
 * The architecture is checked against an independent implementation on made-up weights; the published LPIPS values were
 * not, for want of the official weights where this was written.
 *
 * @module
 */
import { asBatch, relu, tf } from "../engine/mod.ts";
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
import { takeWeight, type Weights } from "../weights/mod.ts";

/** Each block: its convolutions' indices in `features`, its input channels and its output channels. */
const BLOCKS: readonly { readonly indices: readonly number[]; readonly input: number; readonly output: number }[] = [
  { indices: [0, 2], input: 3, output: 64 },
  { indices: [5, 7], input: 64, output: 128 },
  { indices: [10, 12, 14], input: 128, output: 256 },
  { indices: [17, 19, 21], input: 256, output: 512 },
  { indices: [24, 26, 28], input: 512, output: 512 },
];

const KERNELS: Readonly<Record<string, KernelShape>> = Object.fromEntries(
  BLOCKS.flatMap(({ indices, input, output }) =>
    indices.map((index, i) => [`features.${index}`, [output, i === 0 ? input : output, 3, 3]])
  ),
);

/**
 * The last ReLU of each of VGG-16's five blocks: relu1_2, relu2_2, relu3_3, relu4_3, relu5_3.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createVgg16Features(weights: Weights, source: string): PerceptualNetwork {
  const convolutions = loadConvolutions(weights, KERNELS, source);
  return {
    name: "vgg",
    channels: BLOCKS.map(({ output }) => output),
    minimumSize: 16, // four pools that halve
    features: (images) =>
      tf.tidy(() => {
        const outputs: tf.Tensor4D[] = [];
        for (const { indices } of BLOCKS) {
          let x = outputs.length === 0 ? images : maxPool(outputs[outputs.length - 1], 2, 2, "floor");
          for (const index of indices) x = convolveRelu(x, convolutions.get(`features.${index}`)!, 1, 1);
          outputs.push(x);
        }
        return outputs;
      }),
    dispose: () => disposeConvolutions(convolutions),
  };
}

/** Outputs of the classifier's three dense layers. */
export type Vgg16Widths = readonly [number, number, number];

const OFFICIAL_WIDTHS: Vgg16Widths = [4096, 4096, 1000];
const DENSE = ["classifier.0", "classifier.3", "classifier.6"];
/** The classifier takes a grid of 7 x 7, whatever the images' size. */
const GRID = 7;

/** The scorable layers: 13 convolutions and the classifier's three dense layers, 13,416 units. */
export function vgg16Layers(widths: Vgg16Widths = OFFICIAL_WIDTHS): readonly LayerInfo[] {
  return [
    ...Object.entries(KERNELS).map(([name, [units]]): LayerInfo => ({ name, positions: "grid", units })),
    ...DENSE.map((name, i): LayerInfo => ({ name, positions: "none", units: widths[i] })),
  ];
}

/**
 * VGG-16's convolutions before their ReLUs, its dense layers before theirs, and its class scores, as a network whose units
 * are scored. Images of other sizes than 224 px reach the classifier as in torchvision, by an adaptive average pool.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @param input the images it is to take: at least 32 px high and wide.
 * @param widths of the dense layers, for a classifier of another size.
 * @throws {InputError} when a tensor is missing, superfluous or has another shape.
 */
export function createVgg16(
  weights: Weights,
  source: string,
  name: string,
  { mean, std }: Normalization,
  input: Size,
  widths: Vgg16Widths = OFFICIAL_WIDTHS,
): Network {
  const fanIns = [BLOCKS[BLOCKS.length - 1].output * GRID * GRID, ...widths];
  // all is checked before the first tensor is made, so that none is left behind by an error
  const arrays = DENSE.map((layer, i) => ({
    weight: takeWeight(weights, `${layer}.weight`, [widths[i], fanIns[i]], source),
    bias: takeWeight(weights, `${layer}.bias`, [widths[i]], source),
  }));
  const convolutions = loadConvolutions(divideFirstByDeviations(weights, "features.0.weight", std), KERNELS, source);
  // as PyTorch has them, [out, in]: turned around, the largest would be 400 MB twice
  const dense = arrays.map(({ weight, bias }) => ({
    weight: tf.tensor2d(weight.data, [weight.shape[0], weight.shape[1]]),
    bias: tf.tensor1d(bias.data),
  }));
  return tappedNetwork({
    name,
    title: "VGG-16",
    layers: vgg16Layers(widths),
    input,
    mean,
    run: (images, taps) => {
      let x = images;
      for (const { indices } of BLOCKS) {
        for (const index of indices) {
          const [layer, before] = [`features.${index}`, x];
          x = taps.rectify(layer, (activation) => convolve(before, convolutions.get(layer)!, 1, 1, activation));
          if (taps.complete()) return;
        }
        x = maxPool(x, 2, 2, "floor");
      }
      const pooled = averagePoolTo(averagePoolTo(x, GRID, 1), GRID, 2);
      // PyTorch's order: channels first
      let y = pooled.transpose([0, 3, 1, 2]).reshape<tf.Tensor2D>([pooled.shape[0], fanIns[0]]);
      for (const [i, { weight, bias }] of dense.entries()) {
        const before = y;
        y = taps.rectify(DENSE[i], (activation) => {
          const linear = asBatch(before, (some) => tf.matMul(some, weight, false, true)).add<tf.Tensor2D>(bias);
          return activation === "relu" ? relu(linear) : linear;
        });
        if (taps.complete()) return;
      }
    },
    dispose: () => {
      disposeConvolutions(convolutions);
      for (const { weight, bias } of dense) tf.dispose([weight, bias]);
    },
  });
}

/**
 * PyTorch's adaptive average pool along one axis: position i is the mean of entries floor(i n / size) to
 * ceil((i + 1) n / size), which overlap, or repeat, where n is no multiple of `size`.
 */
export function averagePoolTo(x: tf.Tensor4D, size: number, axis: 1 | 2): tf.Tensor4D {
  const count = x.shape[axis];
  if (count === size) return x;
  const means = Array.from({ length: size }, (_, i) => {
    const from = Math.floor(i * count / size);
    const to = Math.ceil((i + 1) * count / size);
    const [begin, extent] = [[0, 0, 0, 0], [...x.shape]];
    begin[axis] = from;
    extent[axis] = to - from;
    return tf.mean<tf.Tensor4D>(x.slice(begin, extent), axis, true);
  });
  return tf.concat(means, axis);
}
