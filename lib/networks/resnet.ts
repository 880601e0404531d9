/**
 * Residual networks (He et al. 2016) as torchvision builds them: four stages of widths 64-128-256-512, of BasicBlocks
 * (ResNet-18 and 34) or Bottlenecks (ResNet-50), a global average pool and one linear classifier. Two stems: torchvision's
 * for 224 px (7x7 of stride 2, 3x3 max-pool of stride 2) and ours for 32 px (3x3 of stride 2, no pool). Tensors have
 * torchvision's names.
 *
 * @module
 */
import { asBatch, relu, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { TrainableClassifier } from "./network.ts";
import type { Colour } from "./normalize.ts";
import {
  type ApplyConvolution,
  type ConvSpec,
  filledVariable,
  foldConvolutions,
  type FoldedConvolutions,
  foldedConvolutions,
  padded,
  trainableConvolutions,
} from "./normalized_convolutions.ts";
import { takeWeight, type Weights } from "../weights/mod.ts";
import { toTensor } from "./tensors.ts";

/** Width of ResNet-18's last stage: dimensions of the embedding. */
export const RESNET18_FEATURES = 512;
const WIDTHS: Widths = [64, 128, 256, 512];
/** Widths of the four stages. */
export type Widths = readonly [number, number, number, number];
/** Channels that leave a block, as a multiple of its stage's width. */
const EXPANSION = { basic: 1, bottleneck: 4 } as const;
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

/** What tells one residual network from another. */
export interface ResNetArchitecture {
  /** Such as `ResNet-18`, for errors. */
  readonly title: string;
  readonly stem: Stem;
  /** 64-128-256-512 where it is not said. */
  readonly widths?: Widths;
  /**
   * `basic`: two 3x3 convolutions; `bottleneck`: 1x1, 3x3 and 1x1 with four times the width. The stride is that of the
   * first 3x3 convolution, as in torchvision.
   */
  readonly block: "basic" | "bottleneck";
  /** How many blocks each stage has. */
  readonly blocks: readonly [number, number, number, number];
  readonly classes: number;
}

/** ResNet-18 for 32 px images. */
export const RESNET18_CIFAR10: ResNetArchitecture = {
  title: "ResNet-18",
  stem: STEM_32,
  block: "basic",
  blocks: [2, 2, 2, 2],
  classes: 10,
};
/** torchvision's resnet18. */
export const RESNET18_IMAGENET: ResNetArchitecture = { ...RESNET18_CIFAR10, stem: STEM_224, classes: 1000 };
/** torchvision's resnet34. */
export const RESNET34_IMAGENET: ResNetArchitecture = {
  ...RESNET18_IMAGENET,
  title: "ResNet-34",
  blocks: [3, 4, 6, 3],
};
/** torchvision's resnet50. */
export const RESNET50_IMAGENET: ResNetArchitecture = {
  ...RESNET34_IMAGENET,
  title: "ResNet-50",
  block: "bottleneck",
};

/** A residual block. */
export interface BlockSpec {
  readonly name: string;
  /** Its convolutions in turn, with a ReLU after each but the last. */
  readonly convolutions: readonly ConvSpec[];
  /** The projection of the shortcut, where the shape changes. */
  readonly shortcut: ConvSpec | null;
  /** Channels of its sum. */
  readonly output: number;
}

/** The first convolution. */
export function stemSpec({ stem, widths = WIDTHS }: ResNetArchitecture): ConvSpec {
  return { conv: "conv1", norm: "bn1", kernel: stem.kernel, input: 3, output: widths[0], stride: 2 };
}

/** The residual blocks, from input to output. */
export function blockSpecs({ block, blocks, widths = WIDTHS }: ResNetArchitecture): BlockSpec[] {
  const expansion = EXPANSION[block];
  return widths.flatMap((width, stage) =>
    Array.from({ length: blocks[stage] }, (_, index) => {
      const name = `layer${stage + 1}.${index}`;
      const output = width * expansion;
      const before = stage === 0 ? widths[0] : widths[stage - 1] * expansion;
      const input = index > 0 ? output : before;
      const stride = index === 0 && stage > 0 ? 2 : 1;
      const spec = (part: number, kernel: number, from: number, to: number, of: 1 | 2): ConvSpec => ({
        conv: `${name}.conv${part}`,
        norm: `${name}.bn${part}`,
        kernel,
        input: from,
        output: to,
        stride: of,
      });
      return {
        name,
        convolutions: block === "basic"
          ? [spec(1, 3, input, width, stride), spec(2, 3, width, width, 1)]
          : [spec(1, 1, input, width, 1), spec(2, 3, width, width, stride), spec(3, 1, width, output, 1)],
        shortcut: stride === 1 && input === output ? null : {
          conv: `${name}.downsample.0`,
          norm: `${name}.downsample.1`,
          kernel: 1,
          input,
          output,
          stride,
        },
        output,
      };
    })
  );
}

export function convSpecs(architecture: ResNetArchitecture): ConvSpec[] {
  const blocks = blockSpecs(architecture).flatMap(({ convolutions, shortcut }) =>
    shortcut === null ? convolutions : [...convolutions, shortcut]
  );
  return [stemSpec(architecture), ...blocks];
}

/** A block's sum, before its ReLU. */
export function blockSum(x: tf.Tensor4D, { convolutions, shortcut }: BlockSpec, apply: ApplyConvolution): tf.Tensor4D {
  const last = convolutions.length - 1;
  const inner = convolutions.reduce((y, spec, i) => apply(y, spec, i < last ? "relu" : "linear"), x);
  return tf.add(inner, shortcut === null ? x : apply(x, shortcut, "linear"));
}

/** The global average pool's output, shape [N, features]. */
export function pooledFeatures(
  images: tf.Tensor4D,
  architecture: ResNetArchitecture,
  apply: ApplyConvolution,
): tf.Tensor2D {
  let x = apply(images, stemSpec(architecture), "relu");
  if (architecture.stem.pool) x = stemPool(x);
  for (const block of blockSpecs(architecture)) x = relu(blockSum(x, block, apply));
  return tf.mean<tf.Tensor2D>(x, [1, 2]);
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
  const architecture = { ...RESNET18_CIFAR10, stem, classes };
  const { parameters, buffers, apply } = trainableConvolutions(convSpecs(architecture), random);
  const bound = 1 / Math.sqrt(RESNET18_FEATURES);
  const uniform = () => bound * (2 * random.uniform() - 1);
  parameters.set("fc.weight", filledVariable([RESNET18_FEATURES, classes], uniform, true));
  parameters.set("fc.bias", filledVariable([classes], uniform, true));

  return {
    parameters,
    buffers,
    logits: (images, training) => {
      const features = pooledFeatures(images, architecture, apply(training));
      return features.matMul(parameters.get("fc.weight") as unknown as tf.Tensor2D)
        .add(parameters.get("fc.bias")!) as tf.Tensor2D;
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
  const architecture = { ...RESNET18_CIFAR10, stem, classes };
  const { apply, classify, dispose } = loadFolded(weights, source, architecture);
  const features = (images: tf.Tensor4D) => tf.tidy(() => pooledFeatures(images, architecture, apply));
  return {
    features,
    logits: (images) => tf.tidy(() => classify(features(images))),
    dispose,
  };
}

/** A residual network's layers, each convolution with its batch normalization folded in. */
export interface FoldedResNet extends FoldedConvolutions {
  /** Features, shape [N, features], to class scores, shape [N, classes]. */
  classify(features: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Checks and folds the weights of a residual network.
 *
 * @param std the images' standard deviations where images come without being divided by them.
 * @throws {InputError} as `createResNet18`.
 */
export function loadFolded(
  weights: Weights,
  source: string,
  architecture: ResNetArchitecture,
  std: Colour = [1, 1, 1],
): FoldedResNet {
  const { title, block, classes, widths = WIDTHS } = architecture;
  const specs = convSpecs(architecture);
  const features = widths[widths.length - 1] * EXPANSION[block];
  refuseDeeper(weights, specs, title, source);
  // all is checked before the first tensor is made, so that none is left behind by an error
  const arrays = foldConvolutions(weights, specs, source, std);
  const last = takeWeight(weights, "fc.weight", [classes, features], source);
  const lastBias = takeWeight(weights, "fc.bias", [classes], source);
  const { apply, dispose } = foldedConvolutions(arrays);
  const classifier = toTensor(last) as tf.Tensor2D;
  const bias = toTensor(lastBias) as tf.Tensor1D;
  return {
    apply,
    classify: (features) => asBatch(features, (some) => tf.matMul(some, classifier)).add(bias) as tf.Tensor2D,
    dispose: () => {
      dispose();
      tf.dispose([classifier, bias]);
    },
  };
}

/** A deeper network of the same blocks holds every tensor of a shallower one, in the same shapes, and others besides. */
function refuseDeeper(weights: Weights, specs: readonly ConvSpec[], title: string, source: string): void {
  const known = new Set(specs.flatMap(({ conv, norm }) => [conv, norm]));
  for (const name of weights.keys()) {
    if (name.startsWith("layer") && !known.has(name.slice(0, name.lastIndexOf(".")))) {
      throw new InputError(
        `${source} has a tensor ${name}, which ${title} has not; is it the weight file of another network?`,
      );
    }
  }
}
