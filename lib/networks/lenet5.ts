/**
 * The paper's modified LeNet-5 for CIFAR-10: conv1 5x5x6, ReLU, max-pool 2; conv2 5x5x16, ReLU, max-pool 2; fc1 120, ReLU;
 * fc2 84, ReLU; fc3 10. "Valid" padding, stride 1, biases, 62,006 parameters. Tensors have PyTorch's names.
 *
 * @see LeCun et al. (1998); Alic et al. (2025), section 2
 * @module
 */
import { relu, tf } from "../engine/mod.ts";
import type { Random } from "../random.ts";
import type { LayerInfo } from "../types.ts";
import type { Network, TrainableClassifier } from "./network.ts";
import { takeWeight, toTensor, type Weights } from "./weights.ts";

/** The scorable layers: 236 units. */
export const LENET5_LAYERS: readonly LayerInfo[] = [
  { name: "conv1", kind: "convolution", units: 6 },
  { name: "conv2", kind: "convolution", units: 16 },
  { name: "fc1", kind: "dense", units: 120 },
  { name: "fc2", kind: "dense", units: 84 },
  { name: "fc3", kind: "dense", units: 10 },
];

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

type Parameters = ReadonlyMap<string, tf.Tensor>;

/**
 * Pre-ReLU activations of a layer. ReLU and max-pool commute; pooling first makes the ReLU four times smaller.
 *
 * @param images normalized, shape [N, 32, 32, 3].
 */
function preActivations(parameters: Parameters, images: tf.Tensor4D, layer: string): tf.Tensor {
  const weight = <T extends tf.Tensor>(name: string) => parameters.get(name) as T;
  const convolve = (x: tf.Tensor4D, name: string) =>
    tf.conv2d(x, weight<tf.Tensor4D>(`${name}.weight`), 1, "valid").add(weight(`${name}.bias`)) as tf.Tensor4D;
  const dense = (x: tf.Tensor2D, name: string) =>
    x.matMul(weight<tf.Tensor2D>(`${name}.weight`)).add(weight(`${name}.bias`)) as tf.Tensor2D;
  const poolRelu = (x: tf.Tensor4D) => relu(tf.maxPool(x, 2, 2, "valid"));

  const conv1 = convolve(images, "conv1");
  if (layer === "conv1") return conv1;
  const conv2 = convolve(poolRelu(conv1), "conv2");
  if (layer === "conv2") return conv2;
  const flat = poolRelu(conv2).transpose([0, 3, 1, 2]).reshape([images.shape[0], 400]) as tf.Tensor2D;
  const fc1 = dense(flat, "fc1");
  if (layer === "fc1") return fc1;
  const fc2 = dense(relu(fc1), "fc2");
  if (layer === "fc2") return fc2;
  if (layer === "fc3") return dense(relu(fc2), "fc3");
  throw new RangeError(`LeNet-5 has no layer ${layer}`);
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
    logits: (images) => preActivations(parameters, images, "fc3") as tf.Tensor2D,
    dispose: () => tf.dispose([...parameters.values()]),
  };
}

/** How a network's input is normalized: (x - mean) / std for each colour channel. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * A trained LeNet-5.
 *
 * @param weights PyTorch's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing or has another shape.
 */
export function createLeNet5(weights: Weights, source: string, name: string, normalization: Normalization): Network {
  const parameters = new Map(
    Object.entries(SHAPES).map(([key, shape]) => [key, toTensor(takeWeight(weights, key, shape, source))] as const),
  );
  const mean = tf.tensor1d([...normalization.mean]);
  const std = tf.tensor1d([...normalization.std]);
  return {
    name,
    inputSize: 32,
    layers: LENET5_LAYERS,
    activations: (images, layer) =>
      tf.tidy(() => preActivations(parameters, images.sub(mean).div(std) as tf.Tensor4D, layer)),
    dispose: () => tf.dispose([...parameters.values(), mean, std]),
  };
}
