/**
 * Files that are longer than should be held in memory: written piece by piece, and there under their name only when whole.
 *
 * @module
 */
import { InputError, messageOf } from "../../errors.ts";

/** A file in the making. */
export class GrowingFile {
  private readonly unfinished: string;
  private readonly file: Deno.FsFile;

  /**
   * @param path where it will be; what is there is replaced in the end.
   * @throws {InputError} when nothing can be written there.
   */
  constructor(readonly path: string) {
    this.unfinished = `${path}.${Deno.pid}.tmp`;
    this.file = this.attempt(() => Deno.openSync(this.unfinished, { write: true, create: true, truncate: true }));
  }

  /** Adds to its end. */
  write(bytes: Uint8Array): void {
    this.attempt(() => {
      for (let written = 0; written < bytes.length;) written += this.file.writeSync(bytes.subarray(written));
    });
  }

  /** Gives it its name. */
  finish(): void {
    this.file.close();
    this.attempt(() => Deno.renameSync(this.unfinished, this.path));
  }

  /** Removes what was written. */
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
      throw new InputError(`${this.path} cannot be written: ${messageOf(error)}; choose another folder with --out`);
    }
  }
}

/** The bytes of numbers as .npy files hold them: little-endian, as every machine has them that Deno runs on. */
export function npyEntries(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
