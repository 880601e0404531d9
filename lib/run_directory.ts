/**
 * Finds the folder of a run by its name or path.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "./errors.ts";

/** Name of the file inside a run's folder. */
export const RUN_FILE = "run.sqlite";

/**
 * The folder of a run.
 *
 * - A text with a slash or backslash, `.` and `..` are paths.
 * - Any other text is a name: the folder is `runs/NAME`, or `$POLYSEM_RUNS/NAME` where that is set. But if there is none,
 *   and the current folder has a folder NAME that holds a run, it is that one.
 *
 * @param nameOrPath a run's name or the path of its folder.
 * @throws {InputError} when it is empty.
 */
export function runDirectory(nameOrPath: string): string {
  if (nameOrPath.trim() === "") throw new InputError("the run's name is empty; give a name such as lenet5, or a path");
  if (nameOrPath.includes("\0")) throw new InputError("the run's name has a null character; give a plain name");
  if (/[/\\]/.test(nameOrPath) || nameOrPath === "." || nameOrPath === "..") return nameOrPath;
  const named = join(Deno.env.get("POLYSEM_RUNS") || "runs", nameOrPath);
  return !existsSync(named) && existsSync(join(nameOrPath, RUN_FILE)) ? nameOrPath : named;
}
