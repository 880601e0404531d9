/**
 * Features whose presence in an image is known by construction: what planted units are made of.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import type { ImageSource } from "../../data/mod.ts";
import { InputError } from "../../errors.ts";
import { resizeBilinear } from "../../images/mod.ts";
import type { Through } from "../../networks/mod.ts";
import { permutation, type Random } from "../../random.ts";
import type { LayerInfo, Size } from "../../types.ts";

/** A set of differentiable features. */
export interface FeatureSet {
  /** Number of features F. */
  readonly count: number;
  /**
   * Responses before any normalization.
   *
   * @param images pixels in [0, 1], shape [N, H, W, 3].
   * @returns shape [N, F].
   */
  responses(images: tf.Tensor4D): tf.Tensor2D;
  /** The network that computes them, for features that are units of one: planted units have the layers below them too. */
  readonly network?: FeatureNetwork;
  /** Frees what it holds. */
  dispose(): void;
}

/** A network that features are units of. */
export interface FeatureNetwork {
  /** The layers below the features, from the input on. */
  readonly layers: readonly LayerInfo[];
  /**
   * Responses as `FeatureSet.responses` gives them, if they are asked for, and values of layers below, in one pass.
   *
   * @param below names of layers, in any order.
   * @param through as in `Network.activations`.
   */
  activations(
    images: tf.Tensor4D,
    below: readonly string[],
    responses: boolean,
    through?: Through,
  ): { readonly values: readonly tf.Tensor[]; readonly responses: tf.Tensor2D | null };
}

/** Features and near-duplicates of some of them. */
export interface PlantedFeatures extends FeatureSet {
  /** Sets of features that are one in several versions, shifted, turned or brightened: the feature, then its near-duplicates. */
  readonly variants: readonly (readonly number[])[];
}

/** Size of the images that planted units take unless said otherwise. */
export const PLANTED_SIZE: Size = { height: 32, width: 32 };

/** A size in pixels as people write it: `32` for a square of 32 x 32, `48x32` for another. */
export function sizeText({ height, width }: Size): string {
  return height === width ? `${height}` : `${width}x${height}`;
}

/**
 * Images drawn without replacement, resized, pixels in [0, 1].
 *
 * @throws {InputError} when there are not as many.
 */
export async function drawImages(
  source: ImageSource,
  count: number,
  { height, width }: Size,
  random: Random,
): Promise<Float32Array[]> {
  if (count > source.count) {
    throw new InputError(
      `these planted units are cut from ${count} different test images, and the dataset has ${source.count}; plant fewer, ` +
        "or give a larger dataset",
    );
  }
  const order = permutation(source.count, random).subarray(0, count);
  const { data } = resizeBilinear(await source.images(order), height, width);
  const length = height * width * 3;
  return Array.from({ length: count }, (_, i) => data.slice(i * length, (i + 1) * length));
}

/**
 * Linear features: the inner product of the image with a template.
 *
 * @param templates pixels of each, as long as an image's; `standardize` makes them zero-mean and of unit length.
 */
export function linearFeatures(templates: readonly Float32Array[]): FeatureSet {
  const matrix = tf.tidy(() => tf.stack(templates.map((each) => tf.tensor1d(each)), 1) as tf.Tensor2D);
  return {
    count: templates.length,
    responses: (images) => images.reshape([images.shape[0], -1]).matMul(matrix) as tf.Tensor2D,
    dispose: () => matrix.dispose(),
  };
}

/** Shifts and scales the pixels for which `inside` holds to zero mean and unit length; the others become zero. */
export function standardize(values: Float32Array, inside: (pixel: number) => boolean = () => true): Float32Array {
  const output = new Float32Array(values.length);
  let sum = 0;
  let count = 0;
  values.forEach((value, i) => {
    if (!inside(Math.floor(i / 3))) return;
    sum += value;
    count++;
  });
  let squares = 0;
  values.forEach((value, i) => {
    if (!inside(Math.floor(i / 3))) return;
    output[i] = value - sum / count;
    squares += output[i] ** 2;
  });
  return output.map((value) => value / Math.sqrt(squares));
}

/** A movement by whole pixels, right and down, and a change of light. */
export interface Change {
  readonly dx: number;
  readonly dy: number;
  /** What a pixel is multiplied with. */
  readonly gain: number;
  /** What is then added to it. */
  readonly offset: number;
}

/** An image after a change: its edges are repeated where it moved away from them, and its pixels stay within [0, 1]. */
export function shiftAndBrighten(
  image: Float32Array,
  { height, width }: Size,
  { dx, dy, gain, offset }: Change,
): Float32Array {
  const clamp = (value: number, side: number) => Math.max(0, Math.min(side - 1, value));
  const output = new Float32Array(image.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const from = image[(clamp(y - dy, height) * width + clamp(x - dx, width)) * 3 + c];
        output[(y * width + x) * 3 + c] = Math.max(0, Math.min(1, gain * from + offset));
      }
    }
  }
  return output;
}

/** A small change, drawn. */
export function nearDuplicate(random: Random): Change {
  return {
    dx: random.integer(-2, 2),
    dy: random.integer(-2, 2),
    gain: 0.8 + 0.4 * random.uniform(),
    offset: 0.2 * (random.uniform() - 0.5),
  };
}
