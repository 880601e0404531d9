/**
 * Tensors of an ONNX file as arrays: floats as float32, all integers as int32, truth values as bytes.
 *
 * @module
 */
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType as Type } from "onnx-buf";
import { InputError } from "../../../errors.ts";

/** What the entries of a value are, whatever their width in the file. */
export type Kind = "float" | "int" | "bool";

/** A tensor as plain data. */
export interface OnnxArray {
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** Entries in row-major order: Float32Array for floats, Int32Array for integers, Uint8Array for truth values. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A tensor of the file: its shape at once, its entries when they are asked for. */
export interface StoredArray {
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** @throws {InputError} when entries cannot be held exactly. */
  read(): OnnxArray;
}

/** Reads the bytes of a tensor that lies outside the file. */
export type ReadExternal = (tensor: TensorProto, bytes: number) => Uint8Array<ArrayBuffer>;

/** Largest number of entries of one tensor: what a 32-bit index reaches. */
export const MOST_ENTRIES = 2 ** 31 - 1;
/** Doubles of arrays this short are constants of an expression, such as an epsilon, which float32 arithmetic rounds anyway. */
const SHORT = 16;

interface StoredType {
  readonly kind: Kind;
  readonly size: number;
  /** Entries from little-endian bytes at the start of their buffer. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => Float32Array | Float64Array | Int32Array | Uint8Array;
}

const toInts = (entries: ArrayLike<number>) => Int32Array.from(entries);

const TYPES: ReadonlyMap<number, StoredType> = new Map<number, StoredType>([
  [Type.FLOAT, { kind: "float", size: 4, read: ({ buffer }) => new Float32Array(buffer) }],
  [Type.DOUBLE, { kind: "float", size: 8, read: ({ buffer }) => new Float64Array(buffer) }],
  [Type.FLOAT16, { kind: "float", size: 2, read: ({ buffer }) => Float32Array.from(new Float16Array(buffer)) }],
  [Type.BFLOAT16, {
    kind: "float",
    size: 2,
    // a bfloat16 is the upper half of a float32
    read: ({ buffer }) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (upper) => upper << 16).buffer),
  }],
  [Type.INT64, { kind: "int", size: 8, read: ({ buffer }) => Int32Array.from(new BigInt64Array(buffer), saturate) }],
  [Type.UINT64, { kind: "int", size: 8, read: ({ buffer }) => Int32Array.from(new BigUint64Array(buffer), saturate) }],
  [Type.INT32, { kind: "int", size: 4, read: ({ buffer }) => new Int32Array(buffer) }],
  [Type.UINT32, { kind: "int", size: 4, read: ({ buffer }) => toInts(new Uint32Array(buffer)) }],
  [Type.INT16, { kind: "int", size: 2, read: ({ buffer }) => toInts(new Int16Array(buffer)) }],
  [Type.UINT16, { kind: "int", size: 2, read: ({ buffer }) => toInts(new Uint16Array(buffer)) }],
  [Type.INT8, { kind: "int", size: 1, read: ({ buffer }) => toInts(new Int8Array(buffer)) }],
  [Type.UINT8, { kind: "int", size: 1, read: (bytes) => toInts(bytes) }],
  [Type.BOOL, { kind: "bool", size: 1, read: (bytes) => bytes }],
]);

/** Kinds by the file's numbers of types; those that are missing are not supported. */
export function kindOfType(type: number): Kind | undefined {
  return TYPES.get(type)?.kind;
}

/** The name of a type, for errors. */
export function nameOfType(type: number): string {
  return Type[type]?.toLowerCase() ?? `type ${type}`;
}

/** 64-bit integers to 32: the largest stand for "to the end" in slices, and stay the largest. */
export function saturate(value: bigint): number {
  const number = Number(value);
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, number));
}

/**
 * Checks a tensor of the file.
 *
 * @param name what it is called in errors.
 * @throws {InputError} when its type is not supported, its shape is impossible or its entries do not fill it.
 */
export function openTensor(tensor: TensorProto, name: string, file: string, external: ReadExternal): StoredArray {
  const refuse = (what: string): never => {
    throw new InputError(`${file}: tensor ${name} ${what}`);
  };
  const type = TYPES.get(tensor.dataType) ??
    refuse(`holds ${nameOfType(tensor.dataType)} entries, which are not supported; export the network in float32`);
  const shape = tensor.dims.map(Number);
  const count = shape.reduce((product, n) => product * n, 1);
  if (shape.some((n) => !(n >= 0)) || !(count <= MOST_ENTRIES)) {
    refuse(`has the impossible shape [${shape.join(", ")}]; use an intact file`);
  }
  if (tensor.segment !== undefined) refuse("is stored in segments, which are not supported; export the network again");
  const bytes = count * type.size;
  const outside = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
  const listed = outside || tensor.rawData.length > 0 || count === 0 ? undefined : listedEntries(tensor, type.kind);
  const found = outside ? bytes : listed === undefined ? tensor.rawData.length : listed.length * type.size;
  if (found !== bytes) {
    refuse(`has ${found / type.size} entries for the shape [${shape.join(", ")}] (truncated?); use an intact file`);
  }
  const raw = outside ? external(tensor, bytes) : tensor.rawData as Uint8Array<ArrayBuffer>;
  const read = (): OnnxArray => {
    const entries = listed?.() ?? type.read(aligned(raw));
    return { kind: type.kind, shape, data: exact(entries, () => refuse(INEXACT)) };
  };
  return { kind: type.kind, shape, read };
}

const INEXACT = "holds doubles that float32 cannot hold exactly; export the network in float32 (model.float())";

/** Entries that are listed one by one, in the field that their type has; their number is known before they are read. */
function listedEntries(
  tensor: TensorProto,
  kind: Kind,
): (() => Float32Array | Float64Array | Int32Array | Uint8Array) & {
  readonly length: number;
} {
  const { floatData, doubleData, int32Data, int64Data, uint64Data } = tensor;
  const of = (length: number, read: () => Float32Array | Float64Array | Int32Array | Uint8Array) =>
    Object.defineProperty(read, "length", { value: length }) as typeof read & { readonly length: number };
  if (tensor.dataType === Type.DOUBLE) return of(doubleData.length, () => Float64Array.from(doubleData));
  if (tensor.dataType === Type.FLOAT16) {
    return of(int32Data.length, () => Float32Array.from(new Float16Array(Uint16Array.from(int32Data).buffer)));
  }
  if (tensor.dataType === Type.BFLOAT16) {
    return of(
      int32Data.length,
      () => new Float32Array(Uint32Array.from(int32Data, (upper) => upper << 16).buffer),
    );
  }
  if (kind === "float") return of(floatData.length, () => Float32Array.from(floatData));
  if (kind === "bool") return of(int32Data.length, () => Uint8Array.from(int32Data));
  const wide = tensor.dataType === Type.INT64 ? int64Data : uint64Data;
  return wide.length > 0
    ? of(wide.length, () => Int32Array.from(wide, saturate))
    : of(int32Data.length, () => Int32Array.from(int32Data));
}

/** The same bytes at the start of a buffer of their own, so that wider entries can be read. */
function aligned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** Doubles as float32; where a long array would lose digits, `refuse` is called. */
function exact(
  entries: Float32Array | Float64Array | Int32Array | Uint8Array,
  refuse: () => never,
): Float32Array | Int32Array | Uint8Array {
  if (!(entries instanceof Float64Array)) return entries;
  const rounded = Float32Array.from(entries);
  const lost = entries.length > SHORT && entries.some((value, i) => !Object.is(value, rounded[i]));
  return lost ? refuse() : rounded;
}
