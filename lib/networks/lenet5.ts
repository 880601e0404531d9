/**
 * The paper's modified LeNet-5 for CIFAR-10: conv1 5x5x6, ReLU, max-pool 2; conv2 5x5x16, ReLU, max-pool 2; fc1 120, ReLU;
 * fc2 84, ReLU; fc3 10. "Valid" padding, stride 1, biases, 62,006 parameters. Tensors have PyTorch's names.
 *
 * @see LeCun et al. (1998); Alic et al. (2025), section 2
 * @module
 */
import { convolveConstant, depthToSpace, maxOfGroups, relu, spaceToDepth, tf } from "../engine/mod.ts";
import type { Random } from "../random.ts";
import type { LayerInfo, Size } from "../types.ts";
import type { Network, Through, TrainableClassifier } from "./network.ts";
import type { Normalization } from "./normalize.ts";
import { takeWeight, type WeightArray, type Weights } from "../weights/mod.ts";
import { toTensor } from "./tensors.ts";

/** The images it takes. */
export const LENET5_INPUT: Size = { height: 32, width: 32 };

/** The scorable layers: 236 units. */
export const LENET5_LAYERS: readonly LayerInfo[] = [
  { name: "conv1", positions: "grid", units: 6 },
  { name: "conv2", positions: "grid", units: 16 },
  { name: "fc1", positions: "none", units: 120 },
  { name: "fc2", positions: "none", units: 84 },
  { name: "fc3", positions: "none", units: 10 },
];

const DENSE_LAYERS = ["fc1", "fc2", "fc3"] as const;
type DenseLayer = typeof DENSE_LAYERS[number];

/** Shapes in PyTorch's layouts; fc1's inputs are channels first: c * 25 + y * 5 + x. */
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "conv1.weight": [6, 3, 5, 5],
  "conv1.bias": [6],
  "conv2.weight": [16, 6, 5, 5],
  "conv2.bias": [16],
  "fc1.weight": [120, 400],
  "fc1.bias": [120],
  "fc2.weight": [84, 120],
  "fc2.bias": [84],
  "fc3.weight": [10, 84],
  "fc3.bias": [10],
};

/**
 * Activations of the dense layers before their ReLU, in turn, as far as `last`.
 *
 * @param pooled conv2 after pooling and ReLU, shape [N, 5, 5, 16].
 */
function denseActivations(
  parameters: ReadonlyMap<string, tf.Tensor>,
  pooled: tf.Tensor4D,
  last: DenseLayer,
  through: (layer: string, x: tf.Tensor) => tf.Tensor = (_, x) => x,
): ReadonlyMap<string, tf.Tensor2D> {
  const computed = new Map<string, tf.Tensor2D>();
  let x = pooled.transpose([0, 3, 1, 2]).reshape<tf.Tensor2D>([pooled.shape[0], 400]);
  for (const name of DENSE_LAYERS) {
    const weight = parameters.get(`${name}.weight`) as tf.Tensor2D;
    const activations = through(name, x.matMul(weight).add(parameters.get(`${name}.bias`)!)) as tf.Tensor2D;
    computed.set(name, activations);
    if (name === last) break;
    x = relu(activations);
  }
  return computed;
}

/** A LeNet-5 to train, initialized as PyTorch does: uniform within 1 / sqrt(fan in). */
export function createTrainableLeNet5(random: Random): TrainableClassifier {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, shape] of Object.entries(SHAPES)) {
    const layer = name.split(".")[0];
    const bound = 1 / Math.sqrt(SHAPES[`${layer}.weight`].slice(1).reduce((product, n) => product * n, 1));
    const size = shape.reduce((product, n) => product * n, 1);
    const data = Float32Array.from({ length: size }, () => bound * (2 * random.uniform() - 1));
    parameters.set(name, tf.tidy(() => tf.variable(toTensor({ shape, data }))));
  }
  return {
    parameters,
    buffers: new Map(),
    logits: (images) => {
      const convolve = (x: tf.Tensor4D, name: string) =>
        tf.conv2d(x, parameters.get(`${name}.weight`) as unknown as tf.Tensor4D, 1, "valid")
          .add(parameters.get(`${name}.bias`)!) as tf.Tensor4D;
      // ReLU and max-pool commute; pooling first makes the ReLU four times smaller
      const poolRelu = (x: tf.Tensor4D) => relu(tf.maxPool(x, 2, 2, "valid"));
      return denseActivations(parameters, poolRelu(convolve(poolRelu(convolve(images, "conv1")), "conv2")), "fc3").get(
        "fc3",
      )!;
    },
    dispose: () => tf.dispose([...parameters.values()]),
  };
}

/**
 * A trained LeNet-5.
 *
 * The convolutions run on images whose blocks of 2 x 2 pixels are channels. There a 5x5 convolution is a 3x3 one with four
 * times the channels on either side, and the max-pool after it a maximum over four groups of channels: the same numbers up
 * to rounding in less than half the time, since convolutions of few channels leave most of a CPU idle. The normalization
 * of the input is folded into conv1.
 *
 * @param weights PyTorch's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing or has another shape.
 */
export function createLeNet5(weights: Weights, source: string, name: string, normalization: Normalization): Network {
  const arrays = new Map(
    Object.entries(SHAPES).map(([key, shape]) => [key, takeWeight(weights, key, shape, source)] as const),
  );
  const first = foldNormalization(arrays.get("conv1.weight")!, arrays.get("conv1.bias")!, normalization);
  const conv1 = blockConvolution(first.weight, first.bias);
  const conv2 = blockConvolution(arrays.get("conv2.weight")!, arrays.get("conv2.bias")!);
  const dense = new Map(
    [...arrays].filter(([key]) => key.startsWith("fc")).map(([key, array]) => [key, toTensor(array)] as const),
  );
  const convolve = (x: tf.Tensor4D, { filter }: BlockConvolution) => convolveConstant(spaceToDepth(x), filter);
  // the four pixels of a pool have the same bias: it may come after the pool, where there is a fourth of the numbers
  const poolRelu = (x: tf.Tensor4D, { bias }: BlockConvolution) => relu(maxOfGroups(x).add(bias) as tf.Tensor4D);
  const order = LENET5_LAYERS.map(({ name }) => name);
  const activations = (images: tf.Tensor4D, layers: readonly string[], through?: Through): tf.Tensor[] => {
    const unknown = layers.find((layer) => !order.includes(layer));
    if (unknown !== undefined) throw new RangeError(`LeNet-5 has no layer ${unknown}`);
    const last = Math.max(...layers.map((layer) => order.indexOf(layer)));
    const computed = new Map<string, tf.Tensor>();
    /** Keeps a convolution's values where they are asked for, and goes on to its pool, through them where that is asked. */
    const step = (name: string, x: tf.Tensor4D, convolution: BlockConvolution): tf.Tensor4D => {
      if (!layers.includes(name)) return poolRelu(x, convolution);
      const values = depthToSpace(x).add<tf.Tensor4D>(convolution.bias);
      if (through === undefined) {
        computed.set(name, values);
        return poolRelu(x, convolution);
      }
      const after = through(name, values) as tf.Tensor4D;
      computed.set(name, after);
      return relu(tf.maxPool(after, 2, 2, "valid"));
    };
    const first = step("conv1", convolve(images, conv1), conv1);
    if (last >= 1) {
      const second = step("conv2", convolve(first, conv2), conv2);
      if (last >= 2) {
        const asked = through && ((name: string, x: tf.Tensor) => layers.includes(name) ? through(name, x) : x);
        for (const [name, x] of denseActivations(dense, second, order[last] as DenseLayer, asked)) {
          computed.set(name, x);
        }
      }
    }
    return layers.map((layer) => computed.get(layer)!);
  };
  return {
    name,
    input: LENET5_INPUT,
    layers: LENET5_LAYERS,
    activations: (images, layers, through) => tf.tidy(() => activations(images, layers, through)),
    dispose: () => tf.dispose([...dense.values(), ...Object.values(conv1), ...Object.values(conv2)]),
  };
}

/** conv((x - mean) / std) equals a convolution of x with scaled filters and another bias, since there is no padding. */
function foldNormalization(
  weight: WeightArray,
  bias: WeightArray,
  { mean, std }: Normalization,
): { weight: WeightArray; bias: WeightArray } {
  const [, , height, width] = weight.shape;
  const channelOf = (i: number) => Math.floor(i / (height * width)) % 3;
  const perOutput = 3 * height * width;
  const scaled = weight.data.map((value, i) => value / std[channelOf(i)]);
  const shift = new Float64Array(bias.data.length);
  scaled.forEach((value, i) => shift[Math.floor(i / perOutput)] += value * mean[channelOf(i)]);
  return {
    weight: { shape: weight.shape, data: scaled },
    bias: { shape: bias.shape, data: bias.data.map((value, o) => value - shift[o]) },
  };
}

/** A convolution on blocks of 2 x 2 pixels. */
interface BlockConvolution {
  /** Shape [3, 3, 4 I, 4 O]. */
  readonly filter: tf.Tensor4D;
  /** Shape [O]. */
  readonly bias: tf.Tensor1D;
}

/**
 * The 5x5 convolution as a 3x3 one on blocks. Output pixel (2 Y + oy, 2 X + ox) reads input pixels (2 Y + oy + ky, ...):
 * with oy + ky = 2 by + iy, row iy of block Y + by. Entries whose ky falls outside 0 .. 4 are zero.
 *
 * @param weight shape [O, I, 5, 5].
 */
function blockConvolution(weight: WeightArray, bias: WeightArray): BlockConvolution {
  const [outputs, inputs, size] = weight.shape;
  const filter = tf.buffer([3, 3, 4 * inputs, 4 * outputs], "float32");
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let ky = 0; ky < size; ky++) {
        for (let kx = 0; kx < size; kx++) {
          const value = weight.data[((o * inputs + i) * size + ky) * size + kx];
          for (const [oy, ox] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
            const [y, x] = [oy + ky, ox + kx];
            const input = (2 * (y % 2) + x % 2) * inputs + i;
            filter.set(value, y >> 1, x >> 1, input, (2 * oy + ox) * outputs + o);
          }
        }
      }
    }
  }
  return {
    filter: filter.toTensor() as tf.Tensor4D,
    bias: tf.tensor1d(bias.data),
  };
}
