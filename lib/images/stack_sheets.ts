/**
 * Sheets of images below each other.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";

/**
 * Puts sheets below each other, in their order, with white between them, so that groups of images can be told apart.
 *
 * @param sheets at least one; batches of one image, all of one width.
 * @param gap rows of white pixels between two sheets.
 * @returns a batch of one image.
 * @throws {RangeError} when there is no sheet, or widths differ.
 */
export function stackSheets(sheets: readonly ImageBatch[], gap: number): ImageBatch {
  if (sheets.length === 0) throw new RangeError("there is no sheet to stack");
  const { width } = sheets[0];
  const other = sheets.find((sheet) => sheet.width !== width);
  if (other !== undefined) throw new RangeError(`a sheet of ${other.width} pixels below one of ${width}`);
  const height = sheets.reduce((sum, sheet) => sum + sheet.height, gap * (sheets.length - 1));
  const data = new Float32Array(height * width * 3).fill(1);
  let top = 0;
  for (const sheet of sheets) {
    data.set(sheet.data, top * width * 3);
    top += sheet.height + gap;
  }
  return { count: 1, height, width, data };
}
