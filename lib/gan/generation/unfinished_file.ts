/**
 * Files too long to be held in memory. They are written piece by piece, and get their name only when they are complete.
 *
 * @module
 */
import { writeError } from "../../errors.ts";

/** A file that is being written. */
export class UnfinishedFile {
  private readonly unfinished: string;
  private readonly file: Deno.FsFile;

  /**
   * @param path where it will be. A file that is there is replaced when this one is finished.
   * @throws {InputError} when nothing can be written there.
   */
  constructor(readonly path: string) {
    this.unfinished = `${path}.${Deno.pid}.tmp`;
    this.file = this.attempt(() => Deno.openSync(this.unfinished, { write: true, create: true, truncate: true }));
  }

  /** Appends bytes. */
  write(bytes: Uint8Array): void {
    this.attempt(() => {
      for (let written = 0; written < bytes.length;) written += this.file.writeSync(bytes.subarray(written));
    });
  }

  /** Gives the complete file its name. */
  finish(): void {
    this.file.close();
    this.attempt(() => Deno.renameSync(this.unfinished, this.path));
  }

  /** Removes what was written, unless the file is finished. */
  discard(): void {
    try {
      this.file.close();
    } catch {
      // It is closed.
    }
    try {
      Deno.removeSync(this.unfinished);
    } catch {
      // It is not there.
    }
  }

  private attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw writeError(this.path, error, "choose another folder with --out");
    }
  }
}

/**
 * Numbers as bytes, in the order of .npy files: little-endian, which is the order of all machines that Deno runs on.
 */
export function npyEntries(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
