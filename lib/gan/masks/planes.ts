/**
 * Numbers shared by what works on 32 x 32 images and their masks, and the smoothing that both use.
 *
 * @module
 */
import { MASK_SIZE } from "./shapes.ts";

/** Side of an image in pixels. */
export const SIZE = MASK_SIZE;
/** Pixels of an image. */
export const PIXELS = SIZE * SIZE;
/** Numbers of an image: three colours a pixel. */
export const IMAGE = PIXELS * 3;

/**
 * Smooths a plane of one number a pixel: by the weights 1/4, 1/2, 1/4 along rows, then along columns. Outside the image
 * the values of its edge are repeated.
 *
 * @param plane shape [32, 32]; changed in place.
 * @returns the same plane.
 */
export function smooth(plane: Float32Array): Float32Array {
  const rows = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const column = i % SIZE;
    rows[i] = (plane[column > 0 ? i - 1 : i] + 2 * plane[i] + plane[column < SIZE - 1 ? i + 1 : i]) / 4;
  }
  for (let i = 0; i < PIXELS; i++) {
    plane[i] = (rows[i >= SIZE ? i - SIZE : i] + 2 * rows[i] + rows[i < PIXELS - SIZE ? i + SIZE : i]) / 4;
  }
  return plane;
}

/** @throws {RangeError} when there are not so many values. */
export function requireLength(values: ArrayLike<number>, length: number): void {
  if (values.length !== length) throw new RangeError(`${values.length} values instead of ${length}`);
}
