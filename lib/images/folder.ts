/**
 * Several PNG files as one batch.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../errors.ts";
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

/**
 * Reads every PNG file directly in a folder, sorted by name; other files and folders are passed over.
 *
 * @returns the images and, in the same order, the files' names.
 * @throws {InputError} when there is no such folder, it holds no PNG, or as {@linkcode readImages}.
 */
export async function readImageFolder(directory: string): Promise<{ images: ImageBatch; names: string[] }> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (!isDirectory && /\.png$/i.test(name)) names.push(name);
    }
  } catch (error) {
    throw new InputError(`cannot read the folder ${directory}: ${messageOf(error)}; check the path`);
  }
  if (names.length === 0) throw new InputError(`the folder ${directory} holds no PNG file; give one that does`);
  names.sort();
  return { images: await readImages(names.map((name) => join(directory, name))), names };
}
