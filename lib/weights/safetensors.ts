/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header `{name: {dtype, shape, data_offsets}}`,
 * then the tensors' bytes without holes or overlaps. The reader refuses whatever is not exactly that.
 *
 * @see https://github.com/huggingface/safetensors#format
 * @module
 */
import { InputError } from "../errors.ts";
import { ENTRY_TYPES } from "./entry_types.ts";

/** One tensor of a weight file, as plain data. */
export interface WeightArray {
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** Entries in row-major order, as many as the product of the dimensions. */
  readonly data: Float32Array;
}

/** Tensors by name, in the order in which they are written. */
export type NamedArrays = ReadonlyMap<string, WeightArray> | Readonly<Record<string, WeightArray>>;

/** What a safetensors file holds. */
export interface Safetensors {
  /** Tensors by name, in the order of their bytes in the file. */
  readonly tensors: Map<string, WeightArray>;
  /** The free text beside them. */
  readonly metadata: Record<string, string>;
}

/** Longest header accepted, in bytes: the limit of the reference implementation. */
const MAX_HEADER = 100_000_000;

/**
 * Writes tensors as a safetensors file. The bytes depend on the arguments alone.
 *
 * @param tensors tensors by name; the name `__metadata__` is the format's own.
 * @param metadata free text to keep beside them.
 * @param dtype how entries are stored; F16 rounds to the nearest half-precision number, ties to even.
 * @throws {RangeError} when a tensor's data do not fill its shape, or a finite entry is too large for F16 (over 65504).
 */
export function encodeSafetensors(
  tensors: NamedArrays,
  metadata: Readonly<Record<string, string>> = {},
  dtype: "F32" | "F16" = "F32",
): Uint8Array<ArrayBuffer> {
  const named: [string, WeightArray][] = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  const size = dtype === "F16" ? 2 : 4;
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { shape, data }] of named) {
    if (name === "__metadata__") {
      throw new RangeError("a tensor cannot be named __metadata__: the format uses that name");
    }
    if (data.length !== shape.reduce((product, n) => product * n, 1)) {
      throw new RangeError(`${name}: ${data.length} entries do not fill the shape [${shape}]`);
    }
    const begin = end;
    end += data.length * size;
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  // Object.fromEntries would sort integer-like names first, so the object is spelled out pair by pair.
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength); // the header is padded with spaces, so that the data are aligned
  bytes.set(text, 8);
  let offset = 8 + headerLength;
  for (const [name, { data }] of named) {
    if (dtype === "F16") {
      const half = new Float16Array(bytes.buffer, offset, data.length);
      half.set(data);
      const lost = data.findIndex((value, i) => Number.isFinite(value) && !Number.isFinite(half[i]));
      if (lost >= 0) throw new RangeError(`${name}: entry ${lost} is ${data[lost]}, too large for F16`);
    } else {
      new Float32Array(bytes.buffer, offset, data.length).set(data);
    }
    offset += data.length * size;
  }
  return bytes;
}

/**
 * Reads a safetensors file whose entries are floats, integers or booleans of any width; all become float32.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the bytes are not exactly a safetensors file.
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const refuse = (what: string): never => {
    // names and shapes are the file's, of any length
    const short = what.length > 300 ? `${what.slice(0, 300)}...` : what;
    throw new InputError(`${source} is not a valid safetensors file: ${short}; fetch or export the file again`);
  };
  if (bytes.length < 8) refuse(`it has ${bytes.length} bytes, fewer than the 8 of the header length`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER)) {
    refuse(`it declares a header of ${declared} bytes, over the limit of ${MAX_HEADER}`);
  }
  const dataStart = 8 + Number(declared);
  if (dataStart > bytes.length) {
    refuse(`it declares a header of ${declared} bytes, but only ${bytes.length - 8} follow (truncated?)`);
  }
  const available = bytes.length - dataStart;
  const header = parseHeader(bytes.subarray(8, dataStart), refuse);

  const metadata: Record<string, string> = {};
  const found: { name: string; dtype: string; shape: number[]; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isRecord(entry)) return refuse("its __metadata__ is not an object");
      for (const [key, value] of Object.entries(entry)) {
        metadata[key] = typeof value === "string" ? value : refuse(`its metadata "${key}" is not a text`);
      }
      continue;
    }
    found.push({ name, ...readEntry(name, entry, available, refuse) });
  }

  found.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  const tensors = new Map<string, WeightArray>();
  for (const { name, dtype, shape, begin, end: next } of found) {
    if (begin < end) refuse(`tensor "${name}" overlaps the one before it (at byte ${begin})`);
    if (begin > end) refuse(`${begin - end} bytes before tensor "${name}" belong to no tensor`);
    end = next;
    // a copy: aligned for the typed array, and it does not keep the whole file in memory
    tensors.set(name, {
      shape,
      data: ENTRY_TYPES[dtype].read(new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end))),
    });
  }
  if (end !== available) refuse(`${available - end} bytes at its end belong to no tensor`);
  return { tensors, metadata };
}

type Refuse = (what: string) => never;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let header: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    refuse("its header is not JSON text");
  }
  if (!text.startsWith("{") || !isRecord(header)) return refuse("its header is not a JSON object");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) refuse(`its header has the key "${repeated}" twice`);
  return header;
}

/** The first key that occurs twice in one object of a valid JSON text; `JSON.parse` would silently keep the last. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, text, colon] of json.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g)) {
    if (text !== undefined) {
      if (colon === undefined) continue; // a value
      const name = JSON.parse(text) as string;
      const keys = open[open.length - 1];
      if (keys.has(name)) return name;
      keys.add(name);
    } else if (token === "{") {
      open.push(new Set());
    } else if (token === "}") {
      open.pop();
    }
  }
  return undefined;
}

function readEntry(name: string, entry: unknown, available: number, refuse: Refuse) {
  if (!isRecord(entry)) return refuse(`its entry for tensor "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(ENTRY_TYPES, dtype)) {
    return refuse(
      `tensor "${name}" has the unknown dtype ${JSON.stringify(dtype)} (known: ${Object.keys(ENTRY_TYPES).join(", ")})`,
    );
  }
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return refuse(`tensor "${name}" has the shape ${JSON.stringify(shape)}, which is not a list of sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    return refuse(`tensor "${name}" has the offsets ${JSON.stringify(offsets)}, which are not a begin and an end`);
  }
  const [begin, end] = offsets;
  if (end > available) {
    refuse(`tensor "${name}" ends at byte ${end} of the data, which have ${available} bytes (truncated?)`);
  }
  const size = shape.reduce((product, n) => product * n, ENTRY_TYPES[dtype].size);
  if (size !== end - begin) {
    refuse(
      `tensor "${name}" of shape [${shape}] and dtype ${dtype} needs ${size} bytes, but its offsets span ${
        end - begin
      }`,
    );
  }
  return { dtype, shape, begin, end };
}
