/**
 * PyTorch's .pth files, both formats: a zip of one pickle and raw storages (since PyTorch 1.6), and the legacy sequence of
 * pickles followed by raw storages. Only tensors are read; nothing in a file is executed.
 *
 * @see torch/serialization.py and torch/_utils.py of PyTorch
 * @module
 */
import { crc32 } from "node:zlib";
import { unzipSync } from "fflate";
import { InputError, messageOf } from "../errors.ts";
import { ENTRY_TYPES, type EntryType } from "./entry_types.ts";
import { PickleGlobal, type PickleGlobals, PickleObject, type PickleValue, runPickle } from "./pickle.ts";
import type { WeightArray } from "./safetensors.ts";
import { stateDictOf } from "./state_dict.ts";
import { zipChecksums } from "./zip_checksums.ts";

type Refuse = (what: string) => never;

/** Storage classes of PyTorch and the entries they hold. */
const STORAGES: ReadonlyMap<string, EntryType> = new Map(
  Object.entries({
    Double: "F64",
    Float: "F32",
    Half: "F16",
    BFloat16: "BF16",
    Long: "I64",
    Int: "I32",
    Short: "I16",
    Char: "I8",
    Byte: "U8",
    Bool: "BOOL",
  }).map(([name, type]) => [`torch.${name}Storage`, ENTRY_TYPES[type]]),
);

/** Types of weights, and of which a tensor may be a negative view. */
const FLOATS = [ENTRY_TYPES.F64, ENTRY_TYPES.F32, ENTRY_TYPES.F16, ENTRY_TYPES.BF16];

/** A run of entries that tensors are views of. */
class Storage extends PickleObject {
  /**
   * @param key its name in the file.
   * @param stored how many entries the file holds under that name.
   * @param offset which of these is its first entry.
   * @param length how many entries are its own.
   */
  constructor(
    readonly type: EntryType,
    readonly key: string,
    readonly stored: number,
    readonly offset: number,
    readonly length: number,
  ) {
    super();
  }
}

/** A value that is no tensor and is not wanted, such as a device or a NumPy array: what it holds is not kept. */
class Unread extends PickleObject {}

/** Functions that make such values of plain ones. */
const UNREAD = [
  "torch.device",
  "numpy.dtype",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray._reconstruct",
  "_codecs.encode",
  "__builtin__.set",
  "__builtin__.bytearray",
  "__builtin__.complex",
  "collections.Counter", // the milestones of a scheduler of learning rates
];
/** Names of types that such values are told of. */
const TYPES = ["numpy.ndarray", "__builtin__.list", "__builtin__.dict", "__builtin__.int", "__builtin__.float"];
/** Names of types of entries. */
const DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"];

/** A strided view of a storage, its bounds checked; `negative` where its entries are those of the storage with the other sign. */
class Tensor extends PickleObject {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    readonly negative: boolean,
  ) {
    super();
  }

  /** Number of entries. */
  get count(): number {
    return this.shape.reduce((product, n) => product * n, 1);
  }

  /** Whether it may be a weight of a layer: numbers of floats, not one alone and not a random generator's bytes. */
  get isWeight(): boolean {
    return this.shape.length > 0 && FLOATS.includes(this.storage.type);
  }

  /** How many entries of the storage lie from its first to its last. */
  get span(): number {
    return this.count === 0 ? 0 : this.shape.reduce((sum, n, axis) => sum + (n - 1) * this.strides[axis], 1);
  }
}

/** Most dimensions of a tensor, as in PyTorch. */
const MAX_RANK = 64;

/** Most entries that expanded tensors (of stride 0) repeat in one file: 64 MiB. */
const MAX_REPEATED = 2 ** 24;

/** Magic number and protocol version 1001, each a pickle of its own: how every legacy file begins. */
const LEGACY_START = [
  ...[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
  ...[0x80, 2, 0x4d, 0xe9, 0x03, 0x2e],
];

/** The format of a .pth file by its first bytes; undefined when it is none. */
export function pthFormat(bytes: Uint8Array): "zip" | "legacy" | undefined {
  if ([0x50, 0x4b, 0x03, 0x04].every((byte, i) => bytes[i] === byte)) return "zip";
  return LEGACY_START.every((byte, i) => bytes[i] === byte) ? "legacy" : undefined;
}

/** A weight file whose tensors are known by name and need not be read yet. */
export interface TensorFile {
  /** Names of its tensors. */
  readonly names: readonly string[];
  /** Reads those tensors that are wanted, by name; the others cost nothing. */
  readonly read: (wanted: (name: string) => boolean) => Map<string, WeightArray>;
}

/**
 * Opens a .pth file: a dict of tensors, as `torch.save(model.state_dict(), file)` writes it, or a checkpoint that holds one
 * among other things. Any dtype becomes float32; the device that a storage was on does not matter.
 *
 * @param source the file's name, for errors.
 * @throws {InputError} when the file is not one, is cut off or lies about its sizes, or asks for anything but tensors and
 * plain values.
 */
export function openPth(bytes: Uint8Array, source: string): TensorFile {
  const refuse: Refuse = (what) => {
    throw new InputError(
      `${source} cannot be read as PyTorch tensors: ${what.slice(0, 400)}; ` +
        "fetch it again, or save only its weights with torch.save(model.state_dict(), FILE)",
    );
  };
  const format = pthFormat(bytes);
  if (format === undefined) return refuse("it begins neither as a zip file nor as a legacy .pth file");
  const { root, storageBytes } = format === "zip" ? readZip(bytes, refuse) : readLegacy(bytes, refuse);
  const isTensor = (value: PickleValue): value is Tensor => value instanceof Tensor;
  const tensors = new Map(stateDictOf(root, isTensor, ({ isWeight }) => isWeight, refuse));
  const read: TensorFile["read"] = (wanted) => {
    const chosen = [...tensors].filter(([name]) => wanted(name));
    const sum = (entries: (tensor: Tensor) => number) => chosen.reduce((total, [, each]) => total + entries(each), 0);
    const spans = sum(({ span }) => span);
    // honest files hold an entry at most a few times (tied weights), and no entry in less than a byte
    if (spans > 4 * bytes.length) refuse(`its tensors span ${spans} entries, in a file of ${bytes.length} bytes`);
    const repeated = sum(({ count, span }) => Math.max(0, count - span));
    if (repeated > MAX_REPEATED) refuse(`its expanded tensors repeat ${repeated} entries, over ${MAX_REPEATED}`);
    const stored = storageBytes(chosen.map(([, tensor]) => tensor.storage));
    return new Map(
      chosen.map(([name, tensor]) => [
        name,
        { shape: [...tensor.shape], data: entriesOf(tensor, stored.get(tensor.storage.key)!) },
      ]),
    );
  };
  return { names: [...tensors.keys()], read };
}

/**
 * Reads the tensors of a .pth file.
 *
 * @param wanted which of them, by name.
 * @throws {InputError} as {@linkcode openPth}.
 */
export function decodePth(
  bytes: Uint8Array,
  source: string,
  wanted: (name: string) => boolean = () => true,
): Map<string, WeightArray> {
  return openPth(bytes, source).read(wanted);
}

/** What both formats come to: what was pickled, and the bytes of those storages that are asked for, by key. */
interface Archive {
  readonly root: PickleValue;
  readonly storageBytes: (storages: readonly Storage[]) => Map<string, Uint8Array>;
}

function readZip(bytes: Uint8Array, refuse: Refuse): Archive {
  let folder: string | undefined;
  const checksums = zipChecksums(bytes);
  /** Reads the entries `folder/name` for which `take(name)` is true. */
  const extract = (take: (name: string) => boolean): Map<string, Uint8Array> => {
    const sizes = new Map<string, number>();
    let total = 0;
    let files: Record<string, Uint8Array>;
    try {
      files = unzipSync(bytes, {
        filter: ({ name, size, originalSize, compression }) => {
          if (sizes.has(name)) refuse(`its zip file has the entry ${JSON.stringify(name)} twice`);
          if (compression !== 0 || size !== originalSize) refuse(`its entry ${JSON.stringify(name)} is compressed`);
          sizes.set(name, size);
          folder ??= name.slice(0, name.indexOf("/") + 1);
          const taken = name.startsWith(folder) && take(name.slice(folder.length));
          if (taken) total += size;
          if (total > bytes.length) refuse("its zip entries claim more bytes than the file has (truncated?)");
          return taken;
        },
      });
    } catch (error) {
      if (error instanceof InputError) throw error;
      return refuse(`its zip directory is not readable: ${messageOf(error)} (truncated?)`);
    }
    const places = new Map([...sizes.keys()].map((name, i) => [name, i]));
    for (const [name, data] of Object.entries(files)) {
      if (data.length !== sizes.get(name)) refuse(`its zip entry ${JSON.stringify(name)} is cut off (truncated?)`);
      // 0 stands for none, as PyTorch writes it where it is told to compute no checksums
      const expected = checksums[places.get(name)!] ?? refuse("its zip directory is not readable");
      if (expected !== 0 && crc32(data) !== expected) {
        refuse(`its zip entry ${JSON.stringify(name)} is damaged: its bytes do not have the CRC-32 of the directory`);
      }
    }
    return new Map(Object.entries(files).map(([name, data]) => [name.slice(folder!.length), data]));
  };

  const head = extract((name) => name === "data.pkl" || name === "byteorder");
  const pickle = head.get("data.pkl");
  if (!pickle) return refuse("it has no data.pkl");
  const order = head.get("byteorder");
  if (order && new TextDecoder().decode(order) !== "little") refuse("its entries are not little-endian");
  const { value: root } = readPickle(pickle, 0, storageTable(5, refuse), refuse);
  const storageBytes = (storages: readonly Storage[]) => {
    const byKey = new Map(storages.map((storage) => [storage.key, storage]));
    const found = new Map(
      [...extract((name) => name.startsWith("data/") && byKey.has(name.slice(5)))]
        .map(([name, data]) => [name.slice(5), data]),
    );
    for (const { key, type, stored } of byKey.values()) {
      const data = found.get(key) ?? refuse(`its storage ${JSON.stringify(key)} is not in the zip file`);
      if (data.length !== stored * type.size) {
        refuse(
          `its storage ${
            JSON.stringify(key)
          } has ${data.length} bytes, but ${stored} entries of ${type.size} are declared`,
        );
      }
    }
    return found;
  };
  return { root, storageBytes };
}

function readLegacy(bytes: Uint8Array, refuse: Refuse): Archive {
  const none: PersistentTable = {
    byKey: new Map(),
    persistent: () => refuse("it names a storage outside its tensors"),
  };
  const system = readPickle(bytes, LEGACY_START.length, none, refuse);
  if (!(system.value instanceof Map) || system.value.get("little_endian") !== true) {
    refuse("its entries are not little-endian");
  }
  const table = storageTable(6, refuse);
  const { value: root, end } = readPickle(bytes, system.end, table, refuse);
  const { value: keys, end: start } = readPickle(bytes, end, none, refuse);
  if (!Array.isArray(keys)) return refuse("its list of storages is not a list");

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array>();
  let at = start;
  for (const key of keys as PickleValue[]) {
    const storage = typeof key === "string" && !found.has(key) && table.byKey.get(key);
    if (!storage) return refuse(`its list of storages has ${nameOf(key)} twice, or no tensor uses it`);
    const size = storage.stored * storage.type.size;
    if (bytes.length - at < 8 || bytes.length - at - 8 < size) {
      refuse(`its storage "${storage.key}" is cut off (truncated?)`);
    }
    const count = view.getBigInt64(at, true);
    if (count !== BigInt(storage.stored)) {
      refuse(`its storage "${storage.key}" has ${count} entries, but ${storage.stored} are declared`);
    }
    found.set(storage.key, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  if (at !== bytes.length) refuse(`${bytes.length - at} bytes at its end belong to no storage`);
  const storageBytes = (storages: readonly Storage[]) => {
    const missing = storages.find((storage) => !found.has(storage.key));
    if (missing) refuse(`its storage ${JSON.stringify(missing.key)} is not in the file`);
    return found;
  };
  return { root, storageBytes };
}

/** The storages that a pickle names, gathered while it is read. */
interface PersistentTable {
  readonly byKey: Map<string, Storage>;
  readonly persistent: (id: PickleValue) => PickleValue;
}

/**
 * Reads persistent ids `("storage", class, key, location, entries)`, with a sixth part in legacy files: null, or
 * `(key, offset, length)` of a view of that storage.
 */
function storageTable(parts: 5 | 6, refuse: Refuse): PersistentTable {
  const byKey = new Map<string, Storage>();
  const persistent = (id: PickleValue): Storage => {
    if (!Array.isArray(id) || id.length !== parts || id[0] !== "storage") {
      return refuse("it names a storage in an unknown way");
    }
    const [, kind, key, , stored, part] = id as PickleValue[];
    const type = kind instanceof PickleGlobal ? STORAGES.get(kind.name) : undefined;
    if (!type) return refuse("it names a storage of an unknown type");
    if (typeof key !== "string" || !isCount(stored)) return refuse("it names a storage without a key or a size");
    let [offset, length]: PickleValue[] = [0, stored];
    if (Array.isArray(part)) [, offset, length] = part as PickleValue[];
    if (!isCount(offset) || !isCount(length) || offset + length > stored) {
      return refuse(`its view of storage ${JSON.stringify(key)} reaches outside it`);
    }
    const known = byKey.get(key);
    if (known && (known.type !== type || known.stored !== stored)) {
      return refuse(`it names storage ${JSON.stringify(key)} with two types or sizes`);
    }
    const storage = new Storage(type, key, stored, offset, length);
    byKey.set(key, storage);
    return storage;
  };
  return { byKey, persistent };
}

function readPickle(bytes: Uint8Array, start: number, { persistent }: PersistentTable, refuse: Refuse) {
  const tensor = (args: readonly PickleValue[]): PickleValue => rebuildTensor(args, refuse);
  const first = ([value]: readonly PickleValue[]): PickleValue => {
    return value instanceof Tensor ? value : refuse("it has a parameter that is not a tensor");
  };
  const globals: PickleGlobals = new Map([
    ["collections.OrderedDict", ([pairs]: readonly PickleValue[]): PickleValue => orderedDict(pairs, refuse)],
    ["torch._utils._rebuild_tensor", tensor],
    ["torch._utils._rebuild_tensor_v2", tensor],
    ["torch._utils._rebuild_parameter", first],
    ["torch.nn.parameter.Parameter", first],
    [
      "torch.Size",
      ([sizes]: readonly PickleValue[]): PickleValue =>
        Array.isArray(sizes) ? sizes : refuse("it has a bad torch.Size"),
    ],
    ...UNREAD.map((name): [string, () => PickleValue] => [name, () => new Unread()]),
    ["collections.defaultdict", (): PickleValue => new Map()], // its items are set afterwards
    ...[...STORAGES.keys(), ...TYPES, ...DTYPES.map((name) => `torch.${name}`)]
      .map((name): [string, null] => [name, null]),
  ]);
  const build = (object: PickleValue, state: PickleValue): void => {
    // OrderedDict's attributes (_metadata), what a Parameter knows besides its tensor and a dtype its order: none is wanted
    const harmless = object instanceof Unread || (object instanceof Map && state instanceof Map) ||
      (object instanceof Tensor && Array.isArray(state));
    if (!harmless) refuse("its pickle sets the state (opcode BUILD) of something other than a dict or a parameter");
  };
  return runPickle(bytes, start, { globals, persistent, build, refuse });
}

/** A value as an error names it; lists and dicts may contain themselves, so they are not written out. */
function nameOf(value: PickleValue): string {
  return typeof value === "object" && value !== null ? "an object" : JSON.stringify(value);
}

function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function orderedDict(pairs: PickleValue | undefined, refuse: Refuse): PickleValue {
  if (pairs === undefined) return new Map();
  const isPair = (pair: PickleValue): pair is [string, PickleValue] => {
    return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string";
  };
  if (!Array.isArray(pairs) || !pairs.every(isPair)) {
    return refuse("it has an OrderedDict of something other than pairs");
  }
  return new Map<PickleValue, PickleValue>(pairs);
}

/**
 * `_rebuild_tensor(storage, offset, size, stride)`; `_v2` has more arguments: two that only training needs, and what views
 * of complex numbers leave to whoever reads their entries.
 */
function rebuildTensor(
  [storage, offset, shape, strides, , , metadata]: readonly PickleValue[],
  refuse: Refuse,
): Tensor {
  if (!(storage instanceof Storage)) return refuse("it has a tensor without a storage");
  const isCounts = (value: PickleValue): value is readonly number[] => Array.isArray(value) && value.every(isCount);
  if (Array.isArray(shape) && shape.length > MAX_RANK) return refuse(`it has a tensor of ${shape.length} dimensions`);
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    return refuse("it has a tensor whose offset, sizes or strides are no counts");
  }
  const tensor = new Tensor(storage, offset, shape, strides, isNegative(metadata, storage, refuse));
  const apart = shape.reduce((product, n, axis) => strides[axis] === 0 && n > 0 ? product : product * n, 1);
  if (apart > storage.length || tensor.count > storage.length + MAX_REPEATED) {
    refuse(`it has a tensor of shape [${shape}], more entries than the ${storage.length} of its storage`);
  }
  if (!(offset + tensor.span <= storage.length)) {
    refuse(
      `it has a tensor of shape [${shape}] and strides [${strides}] that reaches outside the ${storage.length} entries of its storage`,
    );
  }
  return tensor;
}

/**
 * Whether entries are to be read with the other sign, as of `x.conj().imag`. The other lazy operation, conjugation, is of
 * complex numbers alone, which are not read.
 *
 * @see torch._utils.get_tensor_metadata
 */
function isNegative(metadata: PickleValue | undefined, { type }: Storage, refuse: Refuse): boolean {
  if (metadata === undefined || metadata === null) return false;
  if (!(metadata instanceof Map)) return refuse("it has a tensor whose metadata are no dict");
  const unknown = [...metadata].find(([key, value]) => value !== false && !(key === "neg" && value === true));
  if (unknown !== undefined) refuse(`it has a tensor with the metadata ${nameOf(unknown[0])}, which are not known`);
  if (metadata.get("neg") !== true) return false;
  if (!FLOATS.includes(type)) {
    refuse("it has a negative view of a tensor that is not of floats; resolve it with .resolve_neg()");
  }
  return true;
}

/** The entries of a tensor in row-major order. */
function entriesOf(tensor: Tensor, bytes: Uint8Array): Float32Array {
  const entries = entriesOfStorage(tensor, bytes);
  return tensor.negative ? entries.map((value) => -value) : entries;
}

function entriesOfStorage({ storage, offset, shape, strides, count, span }: Tensor, bytes: Uint8Array): Float32Array {
  if (count === 0) return new Float32Array(0);
  const { type } = storage;
  const contiguous = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  const dense = shape.every((n, axis) => n === 1 || strides[axis] === contiguous[axis]);
  const begin = (storage.offset + offset) * type.size;
  // a copy: aligned, and free of the file
  const entries = type.read(new Uint8Array(bytes.subarray(begin, begin + span * type.size)));
  if (dense) return entries;
  const data = new Float32Array(count);
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < count; i++) {
    data[i] = entries[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return data;
}
