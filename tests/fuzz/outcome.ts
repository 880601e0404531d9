/**
 * What may come of a file that is read, and what must not.
 *
 * @module
 */
import { join } from "node:path";

/** Longest that a file may take of a processor. */
export const MOST_SECONDS = 10;
/** Most memory that reading a file may take, the process itself among it: 1 GB. */
export const MOST_BYTES = 1e9;

/** What came of a file. */
export interface Outcome {
  readonly index: number;
  /** Accepted, refused as wrong input, or anything else that was thrown. */
  readonly kind: "accepted" | "refused" | "error";
  /** Of a processor. */
  readonly milliseconds: number;
  /** The most that the process held meanwhile. */
  readonly bytes: number;
  /** Of a refusal. */
  readonly message: string;
  /** What must not come of a file; null where nothing did. */
  readonly fault: string | null;
}

/** What a terminal obeys, or what makes several lines of one. */
// deno-lint-ignore no-control-regex -- these are what it is about
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** What is wrong with the message of a refusal: it is one line, names what it is about, and says what to do. */
export function flawIn(message: string, folder: string): string | null {
  if (CONTROLS.test(message)) return "several lines, or control characters";
  if (message.length > 2000) return `${message.length} characters`;
  if (!message.includes(folder)) return "it does not name the file";
  if (!/[;,:] |\(truncated\?\)/.test(message.slice(message.indexOf(folder) + folder.length))) {
    return "nothing to do about it";
  }
  return null;
}

/** What must not have come of a file. */
export function faultIn(
  { kind, message, stack, milliseconds, bytes }: Omit<Outcome, "fault" | "index"> & { readonly stack?: string },
  folder: string,
): string | null {
  if (kind === "error") return stack ?? message;
  if (milliseconds > 1000 * MOST_SECONDS) return `it took ${(milliseconds / 1000).toFixed(1)} s`;
  if (bytes > MOST_BYTES) return `${(bytes / 1e6).toFixed(0)} MB were held`;
  const flaw = kind === "refused" ? flawIn(message, folder) : null;
  return flaw === null ? null : `the refusal: ${flaw}: ${JSON.stringify(message.slice(0, 400))}`;
}

/** Where the file of a fault is kept. */
export function keptFile(folder: string, parser: string, seed: number, index: number): string {
  return join(folder, `${parser.replaceAll(/\W+/g, "-")}-${seed}-${index}`);
}
