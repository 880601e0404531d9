/**
 * Images of any size as squares of one size.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";
import { resizeBilinear } from "./resize.ts";

/**
 * The middle square of an image, resized. Shrinking takes the mean over what each output pixel covers, so that nothing is
 * skipped; enlarging is bilinear.
 *
 * @param images one image or several, [N, H, W, 3]. Where a side is longer by an odd number of pixels, the square lies half
 * a pixel nearer to the top left.
 * @param side of the square in pixels, a positive integer.
 * @throws {RangeError} when the side is none.
 */
export function cropSquare(images: ImageBatch, side: number): ImageBatch {
  if (!(Number.isInteger(side) && side > 0)) throw new RangeError(`cannot make a square of ${side} pixels`);
  const square = middleSquare(images);
  return square.width > side ? shrink(square, side) : resizeBilinear(square, side, side);
}

function middleSquare({ count, height, width, data }: ImageBatch): ImageBatch {
  const side = Math.min(height, width);
  if (height === width) return { count, height, width, data };
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const square = new Float32Array(count * side * side * 3);
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < side; y++) {
      const from = ((n * height + top + y) * width + left) * 3;
      square.set(data.subarray(from, from + side * 3), (n * side + y) * side * 3);
    }
  }
  return { count, height: side, width: side, data: square };
}

/** Rows first, then columns: the mean over a rectangle is the mean over its rows of their means. */
function shrink({ count, width: old, data }: ImageBatch, side: number): ImageBatch {
  const spans = Array.from({ length: side }, (_, i) => covered(i * old / side, (i + 1) * old / side));
  const narrow = new Float32Array(count * old * side * 3);
  for (let row = 0; row < count * old; row++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const { at, share } of spans[x]) sum += share * data[(row * old + at) * 3 + c];
        narrow[(row * side + x) * 3 + c] = sum;
      }
    }
  }
  const small = new Float32Array(count * side * side * 3);
  const perRow = side * 3;
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < side; y++) {
      for (let entry = 0; entry < perRow; entry++) {
        let sum = 0;
        for (const { at, share } of spans[y]) sum += share * narrow[(n * old + at) * perRow + entry];
        small[(n * side + y) * perRow + entry] = Math.min(sum, 1); // rounding may lift white above 1
      }
    }
  }
  return { count, height: side, width: side, data: small };
}

/** The pixels between two positions, with the share of the stretch that each takes. */
function covered(from: number, to: number): { at: number; share: number }[] {
  const pixels: { at: number; share: number }[] = [];
  for (let at = Math.floor(from); at < to; at++) {
    const share = (Math.min(at + 1, to) - Math.max(at, from)) / (to - from);
    if (share > 0) pixels.push({ at, share });
  }
  return pixels;
}
