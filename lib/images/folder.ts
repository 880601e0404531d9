/**
 * Several PNG files as one batch.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { ImageBatch } from "../types.ts";
import { readPng, requireSize } from "./png.ts";

/**
 * Reads PNG files of one size as a batch, in the order given.
 *
 * @throws {InputError} when none is given, one cannot be read, or one has another size than the first.
 */
export async function readImages(paths: readonly string[]): Promise<ImageBatch> {
  if (paths.length === 0) throw new InputError("no image is given; give at least one PNG file");
  const first = await readPng(paths[0]);
  const { height, width } = first;
  const data = new Float32Array(paths.length * first.data.length);
  data.set(first.data);
  for (let i = 1; i < paths.length; i++) {
    const image = await readPng(paths[i]);
    requireSize(image, height, width, `${paths[i]} (unlike ${paths[0]})`);
    data.set(image.data, i * first.data.length);
  }
  return { count: paths.length, height, width, data };
}
