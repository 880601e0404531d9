/**
 * Many small images in one.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";

/** How a contact sheet is laid out. */
export interface ContactSheetOptions {
  /** Images side by side; as square a sheet as possible unless given. */
  readonly columns?: number;
  /** Pixels of background between images and around them, not scaled; 1 unless given. */
  readonly padding?: number;
  /** Times that each pixel is repeated in both directions; 1 unless given. */
  readonly scale?: number;
  /** Grey of the background, in [0, 1]; white unless given. */
  readonly background?: number;
}

/**
 * Lays images out in rows, in their order, from the top left.
 *
 * @param images at least one image.
 * @returns a batch of one image.
 * @throws {RangeError} when there is no image or an option is none.
 */
export function contactSheet(images: ImageBatch, options: ContactSheetOptions = {}): ImageBatch {
  const { count, height, width, data } = images;
  const { columns = Math.ceil(Math.sqrt(count)), padding = 1, scale = 1, background = 1 } = options;
  if (count < 1) throw new RangeError("a contact sheet needs at least one image");
  if (!(Number.isInteger(columns) && columns > 0)) {
    throw new RangeError(`columns is ${columns}, not a positive integer`);
  }
  if (!(Number.isInteger(padding) && padding >= 0)) {
    throw new RangeError(`padding is ${padding}, not a number of pixels`);
  }
  if (!(Number.isInteger(scale) && scale > 0)) throw new RangeError(`scale is ${scale}, not a positive integer`);
  if (!(background >= 0 && background <= 1)) throw new RangeError(`background is ${background}, outside [0, 1]`);
  const rows = Math.ceil(count / columns);
  const sheetHeight = rows * (height * scale + padding) + padding;
  const sheetWidth = columns * (width * scale + padding) + padding;
  const sheet = new Float32Array(sheetHeight * sheetWidth * 3).fill(background);
  for (let n = 0; n < count; n++) {
    const top = padding + Math.floor(n / columns) * (height * scale + padding);
    const left = padding + (n % columns) * (width * scale + padding);
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const from = ((n * height + Math.floor(y / scale)) * width + Math.floor(x / scale)) * 3;
        sheet.set(data.subarray(from, from + 3), ((top + y) * sheetWidth + left + x) * 3);
      }
    }
  }
  return { count: 1, height: sheetHeight, width: sheetWidth, data: sheet };
}
