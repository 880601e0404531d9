/**
 * Images of either format, told apart by how they begin and not by their names.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { ImageBatch, Size } from "../types.ts";
import { decodeJpeg, isJpeg, jpegSize } from "./jpeg.ts";
import { decodePngPixels, pngSize } from "./png.ts";
import { isPng } from "./png_chunks.ts";

function neither(source: string): InputError {
  return new InputError(`${source} is no image: it begins neither as a PNG nor as a JPEG; convert it or take it away`);
}

/**
 * The size of a PNG or JPEG by its header; its pixels are not decoded.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are neither, are cut off, or the image is too large.
 */
export function imageSize(bytes: Uint8Array, source: string): Size {
  if (isPng(bytes)) return pngSize(bytes, source);
  if (isJpeg(bytes)) return jpegSize(bytes, source);
  throw neither(source);
}

/**
 * Decodes a PNG or JPEG. Transparent pixels are laid onto white.
 *
 * @param source the file's name, for errors.
 * @returns a batch of one image, values in [0, 1].
 * @throws {InputError} when the bytes are neither, are damaged, or the image is too large.
 */
export async function decodeImage(bytes: Uint8Array, source: string): Promise<ImageBatch> {
  if (isJpeg(bytes)) return await decodeJpeg(bytes, source);
  if (!isPng(bytes)) throw neither(source);
  const { images, opacity } = decodePngPixels(bytes, source);
  if (opacity === null) return images;
  const { data } = images; // nobody else has it
  for (let i = 0; i < data.length; i++) data[i] = 1 - opacity[Math.floor(i / 3)] * (1 - data[i]);
  return images;
}
