/**
 * Convolutions with batch normalization: in training, where batches give the statistics, and in use, where running ones are
 * folded into the filters. Tensors have PyTorch's names.
 *
 * @module
 */
import { batchNormTrain, convolveFused, relu, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import type { Random } from "../random.ts";
import { takeWeight, type WeightArray, type Weights } from "../weights/mod.ts";
import { type Colour, divideByDeviations } from "./normalize.ts";
import { toTensor } from "./tensors.ts";

/** torchvision's batch normalization: variance + epsilon; running = 0.9 running + 0.1 batch. */
const EPSILON = 1e-5;
const BATCH_MOMENTUM = 0.1;

/** A convolution followed by batch normalization. */
export interface ConvSpec {
  readonly conv: string;
  readonly norm: string;
  readonly kernel: number;
  readonly input: number;
  readonly output: number;
  readonly stride: 1 | 2;
}

/** A convolution with its batch normalization, and a ReLU where that is said. */
export type ApplyConvolution = (x: tf.Tensor4D, spec: ConvSpec, activation: "relu" | "linear") => tf.Tensor4D;

/** Zeros around height and width. */
export function padded(x: tf.Tensor4D, amount: number): tf.Tensor4D {
  return amount === 0 ? x : tf.pad(x, [[0, 0], [amount, amount], [amount, amount], [0, 0]]);
}

/** Convolution with PyTorch's padding of (kernel - 1) / 2. */
function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return spec.stride === 1
    ? tf.conv2d(x, filter, 1, "same")
    : tf.conv2d(padded(x, (spec.kernel - 1) / 2), filter, spec.stride, "valid");
}

/** A trainable or fixed variable, filled number by number. */
export function filledVariable(shape: readonly number[], fill: () => number, trainable: boolean): tf.Variable {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from({ length: size }, fill), [...shape]), trainable));
}

/** Convolutions in training. */
export interface TrainableConvolutions {
  readonly parameters: Map<string, tf.Variable>;
  readonly buffers: Map<string, tf.Variable>;
  /** How a convolution is applied, with the statistics of the batch, which move the running ones, or with those. */
  apply(training: boolean): ApplyConvolution;
}

/**
 * Convolutions to train: He initialization (fan out), scales 1, offsets 0.
 *
 * @param random source of the initial filters.
 */
export function trainableConvolutions(specs: readonly ConvSpec[], random: Random): TrainableConvolutions {
  const parameters = new Map<string, tf.Variable>();
  const buffers = new Map<string, tf.Variable>();
  for (const { conv, norm, kernel, input, output } of specs) {
    const deviation = Math.sqrt(2 / (kernel * kernel * output));
    const filter = filledVariable([kernel, kernel, input, output], () => deviation * random.normal(), true);
    parameters.set(`${conv}.weight`, filter);
    parameters.set(`${norm}.weight`, filledVariable([output], () => 1, true));
    parameters.set(`${norm}.bias`, filledVariable([output], () => 0, true));
    buffers.set(`${norm}.running_mean`, filledVariable([output], () => 0, false));
    buffers.set(`${norm}.running_var`, filledVariable([output], () => 1, false));
  }
  const of = <T extends tf.Tensor>(name: string) => parameters.get(name) as unknown as T;
  const normalize = (x: tf.Tensor4D, { norm }: ConvSpec, training: boolean): tf.Tensor4D => {
    const scale = of<tf.Tensor1D>(`${norm}.weight`);
    const offset = of<tf.Tensor1D>(`${norm}.bias`);
    const mean = buffers.get(`${norm}.running_mean`)!;
    const variance = buffers.get(`${norm}.running_var`)!;
    if (!training) return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset, scale, EPSILON);
    return batchNormTrain(x, scale, offset, EPSILON, (batch) => {
      tf.tidy(() => {
        mean.assign(mean.mul(1 - BATCH_MOMENTUM).add(batch.mean.mul(BATCH_MOMENTUM)));
        variance.assign(variance.mul(1 - BATCH_MOMENTUM).add(batch.variance.mul(BATCH_MOMENTUM)));
      });
    });
  };
  return {
    parameters,
    buffers,
    apply: (training) => (x, spec, activation) => {
      const normalized = normalize(convolve(x, of<tf.Tensor4D>(`${spec.conv}.weight`), spec), spec, training);
      return activation === "relu" ? relu(normalized) : normalized;
    },
  };
}

/** Convolutions in use. */
export interface FoldedConvolutions {
  /** A convolution with its normalization: one fused kernel, differentiable. */
  readonly apply: ApplyConvolution;
  /** Frees the weights. */
  dispose(): void;
}

/** Filters and offsets of convolutions, checked and folded, which are not tensors yet. */
export type FoldedArrays = ReadonlyMap<string, { readonly filter: WeightArray; readonly offset: WeightArray }>;

/**
 * Checks and folds the weights of convolutions.
 *
 * @param specs from the one that takes the images on.
 * @param std the images' standard deviations where images come without being divided by them.
 * @throws {InputError} when a tensor is missing, has another shape or numbers that cannot be.
 */
export function foldConvolutions(
  weights: Weights,
  specs: readonly ConvSpec[],
  source: string,
  std: Colour = [1, 1, 1],
): FoldedArrays {
  return new Map(specs.map((spec, i) => {
    const { filter, offset } = foldBatchNorm(weights, spec, source);
    return [spec.conv, { filter: i === 0 ? divideByDeviations(filter, std) : filter, offset }];
  }));
}

/** Convolutions to use, from their arrays. */
export function foldedConvolutions(arrays: FoldedArrays): FoldedConvolutions {
  const folded = new Map([...arrays].map(([conv, { filter, offset }]) => [
    conv,
    { filter: toTensor(filter) as tf.Tensor4D, offset: toTensor(offset) as tf.Tensor1D },
  ]));
  return {
    apply: (x, spec, activation) => {
      const { filter, offset } = folded.get(spec.conv)!;
      return convolveFused(x, {
        filter,
        bias: offset,
        stride: spec.stride,
        padding: (spec.kernel - 1) / 2,
        activation,
      });
    },
    dispose: () => folded.forEach(({ filter, offset }) => tf.dispose([filter, offset])),
  };
}

/** conv then (x - mean) / sqrt(var + eps) * scale + offset equals a convolution with scaled filters and a bias. */
function foldBatchNorm(
  weights: Weights,
  { conv, norm, kernel, input, output }: ConvSpec,
  source: string,
): { filter: WeightArray; offset: WeightArray } {
  const filter = takeWeight(weights, `${conv}.weight`, [output, input, kernel, kernel], source);
  const [scale, offset, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
    takeWeight(weights, `${norm}.${part}`, [output], source).data
  );
  if (variance.some((value) => value < 0)) {
    throw new InputError(`${source}: ${norm}.running_var holds a negative variance; use an intact weight file`);
  }
  const factor = Float64Array.from(scale, (value, c) => value / Math.sqrt(variance[c] + EPSILON));
  const perOutput = kernel * kernel * input;
  const data = filter.data.map((value, i) => value * factor[Math.floor(i / perOutput)]);
  return {
    filter: { shape: filter.shape, data },
    offset: { shape: [output], data: offset.map((value, c) => value - mean[c] * factor[c]) },
  };
}
