/**
 * Colours as a network was trained on them.
 *
 * @module
 */

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
