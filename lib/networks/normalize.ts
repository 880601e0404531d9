/**
 * Colours as a network was trained on them.
 *
 * @module
 */

/** A number for red, green and blue. */
export type Colour = readonly [number, number, number];

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
