/**
 * Normalizes colours as a network was trained on them: (pixel - mean) / std.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";
import type { Size } from "../types.ts";
import type { WeightArray, Weights } from "../weights/mod.ts";

/** A number for red, green and blue. */
export type Colour = readonly [number, number, number];

/** How a network's input is normalized: (x - mean) / std for each colour channel. */
export interface Normalization {
  readonly mean: Colour;
  readonly std: Colour;
}

/** Means and standard deviations of CIFAR-10's training images, pixels in [0, 1]. */
export const CIFAR10_COLOURS: Normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };

/** Those of ImageNet's training images, as torchvision's models take them. */
export const IMAGENET_COLOURS: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * (pixel - mean) / std, colour by colour. On an array, since TensorFlow broadcasts along a last axis of three slowly.
 *
 * @param pixels shape [..., 3].
 * @returns a new array, rounded once from double precision.
 */
export function normalizeColours(pixels: Float32Array, mean: Colour, std: Colour): Float32Array {
  const output = new Float32Array(pixels.length);
  for (let c = 0; c < 3; c++) {
    const [m, s] = [mean[c], std[c]];
    for (let i = c; i < pixels.length; i += 3) output[i] = (pixels[i] - m) / s;
  }
  return output;
}

/**
 * The first convolution's filters for images that are not divided by their standard deviations: the division may as well
 * be the filters', whatever the padding, since it leaves zeros zero. (The mean may not: it is subtracted from images, and
 * zeros are padded after that.)
 *
 * @param filter shape [O, 3, kh, kw].
 */
export function divideByDeviations({ shape, data }: WeightArray, std: Colour): WeightArray {
  const area = shape[2] * shape[3];
  return { shape, data: data.map((value, i) => value / std[Math.floor(i / area) % 3]) };
}

/**
 * The weights of a network with `divideByDeviations` done to its first convolution.
 *
 * @param first name of its filters; where there is no such tensor the weights stay as they are, for a later check to refuse.
 */
export function divideFirstByDeviations(weights: Weights, first: string, std: Colour): Weights {
  const filter = weights.get(first);
  return filter === undefined ? weights : new Map(weights).set(first, divideByDeviations(filter, std));
}

/**
 * An image of one colour, to subtract it from a batch.
 *
 * @returns shape [1, height, width, 3]: TensorFlow broadcasts along a first axis fast, along a last axis of three slowly.
 */
export function colourImage(colour: Colour, { height, width }: Size): tf.Tensor4D {
  return tf.tensor4d(Float32Array.from({ length: height * width * 3 }, (_, i) => colour[i % 3]), [1, height, width, 3]);
}
