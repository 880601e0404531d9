/**
 * Images to be set into charts and pages.
 *
 * @module
 */
import { encodePng } from "../images/mod.ts";
import type { ImageBatch } from "../types.ts";

/**
 * One image of a batch as a `data:` URL of a PNG of 8-bit RGB.
 *
 * @param index which image, in 0 .. N - 1.
 * @throws {RangeError} when there is no such image, or a value is outside [0, 1].
 */
export function imageUrl(batch: ImageBatch, index: number): string {
  return `data:image/png;base64,${encodePng(batch, index).toBase64()}`;
}
