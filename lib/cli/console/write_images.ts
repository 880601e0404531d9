/**
 * Images of a command as files: a PNG each, and a sheet of all.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import { contactSheet, encodePng, markForPeople, selectImages, stackSheets, writePng } from "../../images/mod.ts";
import { isStandardOutput } from "../../streams.ts";
import type { ImageBatch } from "../../types.ts";
import { writeWhole } from "../../whole_file.ts";

/** Rows of pixels between two groups of images on a sheet. */
const BETWEEN_GROUPS = 12;

/**
 * Makes the folder that images will go into: to be called before the work, so that a wrong one costs nothing.
 *
 * @throws {InputError} when it cannot be made.
 */
export async function createImageFolder(directory: string): Promise<void> {
  if (isStandardOutput(directory)) throw new InputError(`--out ${directory} is standard output; give a folder`);
  try {
    await Deno.mkdir(directory, { recursive: true });
  } catch (error) {
    throw new InputError(
      `cannot write images to ${directory}: ${messageOf(error)}; choose another folder with --out`,
    );
  }
}

/**
 * Writes images and a contact sheet.
 *
 * @param groups which images, and in which order they stand on the sheet, each group in rows of its own.
 * @param name the file name of an image.
 * @param sheet path of the sheet.
 * @returns paths of the files, the sheet last.
 * @throws {InputError} when the folder cannot be written.
 * @throws {Error} when the disk is full; no half file is left.
 */
export async function writeImages(
  directory: string,
  images: ImageBatch,
  groups: readonly (readonly number[])[],
  name: (index: number) => string,
  sheet: string,
): Promise<string[]> {
  const columns = Math.min(8, Math.max(...groups.map(({ length }) => length)));
  const sheetOf = (group: readonly number[]) =>
    contactSheet(selectImages(images, group), { columns, padding: 2, scale: 2 });
  const page = stackSheets(groups.map(sheetOf), BETWEEN_GROUPS);
  await createImageFolder(directory);
  const paths: string[] = [];
  for (const index of groups.flat()) {
    const path = join(directory, name(index));
    writePng(path, images, index);
    paths.push(path);
  }
  writeWhole(sheet, markForPeople(encodePng(page)));
  return [...paths, sheet];
}
