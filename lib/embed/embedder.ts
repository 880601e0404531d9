/**
 * The embedders that polysem knows: images to 512 dimensions by the global average pool of a ResNet-18, or to the 1,152
 * channels of AlexNet.
 *
 * @see Alic et al. (2025), section 2.4; He et al. (2016), "Deep residual learning for image recognition"
 * @module
 */
import { imagesInATensor, inBatches, readData, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import {
  CIFAR10_COLOURS,
  type Colour,
  createResNet18,
  IMAGENET_COLOURS,
  normalizeColours,
  RESNET18_FEATURES,
  STEM_224,
  STEM_32,
} from "../networks/mod.ts";
import { createAlexNetEmbedder } from "./alexnet_embedder.ts";
import { takeWeight, type Weights } from "../weights/mod.ts";
import type { ImageBatch, Matrix } from "../types.ts";

/** The error of an embedder that gives numbers which are not finite. */
export class EmbeddingNotFiniteError extends InputError {}

/** What tells one embedder from another. */
interface EmbedderKind {
  readonly about: string;
  /** Side in pixels to which images are resized. */
  readonly inputSize: number;
  readonly stem: typeof STEM_32;
  readonly classes: number;
  readonly mean: Colour;
  readonly std: Colour;
  /** Images per forward pass. */
  readonly batch: number;
}

/** Names of embedders. */
export const EMBEDDERS = ["resnet18-cifar10", "resnet18-imagenet", "alexnet-imagenet"] as const;

/** Name of an embedder. */
export type EmbedderName = typeof EMBEDDERS[number];

/** The set of weights that an embedder of a name uses. */
export function embedderWeightSet(name: string): string {
  return name === "alexnet-imagenet" ? "lpips-alex" : name;
}

/** The names, for errors: `a, b or c`. */
export const EMBEDDERS_LISTED: string = `${EMBEDDERS.slice(0, -1).join(", ")} or ${EMBEDDERS.at(-1)}`;

/** Whether a name is that of an embedder. */
export function isEmbedder(name: string): name is EmbedderName {
  return (EMBEDDERS as readonly string[]).includes(name);
}

const KINDS: Readonly<Record<Exclude<EmbedderName, "alexnet-imagenet">, EmbedderKind>> = {
  "resnet18-cifar10": {
    about: "ResNet-18 (CIFAR-10, ours)",
    inputSize: 32,
    stem: STEM_32,
    classes: 10,
    ...CIFAR10_COLOURS,
    batch: 64,
  },
  "resnet18-imagenet": {
    about: "ResNet-18 (ImageNet, torchvision)",
    inputSize: 224,
    stem: STEM_224,
    classes: 1000,
    ...IMAGENET_COLOURS,
    batch: 32,
  },
};

/** A network that embeds images. */
export interface Embedder {
  /** Such as `resnet18-cifar10`. */
  readonly name: string;
  /** Length of an embedding. */
  readonly dimensions: number;
  /** Side in pixels to which images are resized; the longer one where they are not square. */
  readonly inputSize: number;
  /** Mean embedding of the training images, where it comes with the weights; null where it must be computed. */
  readonly mean: Float32Array | null;
  /**
   * Embeds images of any size: resized bilinearly (pixel centres at one half) to the network's, and normalized.
   *
   * @param images pixels in [0, 1].
   * @returns shape [N, dimensions]; of an embedder with a name, non-negative.
   */
  embed(images: ImageBatch): Promise<Matrix>;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * An embedder from its weights.
 *
 * @param name one of `EMBEDDERS`.
 * @param source the weights' file, for errors.
 * @throws {InputError} when there is no such embedder or the weights are of another network.
 */
export function createEmbedder(name: string, weights: Weights, source: string): Embedder {
  if (!isEmbedder(name)) throw new InputError(`there is no embedder "${name}"; choose ${EMBEDDERS_LISTED}`);
  if (name === "alexnet-imagenet") return createAlexNetEmbedder(name, weights, source);
  const kind = KINDS[name];
  const embeddingMean = weights.has("embedding_mean")
    ? takeWeight(weights, "embedding_mean", [RESNET18_FEATURES], source).data
    : null;
  const network = createResNet18(weights, source, kind);
  const resize = (x: tf.Tensor4D): tf.Tensor4D => {
    const size = kind.inputSize;
    return x.shape[1] === size && x.shape[2] === size ? x : tf.image.resizeBilinear(x, [size, size], false, true);
  };
  return {
    name,
    dimensions: RESNET18_FEATURES,
    inputSize: kind.inputSize,
    mean: embeddingMean,
    embed: async ({ count, height, width, data }) => {
      const perImage = height * width * 3;
      const embeddings = new Float32Array(count * RESNET18_FEATURES);
      const batch = imagesInATensor({ height, width }, kind.batch);
      await inBatches(count, batch, async (from, to) => {
        // before resizing, which keeps means and is linear: there are fewer pixels yet
        const pixels = normalizeColours(
          data.subarray(from * perImage, to * perImage),
          kind.mean,
          kind.std,
        );
        const part = await readData(() => network.features(resize(tf.tensor4d(pixels, [to - from, height, width, 3]))));
        embeddings.set(part, from * RESNET18_FEATURES);
      });
      return { rows: count, cols: RESNET18_FEATURES, data: embeddings };
    },
    dispose: () => network.dispose(),
  };
}
