/**
 * Files under names that anyone may guess, such as that of a file that is not whole yet. Whoever can write into the folder may have
 * put a link there that leads to a file of the user's; none is followed.
 *
 * @module
 */
import { lstatSync } from "node:fs";
import { InputError } from "./errors.ts";

/**
 * Opens a new file to write. What is there under its name is taken away first: what an ended process left, or a link, not what that
 * leads to.
 *
 * @throws where it cannot be made.
 */
export function createFresh(path: string): Deno.FsFile {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return Deno.openSync(path, { write: true, createNew: true });
}

/**
 * Refuses a link in a place that polysem itself chose, such as in the folder of a run of a stranger.
 *
 * @throws {InputError} when there is one.
 */
export function refuseLink(path: string): void {
  let isLink: boolean;
  try {
    isLink = lstatSync(path).isSymbolicLink();
  } catch {
    return; // nothing is there, or nothing that can be looked at: whoever opens it will say so
  }
  if (isLink) {
    throw new InputError(
      `${path} is a link, and what it leads to may lie anywhere; remove it, or choose another place`,
    );
  }
}
