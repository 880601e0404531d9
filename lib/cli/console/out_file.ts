/**
 * The file that a command's `--out` names.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { InputError, writeError } from "../../errors.ts";
import { createFresh } from "../../fresh_file.ts";
import { isStandardOutput } from "../../streams.ts";

/**
 * Refuses a file that cannot be written: to be called before the work, so that a wrong one costs nothing. Nothing that is there
 * is touched.
 *
 * @param option that names it, for errors.
 * @throws {InputError} when its folder is not there or takes no files, or it is itself a folder.
 */
export function refuseUnwritable(file: string, option = "--out"): void {
  if (isStandardOutput(file)) return;
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new InputError(`${option} cannot be written: ${file} is a folder; give the name of a file in it`);
  }
  const trial = `${file}.${Deno.pid}.tmp`; // as `writeWhole` names what it has not finished
  try {
    createFresh(trial).close();
    Deno.removeSync(trial);
  } catch (error) {
    throw writeError(`${option} ${file}`, error, "make its folder, or choose another place");
  }
}
