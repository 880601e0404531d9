/**
 * Images as PNG, to be set into charts and pages.
 *
 * @module
 */
import { encode } from "fast-png";
import type { ImageBatch } from "../types.ts";

/**
 * One image of a batch as a PNG of 8-bit RGB.
 *
 * @param index which image, in 0 .. N - 1.
 * @throws {RangeError} when there is no such image.
 */
export function imagePng({ count, height, width, data }: ImageBatch, index: number): Uint8Array {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`image ${index} is not among the ${count} of the batch`);
  }
  const size = height * width * 3;
  const pixels = new Uint8Array(size);
  for (let p = 0; p < size; p++) pixels[p] = Math.round(255 * Math.min(1, Math.max(0, data[index * size + p])));
  return encode({ width, height, data: pixels, channels: 3, depth: 8 });
}

/** One image of a batch as a `data:` URL of a PNG. */
export function imageUrl(batch: ImageBatch, index: number): string {
  return `data:image/png;base64,${imagePng(batch, index).toBase64()}`;
}
