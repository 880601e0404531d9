/**
 * Resizing as PyTorch's `F.interpolate(mode="bilinear", align_corners=False)` does it.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";

/**
 * Bilinear resizing by pixel centres without antialiasing: output pixel i takes its value at (i + 1/2) old / new - 1/2 of the
 * input, between the two nearest pixels; positions outside take the border's value. Shrinking by more than two skips pixels.
 *
 * @param images any number of images, [N, H, W, 3].
 * @param height new height in pixels, a positive integer.
 * @param width new width in pixels, a positive integer.
 * @returns images of the new size; the given ones when they already have it.
 * @throws {RangeError} when the new size is none.
 */
export function resizeBilinear(images: ImageBatch, height: number, width: number): ImageBatch {
  const { count, height: oldHeight, width: oldWidth, data: old } = images;
  if (height === oldHeight && width === oldWidth) return images;
  const rows = taps(oldHeight, height);
  const columns = taps(oldWidth, width);
  const data = new Float32Array(count * height * width * 3);
  let at = 0;
  for (let n = 0; n < count; n++) {
    for (const row of rows) {
      const upper = (n * oldHeight + row.first) * oldWidth;
      const lower = (n * oldHeight + row.second) * oldWidth;
      for (const column of columns) {
        for (let c = 0; c < 3; c++) {
          const top = mix(old[(upper + column.first) * 3 + c], old[(upper + column.second) * 3 + c], column.weight);
          const bottom = mix(old[(lower + column.first) * 3 + c], old[(lower + column.second) * 3 + c], column.weight);
          data[at++] = mix(top, bottom, row.weight);
        }
      }
    }
  }
  return { count, height, width, data };
}

/** Where one output pixel reads along an axis: two input pixels, and the weight of the second. */
interface Tap {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

function taps(oldSize: number, newSize: number): Tap[] {
  if (!(Number.isInteger(newSize) && newSize > 0)) throw new RangeError(`cannot resize to ${newSize} pixels`);
  return Array.from({ length: newSize }, (_, i) => {
    const position = Math.max(0, (i + 0.5) * oldSize / newSize - 0.5);
    const first = Math.min(Math.floor(position), oldSize - 1);
    return { first, second: Math.min(first + 1, oldSize - 1), weight: position - first };
  });
}

function mix(first: number, second: number, weight: number): number {
  return (1 - weight) * first + weight * second;
}
