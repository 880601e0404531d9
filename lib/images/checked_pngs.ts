/**
 * Many PNG files, checked before the first is used, without all of their pixels in memory.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";
import { readPng } from "./png.ts";

/** Bytes of pixels that are kept while the rest are checked: some 300 images of 256 px. */
const KEPT_BYTES = 2 ** 28;

/** PNG files that were whole when they were checked. */
export interface CheckedPngs {
  /**
   * The image of a file, for use once: its pixels are kept no longer.
   *
   * @param index which of the files.
   * @throws {InputError} when the file has changed for the worse since.
   */
  take(index: number): Promise<ImageBatch>;
}

/**
 * Checks PNG files by decoding each. Pixels of the first are kept, those of the others are decoded again when they are taken.
 *
 * @param keptBytes the most that pixels in memory may take, 12 bytes a pixel.
 * @throws {InputError} as {@linkcode readPng}, of the first file that is wrong.
 */
export async function checkPngs(paths: readonly string[], keptBytes = KEPT_BYTES): Promise<CheckedPngs> {
  const kept = new Map<number, ImageBatch>();
  let bytes = 0;
  for (const [index, path] of paths.entries()) {
    const image = await readPng(path);
    bytes += image.data.byteLength;
    if (bytes <= keptBytes) kept.set(index, image);
  }
  return {
    take: async (index) => {
      const image = kept.get(index) ?? await readPng(paths[index]);
      kept.delete(index);
      return image;
    },
  };
}
