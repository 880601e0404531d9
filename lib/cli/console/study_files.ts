/**
 * The files of a study: a folder that its `--out` names, and what goes into it.
 *
 * @module
 */
import { join } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import { isStandardOutput } from "../../streams.ts";
import { writeWhole } from "../../whole_file.ts";

/**
 * Makes the folder that files will go into: to be called before the work, so that a wrong one costs nothing.
 *
 * @param option that names it, for errors.
 * @throws {InputError} when it cannot be made.
 */
export function makeFolder(folder: string, option = "--out"): void {
  if (isStandardOutput(folder)) throw new InputError(`${option} ${folder} is standard output; give a folder`);
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`${folder} cannot be made: ${messageOf(error)}; choose another folder with ${option}`);
  }
}

/**
 * Writes files into a folder, each whole or not at all.
 *
 * @param contents names and what goes in.
 * @returns the paths, in their order.
 * @throws {InputError} when one cannot be written.
 */
export function writeFiles(
  folder: string,
  contents: readonly (readonly [name: string, content: string | Uint8Array])[],
): string[] {
  return contents.map(([name, content]) => {
    const file = join(folder, name);
    writeWhole(file, content);
    return file;
  });
}
