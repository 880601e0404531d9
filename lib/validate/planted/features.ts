/**
 * Features whose presence in an image is known by construction: what planted units are made of.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { type LabelledImages, toImageBatch } from "../../data/mod.ts";
import { resizeBilinear } from "../../images/mod.ts";
import { permutation, type Random } from "../../random.ts";

/** A set of differentiable features. */
export interface FeatureSet {
  /** Number of features F. */
  readonly count: number;
  /**
   * Responses before any normalization.
   *
   * @param images pixels in [0, 1], shape [N, size, size, 3].
   * @returns shape [N, F].
   */
  responses(images: tf.Tensor4D): tf.Tensor2D;
  /** Frees what it holds. */
  dispose(): void;
}

/** Features and near-duplicates of some of them. */
export interface PlantedFeatures extends FeatureSet {
  /** For each feature, the features that are near-duplicates of it: shifted, brightened; itself included. */
  readonly variants: readonly (readonly number[])[];
}

/** Side of the images that planted units take unless said otherwise, in pixels. */
export const PLANTED_SIZE = 32;

/** Images drawn without replacement, resized, pixels in [0, 1]. */
export function drawImages(dataset: LabelledImages, count: number, size: number, random: Random): Float32Array[] {
  const order = permutation(dataset.count, random).subarray(0, count);
  const { data } = resizeBilinear(toImageBatch(dataset, order), size, size);
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => data.slice(i * length, (i + 1) * length));
}

/**
 * Linear features: the inner product of the image with a template.
 *
 * @param templates each [size x size x 3]; made zero-mean over its support (its non-zero entries' mask) and of unit length.
 */
export function linearFeatures(templates: readonly Float32Array[]): FeatureSet {
  const matrix = tf.tidy(() => tf.stack(templates.map((each) => tf.tensor1d(each)), 1) as tf.Tensor2D);
  return {
    count: templates.length,
    responses: (images) => images.reshape([images.shape[0], -1]).matMul(matrix) as tf.Tensor2D,
    dispose: () => matrix.dispose(),
  };
}

/** Zero mean and unit length over the pixels where `inside` holds; zero elsewhere. */
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

/** A square image moved by whole pixels, edges repeated, brightened by a factor and an offset, within [0, 1]. */
export function shiftAndBrighten(
  image: Float32Array,
  { dx, dy, gain, offset }: { dx: number; dy: number; gain: number; offset: number },
): Float32Array {
  const size = Math.sqrt(image.length / 3);
  const clamp = (value: number) => Math.max(0, Math.min(size - 1, value));
  const output = new Float32Array(image.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let c = 0; c < 3; c++) {
        const from = image[(clamp(y - dy) * size + clamp(x - dx)) * 3 + c];
        output[(y * size + x) * 3 + c] = Math.max(0, Math.min(1, gain * from + offset));
      }
    }
  }
  return output;
}

/** A small movement and change of light. */
export function nearDuplicate(random: Random): { dx: number; dy: number; gain: number; offset: number } {
  return {
    dx: random.integer(-2, 2),
    dy: random.integer(-2, 2),
    gain: 0.8 + 0.4 * random.uniform(),
    offset: 0.2 * (random.uniform() - 0.5),
  };
}
