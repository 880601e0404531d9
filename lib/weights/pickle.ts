/**
 * A pickle machine for tensors alone. It knows the opcodes that PyTorch's `weights_only` loading knows, calls only the
 * functions on the list it is given, and refuses everything else: nothing in a file is ever executed.
 *
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 * @module
 */

/** An object that only the functions of a {@linkcode PickleGlobals} make. */
export abstract class PickleObject {}

/** A name that the pickle took from a module, such as `torch.FloatStorage`. */
export class PickleGlobal extends PickleObject {
  constructor(readonly name: string) {
    super();
  }
}

/** What a pickle builds. Lists are arrays and tuples frozen arrays; dicts, ordered or not, are Maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | readonly PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleObject;

/** The globals that a pickle may name: what calling each does, or null for those that are only names. */
export type PickleGlobals = ReadonlyMap<string, ((args: readonly PickleValue[]) => PickleValue) | null>;

/** How one pickle is read. */
export interface PickleRules {
  /** The globals that it may name. */
  readonly globals: PickleGlobals;
  /** Resolves a persistent id, by which PyTorch names storages. */
  readonly persistent: (id: PickleValue) => PickleValue;
  /** Sets state on an object, as `__setstate__` would; the state is discarded unless this keeps it. */
  readonly build: (object: PickleValue, state: PickleValue) => void;
  /** Throws the error that says what is wrong. */
  readonly refuse: (what: string) => never;
}

/** Opcodes that real pickles use and this machine refuses, by their names in pickletools. */
const REFUSED: Readonly<Record<number, string>> = {
  0x30: "POP",
  0x31: "POP_MARK",
  0x32: "DUP",
  0x46: "FLOAT",
  0x49: "INT",
  0x4c: "LONG",
  0x50: "PERSID",
  0x53: "STRING",
  0x54: "BINSTRING",
  0x56: "UNICODE",
  0x64: "DICT",
  0x67: "GET",
  0x69: "INST",
  0x6c: "LIST",
  0x6f: "OBJ",
  0x70: "PUT",
  0x81: "NEWOBJ",
  0x82: "EXT1",
  0x83: "EXT2",
  0x84: "EXT4",
  0x8b: "LONG4",
  0x8c: "SHORT_BINUNICODE",
  0x92: "NEWOBJ_EX",
  0x93: "STACK_GLOBAL",
  0x94: "MEMOIZE",
  0x95: "FRAME",
};

/**
 * Runs one pickle. Time and memory are linear in its bytes: nothing is allocated from a declared count alone.
 *
 * @param bytes the bytes that hold it.
 * @param start where it begins.
 * @returns what it builds, and where the byte after it is.
 */
export function runPickle(
  bytes: Uint8Array,
  start: number,
  { globals, persistent, build, refuse }: PickleRules,
): { value: PickleValue; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const latin1 = new TextDecoder("latin1");
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const memo = new Map<number, PickleValue>();
  let at = start;

  /** Steps over `count` bytes; returns where they begin. */
  const take = (count: number): number => {
    if (count > bytes.length - at) return refuse("its pickle is cut off (truncated?)");
    at += count;
    return at - count;
  };
  const text = (count: number, decoder: TextDecoder): string => {
    const from = take(count);
    return decoder.decode(bytes.subarray(from, at));
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    const name = text(end < 0 ? Infinity : end - at, latin1);
    take(1);
    return name;
  };
  const pop = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) return refuse("its pickle takes from an empty stack");
    return stack.pop() as PickleValue;
  };
  const popToMark = (): PickleValue[] => {
    const mark = marks.pop();
    return mark === undefined ? refuse("its pickle has no mark where it needs one") : stack.splice(mark);
  };
  const append = (items: readonly PickleValue[]): void => {
    const list = pop();
    if (!Array.isArray(list) || Object.isFrozen(list)) {
      return refuse("its pickle appends to something other than a list");
    }
    for (const item of items) list.push(item);
    stack.push(list);
  };
  const setItems = (items: readonly PickleValue[]): void => {
    const dict = pop();
    if (!(dict instanceof Map)) return refuse("its pickle sets items of something other than a dict");
    if (items.length % 2 !== 0) refuse("its pickle sets a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      if (typeof items[i] === "object" && items[i] !== null) {
        refuse("its pickle has a dict key that is neither text nor number");
      }
      dict.set(items[i], items[i + 1]);
    }
    stack.push(dict);
  };
  const tuple = (items: PickleValue[]): void => void stack.push(Object.freeze(items));
  const popMany = (count: number): PickleValue[] => Array.from({ length: count }, pop).reverse();
  const remember = (index: number): void => {
    const value = pop();
    memo.set(index, value);
    stack.push(value);
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    stack.push(
      value === undefined ? refuse(`its pickle asks for entry ${index} of its memo, which is not there`) : value,
    );
  };
  const long = (count: number): number => {
    let value = 0n;
    const from = take(count);
    for (let i = at - 1; i >= from; i--) value = value << 8n | BigInt(bytes[i]);
    // rounded beyond 2^53, as the seed of a random generator may be: no size is as large, and none is taken for one
    return Number(BigInt.asIntN(8 * count, value));
  };
  const call = (): void => {
    const args = pop();
    const callee = pop();
    if (!(callee instanceof PickleGlobal)) {
      return refuse("its pickle calls (opcode REDUCE) something that is no function");
    }
    const run = globals.get(callee.name);
    if (!run) return refuse(`its pickle calls (opcode REDUCE) ${callee.name}, which is only a name`);
    if (!Array.isArray(args) || !Object.isFrozen(args)) {
      return refuse(`its pickle calls ${callee.name} without a tuple of arguments`);
    }
    stack.push(run(args));
  };
  const global = (): void => {
    const name = `${line()}.${line()}`;
    if (!globals.has(name)) {
      refuse(
        `its pickle asks for the global ${
          JSON.stringify(name)
        } (opcode GLOBAL), which is not part of a tensor; nothing was executed`,
      );
    }
    stack.push(new PickleGlobal(name));
  };
  const utf8 = new TextDecoder();

  for (;;) {
    const opcode = bytes[take(1)];
    switch (opcode) {
      case 0x80: { // PROTO
        const protocol = bytes[take(1)];
        if (protocol !== 2) refuse(`its pickle has protocol ${protocol}, not the 2 that torch.save writes`);
        break;
      }
      case 0x2e: { // STOP
        const value = pop();
        if (stack.length > 0 || marks.length > 0) refuse("its pickle leaves values on its stack");
        return { value, end: at };
      }
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4b: // BININT1
        stack.push(bytes[take(1)]);
        break;
      case 0x4d: // BININT2
        stack.push(view.getUint16(take(2), true));
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 0x8a: // LONG1
        stack.push(long(bytes[take(1)]));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8), false));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(text(bytes[take(1)], latin1));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(view.getUint32(take(4), true), utf8));
        break;
      case 0x29: // EMPTY_TUPLE
        tuple([]);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        tuple(popMany(opcode - 0x84));
        break;
      case 0x74: // TUPLE
        tuple(popToMark());
        break;
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        break;
      case 0x61: // APPEND
        append(popMany(1));
        break;
      case 0x65: // APPENDS
        append(popToMark());
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x73: // SETITEM
        setItems(popMany(2));
        break;
      case 0x75: // SETITEMS
        setItems(popToMark());
        break;
      case 0x71: // BINPUT
        remember(bytes[take(1)]);
        break;
      case 0x72: // LONG_BINPUT
        remember(view.getUint32(take(4), true));
        break;
      case 0x68: // BINGET
        recall(bytes[take(1)]);
        break;
      case 0x6a: // LONG_BINGET
        recall(view.getUint32(take(4), true));
        break;
      case 0x63: // GLOBAL
        global();
        break;
      case 0x51: // BINPERSID
        stack.push(persistent(pop()));
        break;
      case 0x52: // REDUCE
        call();
        break;
      case 0x62: { // BUILD
        const state = pop();
        const object = pop();
        build(object, state);
        stack.push(object);
        break;
      }
      default: {
        const name = REFUSED[opcode] ?? `0x${opcode.toString(16).padStart(2, "0")}`;
        refuse(`its pickle uses the opcode ${name}, which tensors do not need; nothing was executed`);
      }
    }
  }
}
