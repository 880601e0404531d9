/**
 * Files that are longer than should be held in memory: written piece by piece, and there under their name only when whole.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";
import { encodeNpy } from "../store/npy.ts";

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

/** The beginning of a .npy file of float32 in C order: its entries follow. */
export function npyHeader(shape: readonly [number, ...number[]]): Uint8Array {
  // that of an array without entries, whose count takes the place of as many blanks: headers are padded
  const empty = encodeNpy({ shape: [0, ...shape.slice(1)], data: new Float32Array(0) });
  const preamble = 10; // magic number, version and length
  const text = new TextDecoder().decode(empty.subarray(preamble));
  const count = String(shape[0]);
  const filled = text.replace("(0,", `(${count},`).replace(" ".repeat(count.length - 1) + "\n", "\n");
  if (filled.length !== text.length) throw new RangeError(`the header of shape [${shape}] has no room`);
  empty.set(new TextEncoder().encode(filled), preamble);
  return empty;
}

/** The bytes of numbers as .npy files hold them: little-endian, as every machine has them that Deno runs on. */
export function npyEntries(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
