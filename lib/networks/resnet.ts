/**
 * ResNet-18 (He et al. 2016): BasicBlocks of widths 64-128-256-512, two each, and a 512-d global average pool. Two stems:
 * torchvision's for 224 px (7x7 of stride 2, 3x3 max-pool of stride 2) and ours for 32 px (3x3 of stride 2, no pool).
 * Tensors have torchvision's names.
 *
 * @module
 */
import { batchNormTrain, convolveFused, relu, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { TrainableClassifier } from "./network.ts";
import { type Colour, divideByDeviations } from "./normalize.ts";
import { takeWeight, type WeightArray, type Weights } from "../weights/mod.ts";
import { toTensor } from "./tensors.ts";

/** Width of the last stage: dimensions of the embedding. */
export const RESNET18_FEATURES = 512;
const WIDTHS = [64, 128, 256, 512];
const BLOCKS = 2;
/** torchvision's batch normalization: variance + epsilon; running = 0.9 running + 0.1 batch. */
const EPSILON = 1e-5;
const BATCH_MOMENTUM = 0.1;

/** The part that differs between the networks for small and for large images. */
export interface Stem {
  /** Side of the first kernel; its stride is 2 and its padding (kernel - 1) / 2. */
  readonly kernel: number;
  /** Whether a 3x3 max-pool of stride 2 follows. */
  readonly pool: boolean;
}

/** The stem for 32 px images. */
export const STEM_32: Stem = { kernel: 3, pool: false };
/** torchvision's stem for 224 px images. */
export const STEM_224: Stem = { kernel: 7, pool: true };

/** A convolution followed by batch normalization. */
export interface ConvSpec {
  readonly conv: string;
  readonly norm: string;
  readonly kernel: number;
  readonly input: number;
  readonly output: number;
  readonly stride: 1 | 2;
}

/** A residual block: two convolutions and, where the shape changes, a projection of the shortcut. */
export interface BlockSpec {
  readonly name: string;
  readonly first: ConvSpec;
  readonly second: ConvSpec;
  readonly shortcut: ConvSpec | null;
}

/** The first convolution. */
export function stemSpec(stem: Stem): ConvSpec {
  return { conv: "conv1", norm: "bn1", kernel: stem.kernel, input: 3, output: WIDTHS[0], stride: 2 };
}

/** The residual blocks, from input to output. */
export function blockSpecs(): BlockSpec[] {
  return WIDTHS.flatMap((width, stage) =>
    Array.from({ length: BLOCKS }, (_, block) => {
      const name = `layer${stage + 1}.${block}`;
      const input = block > 0 ? width : WIDTHS[Math.max(0, stage - 1)];
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const spec = (part: string, from: number, of: 1 | 2): ConvSpec => ({
        conv: `${name}.conv${part}`,
        norm: `${name}.bn${part}`,
        kernel: 3,
        input: from,
        output: width,
        stride: of,
      });
      return {
        name,
        first: spec("1", input, stride),
        second: spec("2", width, 1),
        shortcut: stride === 1 ? null : {
          conv: `${name}.downsample.0`,
          norm: `${name}.downsample.1`,
          kernel: 1,
          input,
          output: width,
          stride,
        },
      };
    })
  );
}

function convSpecs(stem: Stem): ConvSpec[] {
  const blocks = blockSpecs().flatMap(({ first, second, shortcut }) =>
    shortcut === null ? [first, second] : [first, second, shortcut]
  );
  return [stemSpec(stem), ...blocks];
}

/** Zeros around height and width. */
function padded(x: tf.Tensor4D, amount: number): tf.Tensor4D {
  return amount === 0 ? x : tf.pad(x, [[0, 0], [amount, amount], [amount, amount], [0, 0]]);
}

/** Convolution with PyTorch's padding of (kernel - 1) / 2. */
function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, spec: ConvSpec): tf.Tensor4D {
  return spec.stride === 1
    ? tf.conv2d(x, filter, 1, "same")
    : tf.conv2d(padded(x, (spec.kernel - 1) / 2), filter, spec.stride, "valid");
}

/** 3x3 max-pool of stride 2 and padding 1; its input is after a ReLU, so that zeros pad as minus infinity would. */
export function stemPool(x: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(padded(x, 1), 3, 2, "valid");
}

/**
 * A ResNet-18 to train: He initialization (fan out) for convolutions, scales 1, offsets 0, the last layer as PyTorch's.
 *
 * @param random source of the initial weights.
 */
export function createTrainableResNet18(
  random: Random,
  options: { readonly stem?: Stem; readonly classes?: number } = {},
): TrainableClassifier {
  const { stem = STEM_32, classes = 10 } = options;
  const parameters = new Map<string, tf.Variable>();
  const buffers = new Map<string, tf.Variable>();
  const variable = (shape: number[], fill: () => number, trainable: boolean) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from({ length: size }, fill), shape), trainable));
  };
  for (const { conv, norm, kernel, input, output } of convSpecs(stem)) {
    const deviation = Math.sqrt(2 / (kernel * kernel * output));
    const filter = variable([kernel, kernel, input, output], () => deviation * random.normal(), true);
    parameters.set(`${conv}.weight`, filter);
    parameters.set(`${norm}.weight`, variable([output], () => 1, true));
    parameters.set(`${norm}.bias`, variable([output], () => 0, true));
    buffers.set(`${norm}.running_mean`, variable([output], () => 0, false));
    buffers.set(`${norm}.running_var`, variable([output], () => 1, false));
  }
  const bound = 1 / Math.sqrt(RESNET18_FEATURES);
  const uniform = () => bound * (2 * random.uniform() - 1);
  parameters.set("fc.weight", variable([RESNET18_FEATURES, classes], uniform, true));
  parameters.set("fc.bias", variable([classes], uniform, true));

  const of = <T extends tf.Tensor>(map: Map<string, tf.Variable>, name: string) => map.get(name) as unknown as T;
  const normalize = (x: tf.Tensor4D, { norm }: ConvSpec, training: boolean): tf.Tensor4D => {
    const scale = of<tf.Tensor1D>(parameters, `${norm}.weight`);
    const offset = of<tf.Tensor1D>(parameters, `${norm}.bias`);
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
  const apply = (x: tf.Tensor4D, spec: ConvSpec, training: boolean) =>
    normalize(convolve(x, of<tf.Tensor4D>(parameters, `${spec.conv}.weight`), spec), spec, training);

  return {
    parameters,
    buffers,
    logits: (images, training) => {
      let x = relu(apply(images, stemSpec(stem), training));
      if (stem.pool) x = stemPool(x);
      for (const { first, second, shortcut } of blockSpecs()) {
        const inner = apply(relu(apply(x, first, training)), second, training);
        x = relu(tf.add(inner, shortcut === null ? x : apply(x, shortcut, training)));
      }
      const features = tf.mean<tf.Tensor2D>(x, [1, 2]);
      return features.matMul(of<tf.Tensor2D>(parameters, "fc.weight"))
        .add(of<tf.Tensor1D>(parameters, "fc.bias")) as tf.Tensor2D;
    },
    dispose: () => {
      for (const each of [...parameters.values(), ...buffers.values()]) each.dispose();
    },
  };
}

/** A trained ResNet-18 as a function from images to features. */
export interface ResNet18 {
  /**
   * The global average pool's output.
   *
   * @param images normalized as the network was trained, shape [N, S, S, 3].
   * @returns shape [N, 512], non-negative.
   */
  features(images: tf.Tensor4D): tf.Tensor2D;
  /** Class scores before the softmax, shape [N, classes]. */
  logits(images: tf.Tensor4D): tf.Tensor2D;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * A ResNet-18 for inference. Batch normalization is folded into the convolutions, which therefore run as one fused kernel
 * (convolution, bias, ReLU) each.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, has another shape or numbers that cannot be, or belongs to a deeper network.
 */
export function createResNet18(
  weights: Weights,
  source: string,
  options: { readonly stem?: Stem; readonly classes?: number } = {},
): ResNet18 {
  const { stem = STEM_32, classes = 10 } = options;
  const { apply, classify, dispose } = loadFolded(weights, source, stem, classes);
  const features = (images: tf.Tensor4D) =>
    tf.tidy(() => {
      let x = apply(images, stemSpec(stem), "relu");
      if (stem.pool) x = stemPool(x);
      for (const { first, second, shortcut } of blockSpecs()) {
        const inner = apply(apply(x, first, "relu"), second, "linear");
        x = relu(tf.add(inner, shortcut === null ? x : apply(x, shortcut, "linear")));
      }
      return tf.mean<tf.Tensor2D>(x, [1, 2]);
    });
  return {
    features,
    logits: (images) => tf.tidy(() => classify(features(images))),
    dispose,
  };
}

/** A ResNet-18's layers, each convolution with its batch normalization folded in. */
export interface FoldedResNet18 {
  /** A convolution with its normalization: one fused kernel, differentiable. */
  apply(x: tf.Tensor4D, spec: ConvSpec, activation: "relu" | "linear"): tf.Tensor4D;
  /** Features, shape [N, 512], to class scores, shape [N, classes]. */
  classify(features: tf.Tensor2D): tf.Tensor2D;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * Checks and folds the weights of a ResNet-18.
 *
 * @param std the images' standard deviations where images come without being divided by them.
 * @throws {InputError} as `createResNet18`.
 */
export function loadFolded(
  weights: Weights,
  source: string,
  stem: Stem,
  classes: number,
  std: Colour = [1, 1, 1],
): FoldedResNet18 {
  const specs = convSpecs(stem);
  refuseDeeper(weights, specs, source);
  // all is checked before the first tensor is made, so that none is left behind by an error
  const arrays = specs.map((spec) => [spec.conv, foldBatchNorm(weights, spec, source)] as const);
  const last = takeWeight(weights, "fc.weight", [classes, RESNET18_FEATURES], source);
  const lastBias = takeWeight(weights, "fc.bias", [classes], source);
  const folded = new Map(
    arrays.map(([conv, { filter, offset }]) => {
      const scaled = conv === "conv1" ? divideByDeviations(filter, std) : filter;
      return [conv, { filter: toTensor(scaled) as tf.Tensor4D, offset: toTensor(offset) as tf.Tensor1D }] as const;
    }),
  );
  const classifier = toTensor(last) as tf.Tensor2D;
  const bias = toTensor(lastBias) as tf.Tensor1D;
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
    classify: (features) => features.matMul(classifier).add(bias) as tf.Tensor2D,
    dispose: () => tf.dispose([...folded.values(), classifier, bias]),
  };
}

/** ResNet-34 and deeper ones of BasicBlocks hold every tensor of ResNet-18, in the same shapes, and others besides. */
function refuseDeeper(weights: Weights, specs: readonly ConvSpec[], source: string): void {
  const known = new Set(specs.flatMap(({ conv, norm }) => [conv, norm]));
  for (const name of weights.keys()) {
    if (name.startsWith("layer") && !known.has(name.slice(0, name.lastIndexOf(".")))) {
      throw new InputError(
        `${source} has a tensor ${name}, which ResNet-18 has not; is it the weight file of another network?`,
      );
    }
  }
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
