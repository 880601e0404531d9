/**
 * How tensor entries are stored in weight files, by the names that safetensors gives them.
 *
 * @module
 */

/** One type of entry. */
export interface EntryType {
  /** Bytes per entry. */
  readonly size: number;
  /** Reads little-endian entries; the bytes must fill their buffer, so that it is aligned. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => Float32Array;
}

/** The types that weight files may use. All are read as float32, so 64-bit entries may lose precision. */
export const ENTRY_TYPES: Readonly<Record<string, EntryType>> = {
  F64: { size: 8, read: (bytes) => Float32Array.from(new Float64Array(bytes.buffer)) },
  F32: { size: 4, read: (bytes) => new Float32Array(bytes.buffer) },
  F16: { size: 2, read: (bytes) => Float32Array.from(new Float16Array(bytes.buffer)) },
  // a bfloat16 is the upper half of a float32
  BF16: {
    size: 2,
    read: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), (upper) => upper << 16).buffer),
  },
  I64: { size: 8, read: (bytes) => Float32Array.from(new BigInt64Array(bytes.buffer), Number) },
  U64: { size: 8, read: (bytes) => Float32Array.from(new BigUint64Array(bytes.buffer), Number) },
  I32: { size: 4, read: (bytes) => Float32Array.from(new Int32Array(bytes.buffer)) },
  U32: { size: 4, read: (bytes) => Float32Array.from(new Uint32Array(bytes.buffer)) },
  I16: { size: 2, read: (bytes) => Float32Array.from(new Int16Array(bytes.buffer)) },
  U16: { size: 2, read: (bytes) => Float32Array.from(new Uint16Array(bytes.buffer)) },
  I8: { size: 1, read: (bytes) => Float32Array.from(new Int8Array(bytes.buffer)) },
  U8: { size: 1, read: (bytes) => Float32Array.from(bytes) },
  BOOL: { size: 1, read: (bytes) => Float32Array.from(bytes) },
};
