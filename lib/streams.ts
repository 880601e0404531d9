/**
 * The process's own streams, written to the last byte. A reader that has gone, such as `head`, wants no more: that is no
 * failure. A pipe that was set not to wait is waited for. As paths they are `-`, `/dev/stdin` and `/dev/stdout`, which no
 * right to files opens.
 *
 * @module
 */

/** Whether a path to write is standard output: `-` or `/dev/stdout`. */
export function isStandardOutput(path: string): boolean {
  return path === "-" || path === "/dev/stdout";
}

/** Whether a path to read is standard input: `-` or `/dev/stdin`. */
export function isStandardInput(path: string): boolean {
  return path === "-" || path === "/dev/stdin";
}

let isInputTaken = false;

/**
 * Reads a file, or standard input where the path is `-` or `/dev/stdin`.
 *
 * @throws when the file cannot be read, or standard input was read before.
 */
export async function readInput(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!isStandardInput(path)) return await Deno.readFile(path);
  if (isInputTaken) throw new Error("standard input can be read once; give a file for the other");
  isInputTaken = true;
  return await new Response(Deno.stdin.readable).bytes();
}

/** How long to wait before a pipe that was full is tried again. */
const PAUSE_MILLISECONDS = 5;

/**
 * The most bytes that are handed to standard output at a time. Below the 1,024 of its buffer, so that a piece is either
 * buffered whole or, where it is a line's end, written whole.
 */
const PIECE_BYTES = 1000;
const LINE_END = "\n".charCodeAt(0);

/** Writes all of a text to standard error. */
export function writeErr(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    const count = untilRoom(() => Deno.stderr.writeSync(bytes.subarray(written)));
    if (count === null) return;
    written += count;
  }
}

/**
 * Writes all of a text, as UTF-8, or of bytes to standard output.
 *
 * Deno buffers standard output by line, and does not say what of it a full pipe has taken: it keeps a piece without a line's
 * end, and nothing of a line's end alone. So the two are written apart; the first need only be flushed where the pipe was
 * full, the second is tried again.
 */
export function writeOut(content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let start = 0, end: number; start < bytes.length; start = end) {
    const isLineEnd = bytes[start] === LINE_END;
    const line = isLineEnd ? start + 1 : bytes.indexOf(LINE_END, start);
    end = Math.min(line < 0 ? bytes.length : line, start + PIECE_BYTES);
    let piece = bytes.subarray(start, end);
    const written = untilRoom(() => Deno.stdout.writeSync(piece), () => {
      if (!isLineEnd) piece = new Uint8Array(); // it is in the buffer: nothing more of it, only what a write flushes
    });
    if (written === null) return;
  }
}

/** Writes until there was room for it; null where the reader has gone. */
function untilRoom(write: () => number, onFull: () => void = () => {}): number | null {
  for (;;) {
    try {
      return write();
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return null;
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      onFull();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS);
    }
  }
}
