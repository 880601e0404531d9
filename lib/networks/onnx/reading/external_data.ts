/**
 * Tensors that lie in files beside the model: only plain files inside the model's own folder are read.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import type { TensorProto } from "onnx-buf";
import { InputError, messageOf } from "../../../errors.ts";

/** Largest file of weights that is read, in bytes. */
const MOST_BYTES = 4 * 2 ** 30;

/** The files beside a model, each read once. */
export class ExternalData {
  readonly #folder: string;
  readonly #model: string;
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(model: string) {
    this.#model = model;
    this.#folder = dirname(model);
  }

  /**
   * The bytes of a tensor, without a copy.
   *
   * @param bytes how many its shape asks for.
   * @throws {InputError} when they are outside the folder, not there, or of another number.
   */
  read(tensor: TensorProto, bytes: number): Uint8Array<ArrayBuffer> {
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const location = entries.get("location");
    if (!location) throw this.#error(tensor, "names no file for its external data; export the network again");
    const file = this.#file(tensor, location);
    const offset = Number(entries.get("offset") ?? 0);
    const length = entries.has("length") ? Number(entries.get("length")) : bytes;
    if (length !== bytes || !Number.isSafeInteger(offset) || offset < 0 || offset + length > file.length) {
      throw this.#error(tensor, `asks for bytes that ${location} does not have (truncated?); use an intact file`);
    }
    return file.subarray(offset, offset + length);
  }

  /** Adds the files' names and bytes to a hash, by name in order. */
  hashInto(hash: Hash): void {
    for (const [name, bytes] of [...this.#files].sort(([a], [b]) => a < b ? -1 : 1)) hash.update(name).update(bytes);
  }

  #error(tensor: TensorProto, what: string): InputError {
    return new InputError(`${this.#model}: tensor ${tensor.name} ${what}`);
  }

  #file(tensor: TensorProto, location: string): Uint8Array<ArrayBuffer> {
    const known = this.#files.get(location);
    if (known !== undefined) return known;
    const outside = this.#error(
      tensor,
      `asks for the file ${
        JSON.stringify(location)
      }, which is not inside the model's own folder; put it beside the model`,
    );
    if (isAbsolute(location) || location.split(/[\\/]/).includes("..") || /^[a-z]:/i.test(location)) throw outside;
    const path = join(this.#folder, location);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      const inside = relative(Deno.realPathSync(this.#folder), Deno.realPathSync(path));
      if (inside.split(sep)[0] === ".." || isAbsolute(inside)) throw outside;
      const { isFile, size } = Deno.statSync(path);
      if (!isFile) throw this.#error(tensor, `asks for ${location}, which is not a file`);
      if (size > MOST_BYTES) {
        throw this.#error(tensor, `asks for ${location} of ${size} bytes; files of up to ${MOST_BYTES} are read`);
      }
      bytes = Deno.readFileSync(path);
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw this.#error(
        tensor,
        `lies in ${location}, which cannot be read: ${messageOf(error)}; put it beside the model`,
      );
    }
    this.#files.set(location, bytes);
    return bytes;
  }
}
