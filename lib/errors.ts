/**
 * The error for wrong input or usage: the command line prints its message in one line and exits with 2.
 *
 * @module
 */
import { inOneLine } from "./printable.ts";

/**
 * Wrong input or usage. The message is the thing, what is wrong with it, and what to do: one line, whatever is in the names and
 * texts that it quotes.
 */
export class InputError extends Error {
  override readonly name = "InputError";

  constructor(message: string, options?: ErrorOptions) {
    super(inOneLine(message), options);
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Codes of a disk, a quota or a file size that is exhausted. */
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];

/**
 * The error for a file or folder that cannot be written. A full disk is a failure while running (exit code 1); any other cause
 * is a place that cannot be used (`InputError`, exit code 2).
 *
 * @param place file or folder, as the user knows it.
 * @param thrown what writing threw.
 * @param advice what to do where the place is wrong, such as `choose another folder with --out`.
 */
export function writeError(place: string, thrown: unknown, advice: string): Error {
  const code = thrown instanceof Error ? (thrown as Error & { code?: unknown }).code : undefined;
  if (FULL.includes(String(code)) || /no space left|disk quota|file too large/i.test(messageOf(thrown))) {
    return new Error(
      `${place} cannot be written: ${messageOf(thrown)}; free space and run the same command again`,
      { cause: thrown },
    );
  }
  return new InputError(`${place} cannot be written: ${messageOf(thrown)}; ${advice}`);
}

/**
 * TensorFlow's words where memory does not suffice: its status RESOURCE_EXHAUSTED, what CUDA's libraries say where they get no memory, and status 1 of
 * oneDNN, which computes on processors (`dnnl_out_of_memory`).
 */
const OUT_OF_MEMORY =
  /Invalid TF_Status: 8\b|OOM when allocating|RESOURCE_EXHAUSTED|CUDA_ERROR_OUT_OF_MEMORY|(?:CUDNN|CUBLAS)_STATUS_ALLOC_FAILED|received an exception:Status: 1,/i;

/** Whether an error says that memory did not suffice. */
export function isOutOfMemory(error: unknown): boolean {
  return OUT_OF_MEMORY.test(messageOf(error));
}
