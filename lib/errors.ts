/**
 * The error for wrong input or usage: the command line prints its message in one line and exits with 2.
 *
 * @module
 */

/** Wrong input or usage. The message is one line: the thing, what is wrong with it, and what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
