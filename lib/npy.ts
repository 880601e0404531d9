/**
 * NumPy's .npy format: a magic number, a version, a header that is a Python dict in text, and the raw entries. Reads
 * versions 1 to 3 of every real dtype; refuses objects, whose entries are a pickle.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @module
 */
import { InputError } from "./errors.ts";

/** An array of any number of dimensions. */
export interface NpyArray {
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** Entries in row-major order: float32 for f2 and f4, float64 for f8, integers and booleans. */
  readonly data: Float32Array | Float64Array;
}

/** Reads the entry at a byte offset. 64-bit integers beyond 2^53 are rounded. */
type ReadEntry = (view: DataView, at: number, little: boolean) => number;

/** Entries by kind and size. */
const KINDS: Readonly<Record<string, { size: number; read: ReadEntry }>> = {
  f2: { size: 2, read: (view, at, little) => view.getFloat16(at, little) },
  f4: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  i1: { size: 1, read: (view, at) => view.getInt8(at) },
  i2: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  i4: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  i8: { size: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u1: { size: 1, read: (view, at) => view.getUint8(at) },
  u2: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  u4: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  u8: { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  b1: { size: 1, read: (view, at) => view.getUint8(at) === 0 ? 0 : 1 },
};

const MAGIC = [0x93, ...new TextEncoder().encode("NUMPY")];

/** Whether bytes begin as a .npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** What the header of a .npy file says. */
export interface NpyHeader {
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** The type of the entries as the file writes it, such as `<f4`. */
  readonly descr: string;
  /** Kind and bytes of an entry, such as `u1` or `f4`. */
  readonly type: string;
  readonly fortran: boolean;
  /** Where the entries begin, in bytes. */
  readonly start: number;
  /** Bytes of all entries. */
  readonly bytes: number;
  /** The entries in these bytes, in their order in the file. */
  entries(bytes: Uint8Array): Float32Array | Float64Array;
}

/** Bytes that hold the header of any file that NumPy writes for an array of numbers. */
export const NPY_HEADER_BYTES = 4096;

/**
 * Reads the header of a .npy file, for a reader that does not want all entries at once.
 *
 * @param bytes the beginning of the file: `NPY_HEADER_BYTES`, or all of it.
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes do not begin such a file, or its entries are no real numbers.
 */
export function decodeNpyHeader(bytes: Uint8Array, source: string): NpyHeader {
  const refuse = refusal(source);
  if (!isNpy(bytes)) refuse("it does not begin as one");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) refuse(`its format version is ${version}, not 1 to 3`);
  const lengthBytes = version === 1 ? 2 : 4;
  if (bytes.length < 8 + lengthBytes) refuse("it is cut off in its header");
  const start = 8 + lengthBytes + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) refuse("it is cut off in its header");
  const { descr, fortran, shape } = parseHeader(
    new TextDecoder().decode(bytes.subarray(8 + lengthBytes, start)),
    refuse,
  );
  const [, order, type] = /^([<>=|]?)([a-zA-Z]\d*)$/.exec(descr) ?? [];
  if (type?.startsWith("O")) refuse("it holds Python objects; save an array of numbers");
  const kind = Object.hasOwn(KINDS, type ?? "") ? KINDS[type] : refuse(`its dtype ${descr} is not a real number type`);
  const little = order !== ">";
  return {
    shape,
    descr,
    type,
    fortran,
    start,
    bytes: shape.reduce((product, n) => product * n, 1) * kind.size,
    entries: (part) => {
      const numbers = new DataView(part.buffer, part.byteOffset, part.byteLength);
      const count = part.length / kind.size;
      const data = type === "f2" || type === "f4" ? new Float32Array(count) : new Float64Array(count);
      for (let i = 0; i < count; i++) data[i] = kind.read(numbers, i * kind.size, little);
      return data;
    },
  };
}

/** What refuses a file. */
function refusal(source: string): (what: string) => never {
  return (what) => {
    throw new InputError(`${source} is not a readable .npy file: ${what.slice(0, 300)}; save it again with numpy.save`);
  };
}

/**
 * Reads a .npy file of floats, integers or booleans of any size and byte order, in C or Fortran order.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are not such a file, are cut off, or do not fit their header.
 */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const header = decodeNpyHeader(bytes, source);
  const { shape, fortran, start } = header;
  requireLength(header, bytes.length, source);
  const data = header.entries(bytes.subarray(start));
  if (!fortran || shape.length < 2) return { shape, data };
  const place = fortranPlaces(shape);
  const ordered = data.slice();
  for (let i = 0; i < data.length; i++) ordered[place(i)] = data[i];
  return { shape, data: ordered };
}

/**
 * Checks that a file is as long as its header says.
 *
 * @param length bytes of the whole file.
 * @throws {InputError} when it is not.
 */
export function requireLength({ shape, descr, start, bytes }: NpyHeader, length: number, source: string): void {
  if (bytes === length - start) return;
  refusal(source)(
    `shape (${shape.join(", ")}) of ${descr} needs ${bytes} bytes, but ${length - start} follow its header`,
  );
}

/**
 * Writes a .npy file, version 1, C order: f4 or f8 as the data are.
 *
 * @throws {RangeError} when the data do not fill the shape.
 */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array<ArrayBuffer> {
  if (data.length !== shape.reduce((product, n) => product * n, 1)) {
    throw new RangeError(`${data.length} entries do not fill the shape [${shape}]`);
  }
  const size = data.BYTES_PER_ELEMENT;
  const header = encodeNpyHeader(shape, size === 4 ? "f4" : "f8");
  const bytes = new Uint8Array(header.length + data.length * size);
  bytes.set(header);
  if (size === 4) new Float32Array(bytes.buffer, header.length).set(data);
  else new Float64Array(bytes.buffer, header.length).set(data);
  return bytes;
}

/** The beginning of a .npy file of little-endian numbers in C order: its entries follow. */
export function encodeNpyHeader(shape: readonly number[], type: "f4" | "f8"): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '<${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((10 + header.length + 1) / 64) * 64; // NumPy aligns the entries to 64 bytes
  const bytes = new Uint8Array(start);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(header.padEnd(start - 11, " ") + "\n"), 10);
  return bytes;
}

/** The three fields of a header, which is a Python dict literal of texts, booleans and a tuple. */
function parseHeader(text: string, refuse: (what: string) => never) {
  const json = text.replaceAll("'", '"').replaceAll("(", "[").replaceAll(")", "]")
    .replace(/\bTrue\b/g, "true").replace(/\bFalse\b/g, "false")
    .replace(/(\d)L\b/g, "$1") // an ending that Python 2 gave to long integers
    .replace(/,(\s*[\]}])/g, "$1");
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(json);
  } catch {
    return refuse("its header is not a Python dict");
  }
  const { descr, fortran_order: fortran, shape } = header ?? {};
  if (typeof descr !== "string") return refuse("its dtype is structured or missing; save an array of numbers");
  if (typeof fortran !== "boolean") return refuse("its header does not say whether it is in Fortran order");
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) return refuse("the shape in its header is not a tuple of sizes");
  return { descr, fortran, shape };
}

/** Where entry i in Fortran order (first axis fastest) lies in C order. */
function fortranPlaces(shape: readonly number[]): (i: number) => number {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  return (i) => {
    let place = 0;
    for (let axis = 0, rest = i; axis < shape.length; axis++) {
      place += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return place;
  };
}
