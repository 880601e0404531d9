/**
 * Images that are no photographs any more, to compare distances with.
 *
 * @module
 */
import { createRandom, permutation } from "../../random.ts";
import type { ImageBatch } from "../../types.ts";
import { IMAGE, PIXELS, SIZE } from "../masks/planes.ts";
import { gaussianBlur } from "../masks/shapes.ts";

/** Standard deviation of the blur in pixels: enough to be seen. */
const BLUR = 1;

/** Images whose colours are smoothed by a Gaussian. */
export function blurred(images: ImageBatch): ImageBatch {
  const data = new Float32Array(images.data.length);
  const plane = new Float32Array(PIXELS);
  for (let start = 0; start < data.length; start += IMAGE) {
    for (let colour = 0; colour < 3; colour++) {
      for (let i = 0; i < plane.length; i++) plane[i] = images.data[start + 3 * i + colour];
      const smooth = gaussianBlur(plane, BLUR);
      for (let i = 0; i < plane.length; i++) data[start + 3 * i + colour] = smooth[i];
    }
  }
  return { ...images, data };
}

/**
 * Images whose pixels are in random order, in another order for each image.
 *
 * @param first number of the first image: its order depends on it.
 */
export function permuted(images: ImageBatch, seed: number, first: number): ImageBatch {
  const data = new Float32Array(images.data.length);
  for (let image = 0; image < images.count; image++) {
    const order = permutation(PIXELS, createRandom(seed, "pixels", first + image));
    order.forEach((from, to) => {
      for (let colour = 0; colour < 3; colour++) {
        data[image * IMAGE + 3 * to + colour] = images.data[image * IMAGE + 3 * from + colour];
      }
    });
  }
  return { ...images, data };
}

/**
 * Images of independent uniform colours.
 *
 * @param first number of the first image: its colours depend on it.
 */
export function noise(count: number, seed: number, first: number): ImageBatch {
  const data = new Float32Array(count * IMAGE);
  for (let image = 0; image < count; image++) {
    const random = createRandom(seed, "noise", first + image);
    for (let i = image * IMAGE; i < (image + 1) * IMAGE; i++) data[i] = random.uniform();
  }
  return { count, height: SIZE, width: SIZE, data };
}
