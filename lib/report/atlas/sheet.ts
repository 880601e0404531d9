/**
 * The images of a unit as one JPEG, so that a page of hundreds of units stays small enough to send. A PNG would be four
 * times as large: optimised images compress as badly as noise.
 *
 * @module
 */
import type { ImageBatch } from "../../types.ts";

/** Side of the blocks that JPEG codes one by one. Images that begin on a block do not bleed into each other. */
const BLOCK = 8;

/** Where the images are on a sheet. */
export interface SheetLayout {
  readonly tile: readonly [number, number];
  readonly pitch: readonly [number, number];
  readonly columns: number;
}

/** The layout of images of a size: in rows of eight, each image on whole blocks. */
export function sheetLayout(width: number, height: number): SheetLayout {
  const whole = (length: number) => Math.ceil(length / BLOCK) * BLOCK;
  return { tile: [width, height], pitch: [whole(width), whole(height)], columns: 8 };
}

/**
 * Draws images of one size on a sheet and encodes it.
 *
 * @param batches the images in their order; at least one image, all of one size.
 * @param quality of the JPEG, in (0, 1].
 * @returns the bytes of the file.
 * @throws {RangeError} when there is no image, or sizes differ.
 */
export async function encodeSheet(batches: readonly ImageBatch[], quality: number): Promise<Uint8Array> {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  if (count === 0) throw new RangeError("a sheet needs at least one image");
  const { width, height } = batches[0];
  for (const batch of batches) {
    if (batch.width !== width || batch.height !== height) {
      throw new RangeError(`images of ${batch.width} x ${batch.height} beside ${width} x ${height} pixels`);
    }
  }
  const { pitch: [stepX, stepY], columns } = sheetLayout(width, height);
  const sheetWidth = Math.min(columns, count) * stepX;
  const pixels = new Uint8ClampedArray(sheetWidth * Math.ceil(count / columns) * stepY * 4).fill(255);
  let place = 0;
  for (const { count, data } of batches) {
    for (let n = 0; n < count; n++, place++) {
      const left = (place % columns) * stepX;
      const top = Math.floor(place / columns) * stepY;
      for (let y = 0; y < stepY; y++) {
        for (let x = 0; x < stepX; x++) {
          // the edge of the image is repeated up to the block's end: a jump there would be seen inside the image
          const from = ((n * height + Math.min(y, height - 1)) * width + Math.min(x, width - 1)) * 3;
          const to = ((top + y) * sheetWidth + left + x) * 4;
          for (let c = 0; c < 3; c++) pixels[to + c] = data[from + c] * 255; // clamps and rounds
        }
      }
    }
  }
  const image = new ImageData(pixels, sheetWidth, pixels.length / 4 / sheetWidth);
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(await createImageBitmap(image));
  const file = await canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Uint8Array(await file.arrayBuffer());
}
