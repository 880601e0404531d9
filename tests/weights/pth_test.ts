import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { InputError } from "../../lib/errors.ts";
import { decodePth, pthFormat } from "../../lib/weights/pth.ts";
import { decodeSafetensors, encodeSafetensors } from "../../lib/weights/safetensors.ts";

const fixtures = new URL("../../fixtures/pth/", import.meta.url);
const fixture = (name: string) => Deno.readFileSync(new URL(name, fixtures));
const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));

// Pickles by hand: a list of bytes and texts, and the few instructions that tensors are made of.
type Pickle = readonly (number | string)[];
const bytesOf = (parts: Pickle) => parts.flatMap((part) => typeof part === "number" ? [part] : ascii(part));
const text = (value: string): Pickle => ["U", value.length, value];
const count = (value: number): Pickle => ["J", ...new Uint8Array(new Int32Array([value]).buffer)];
const tuple = (...items: Pickle[]): Pickle => ["(", ...items.flat(), "t"];
const global = (module: string, name: string): Pickle => ["c", module, "\n", name, "\n"];
const call = (callee: Pickle, ...args: Pickle[]): Pickle => [...callee, ...tuple(...args), "R"];
const dict = (...items: Pickle[]): Pickle => ["}", "(", ...items.flat(), "u"];
const program = (...parts: Pickle[]): Uint8Array => new Uint8Array([0x80, 2, ...bytesOf(parts.flat()), 0x2e]);
const storage = (key: string, entries: number, kind = "FloatStorage", legacy = false): Pickle => [
  ...tuple(text("storage"), global("torch", kind), text(key), text("cpu"), count(entries), ...(legacy ? [["N"]] : [])),
  "Q",
];
const tensor = (stored: Pickle, offset: number, shape: number[], strides: number[]): Pickle =>
  call(
    global("torch._utils", "_rebuild_tensor_v2"),
    stored,
    count(offset),
    tuple(...shape.map(count)),
    tuple(...strides.map(count)),
    [0x89],
    ["N"],
  );

const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);

/** A zip-format .pth of one pickle and storages by key. */
function zip(pickle: Uint8Array, storages: Record<string, Uint8Array> = {}): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes]);
  return zipSync({ "archive/data.pkl": pickle, ...Object.fromEntries(data) }, { level: 0 });
}

/** A legacy .pth of one pickle and storages in order, each with the count of entries that it declares. */
function legacy(pickle: Uint8Array, storages: [key: string, entries: number, bytes: Uint8Array][] = []): Uint8Array {
  return new Uint8Array([
    ...[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
    ...[0x80, 2, 0x4d, 0xe9, 0x03, 0x2e],
    ...program(dict(text("little_endian"), [0x88])),
    ...pickle,
    ...program(["]", "("], storages.flatMap(([key]) => text(key)), ["e"]),
    ...storages.flatMap((
      [, entries, bytes],
    ) => [...new Uint8Array(new BigInt64Array([BigInt(entries)]).buffer), ...bytes]),
  ]);
}

function refused(bytes: Uint8Array, pattern: RegExp): void {
  assert.throws(() => decodePth(bytes, "some.pth"), (error) => {
    assert.ok(error instanceof InputError, `${(error as Error).stack}`);
    assert.match(error.message, /^some\.pth cannot be read as PyTorch tensors: .*; fetch it again, or save only /);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes("\n") && error.message.length < 600);
    return true;
  });
}

for (const format of ["zip", "legacy"]) {
  Deno.test(`decodePth() reads every dtype and stride of a ${format} file that PyTorch wrote`, () => {
    const bytes = fixture(`${format}.pth`);
    assert.equal(pthFormat(bytes), format);
    const expected: Record<string, { shape: number[]; data: number[] }> = JSON.parse(
      new TextDecoder().decode(fixture("expected.json")),
    );
    const tensors = decodePth(bytes, format);
    assert.deepEqual([...tensors.keys()], Object.keys(expected));
    for (const [name, { shape, data }] of tensors) {
      assert.deepEqual({ shape, data: [...data] }, expected[name], name);
    }
  });

  Deno.test(`decodePth() refuses a ${format} file cut anywhere`, () => {
    const whole = fixture(`${format}.pth`);
    for (let length = 0; length < whole.length; length += 7) refused(whole.subarray(0, length), /./);
    refused(whole.subarray(0, whole.length - 1), /truncated\?/);
  });
}

Deno.test("decodePth() reads only the tensors that are wanted", () => {
  const tensors = decodePth(fixture("zip.pth"), "zip", (name) => name.startsWith("int"));
  assert.deepEqual([...tensors.keys()], ["int64", "int32", "int16", "int8"]);
});

Deno.test("decodePth() reads the state_dict of a training checkpoint", () => {
  const tensors = decodePth(fixture("checkpoint.pth"), "checkpoint.pth");
  assert.deepEqual([...tensors], [["w", { shape: [1], data: new Float32Array([2.5]) }]]);
});

/** A tensor of shape [2] that holds a value twice, of a storage of its own. */
const pair = (key: string): Pickle => tensor(storage(key, 2), 0, [2], [1]);
/** The names in a zip file of that pickle, whose storages are "0" to "9". */
const namesIn = (...parts: Pickle[]) => {
  const storages = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, floats(i, i)]));
  return [...decodePth(zip(program(...parts), storages), "some.pth")].map(([name, { data }]) => [name, data[0]]);
};

const wholeNames = (pickle: Pickle, storages: Record<string, Uint8Array>) => [
  ...decodePth(zip(program(pickle), storages), "some.pth").keys(),
];

Deno.test("decodePth() finds the weights of a checkpoint under any name, beside what is no tensor", () => {
  const weights = dict(text("w"), pair("1"), text("b"), pair("2"));
  const expected = [["w", 1], ["b", 2]];
  const number: Pickle = ["G", 0, 0, 0, 0, 0, 0, 0, 0];
  for (const key of ["state_dict", "model_state_dict", "model", "net", "params_ema"]) {
    assert.deepEqual(namesIn(dict(text(key), weights, text("epoch"), count(3))), expected, key);
  }
  assert.deepEqual(namesIn(dict(text("a"), dict(text("model"), dict(text("net"), weights)))), expected);
  // an optimizer's state is numbered; a loss and a scale are single numbers
  const optimizer = dict(text("state"), dict(count(0), dict(text("exp_avg"), pair("3"))), text("groups"), ["]"]);
  const loss = tensor(storage("4", 2), 1, [], []);
  assert.deepEqual(
    namesIn(dict(text("loss"), loss, text("optimizer"), optimizer, text("model"), weights, text("scale"), number)),
    expected,
  );
  // weights averaged over training beside those asked for by the usual name
  assert.deepEqual(namesIn(dict(text("ema"), dict(text("w"), pair("5")), text("state_dict"), weights)), expected);
  // beside the states of random generators (bytes) and a tensor of the training, the dict with more weights counts
  const state = tensor(storage("7", 2, "ByteStorage"), 0, [2], [1]);
  const bytes = dict(text("rng"), state, text("model"), dict(text("w"), pair("1")));
  assert.deepEqual(wholeNames(bytes, { 1: floats(1, 1), 7: new Uint8Array(2) }), ["w"]);
  assert.deepEqual(namesIn(dict(text("class_weights"), pair("3"), text("model"), weights)), expected);
  // what is no tensor among the weights
  const extra = [text("version"), ["N"], text("_extra_state"), dict(text("x"), pair("6")), count(1), text("one")]
    .flat();
  assert.deepEqual(namesIn(dict(text("w"), pair("1"), extra, text("b"), pair("2"))), expected);
});

Deno.test("decodePth() steps over devices, dtypes and NumPy numbers", () => {
  const dtype: Pickle = [...call(global("numpy", "dtype"), text("f8"), [0x89], [0x88]), ...tuple(count(3)), "b"];
  const bytes = call(global("_codecs", "encode"), text("12345678"), text("latin1"));
  for (const module of ["numpy.core.multiarray", "numpy._core.multiarray"]) {
    const accuracy = call(global(module, "scalar"), dtype, bytes);
    const device = call(global("torch", "device"), text("cuda"), count(0));
    const found = namesIn(
      dict(text("best"), accuracy, text("on"), device, text("as"), global("torch", "float32"), text("w"), pair("7")),
    );
    assert.deepEqual(found, [["w", 7]]);
  }
  refused(zip(program(dict(text("w"), call(global("torch", "device"), text("cpu"))))), /entry "w" is not a tensor/);
});

Deno.test("decodePth() steps over NumPy arrays, a scheduler's milestones, logs and large seeds", () => {
  const dtype: Pickle = [...call(global("numpy", "dtype"), text("f8"), [0x89], [0x88]), ...tuple(count(3)), "b"];
  const bytes = call(global("_codecs", "encode"), text("12345678"), text("latin1"));
  // as Python pickles numpy.zeros(1): an empty array, and its version, shape, dtype, order and bytes as its state
  const array: Pickle = [
    ...call(global("numpy._core.multiarray", "_reconstruct"), global("numpy", "ndarray"), tuple(count(0)), bytes),
    ...tuple(count(1), tuple(count(1)), dtype, [0x89], bytes),
    "b",
  ];
  const log: Pickle = [
    ...call(global("collections", "defaultdict"), global("__builtin__", "list")),
    ...["(", ...text("loss"), "]", "u"],
  ];
  const found = namesIn(dict(
    ...[text("history"), array, text("milestones"), call(global("collections", "Counter"), dict(count(3), count(1)))],
    ...[text("log"), log, text("buffer"), call(global("__builtin__", "bytearray"), text("x"), text("latin-1"))],
    // 2^63 + 5 in nine bytes, as torch.initial_seed() may be
    ...[text("seed"), [0x8a, 9, 5, 0, 0, 0, 0, 0, 0, 0x80, 0] as Pickle, text("model"), dict(text("w"), pair("7"))],
  ));
  assert.deepEqual(found, [["w", 7]]);
  refused(zip(program(dict(text("w"), array))), /entry "w" is not a tensor/);
  // no size of a tensor is as large
  const large = call(
    global("torch._utils", "_rebuild_tensor_v2"),
    ...[storage("1", 2), count(0), tuple([0x8a, 9, 5, 0, 0, 0, 0, 0, 0, 0x80, 0]), tuple(count(1)), [0x89], ["N"]],
  );
  refused(zip(program(dict(text("w"), large))), /sizes or strides are no counts/);
});

Deno.test("decodePth() says what a checkpoint holds where it holds no weights, or several", () => {
  const one = (key: string) => dict(text("w"), pair(key));
  refused(
    zip(program(dict(text("model"), one("1"), text("ema"), dict(text("shadow"), one("2"))))),
    /holds several dicts of tensors, "model", "ema\.shadow"/,
  );
  refused(
    zip(program(dict(text("epoch"), count(3), text("args"), dict()))),
    /its entries "epoch", "args" are not tensors/,
  );
  refused(zip(program(pair("1"))), /no dict of tensors, but one tensor/);
  refused(zip(program(["]"], pair("1"), ["a"])), /no dict of tensors, but a list of 1/);
  refused(zip(program(tuple(one("1"), count(3)))), /no dict of tensors, but a tuple of 2/);
  refused(zip(program(["}", "q", 0], ["("], text("a"), ["h", 0, "u"])), /entry "a" is not a tensor/); // a dict within itself
});

Deno.test("decodePth() writes expanded tensors out, within a bound", () => {
  const expanded = (shape: number[], strides: number[], entries = 2) =>
    zip(program(dict(text("w"), tensor(storage("0", entries), 0, shape, strides))), {
      0: floats(1, 2).slice(0, 4 * entries),
    });
  // torch.tensor([1., 2.]).view(2, 1).expand(2, 3), and its transpose; torch.ones(1).expand(64)
  assert.deepEqual([...decodePth(expanded([2, 3], [1, 0]), "x").get("w")!.data], [1, 1, 1, 2, 2, 2]);
  assert.deepEqual([...decodePth(expanded([3, 2], [0, 1]), "x").get("w")!.data], [1, 2, 1, 2, 1, 2]);
  assert.deepEqual([...decodePth(expanded([64], [0], 1), "x").get("w")!.data], Array(64).fill(1));
  refused(expanded([3, 3], [1, 0]), /more entries than the 2/);
  refused(expanded([2 ** 30], [0]), /more entries/);
  const many = dict(
    ...Array.from({ length: 5 }, (_, i) => [text(`w${i}`), tensor(storage("0", 2), 0, [2 ** 22], [0])]).flat(),
  );
  refused(zip(program(many), { 0: floats(1, 2) }), /expanded tensors repeat 2097\d+ entries, over 16777216/);
});

Deno.test("decodePth() refuses a whole module, whose class it would have to call", () => {
  refused(fixture("module.pth"), /global "torch\.nn\.modules\.linear\.Linear".*nothing was executed/);
});

Deno.test("decodePth() reads parameters and views of storages as PyTorch wrote them before version 1", () => {
  const stored: Pickle = [
    ...tuple(
      text("storage"),
      global("torch", "FloatStorage"),
      text("9"),
      text("cuda:0"),
      count(4),
      tuple(text("view"), count(1), count(3)),
    ),
    "Q",
  ];
  const old = call(global("torch._utils", "_rebuild_tensor"), stored, count(1), tuple(count(2)), tuple(count(1)));
  const parameter = [...call(global("torch.nn.parameter", "Parameter"), old), ...tuple([0x88], [0x89], ["}"]), "b"];
  const bytes = legacy(program(dict(text("w"), parameter)), [["9", 4, floats(1, 2, 3, 4)]]);
  assert.deepEqual(decodePth(bytes, "old").get("w"), { shape: [2], data: new Float32Array([3, 4]) });
});

Deno.test("decodePth() refuses what is no .pth file", () => {
  refused(new TextEncoder().encode("<!DOCTYPE html>"), /begins neither/);
  refused(encodeSafetensors({ x: { shape: [1], data: new Float32Array(1) } }), /begins neither/);
  refused(new Uint8Array(0), /begins neither/);
  refused(zipSync({ "a/other.txt": new Uint8Array(3) }, { level: 0 }), /no data\.pkl/);
  refused(zip(program(["N"])), /no dict of tensors/);
  refused(zip(program(dict(text("w"), ["N"]))), /entry "w" is not a tensor/);
});

Deno.test("decodePth() refuses every global that is not part of a tensor", () => {
  const hostile = [
    ["os", "system"],
    ["posix", "system"],
    ["builtins", "eval"],
    ["__builtin__", "exec"],
    [
      "subprocess",
      "Popen",
    ],
    ["torch.storage", "_load_from_bytes"],
    ["collections", "OrderedDict.fromkeys"],
    ["", ""],
    ["a\r", "b"],
  ];
  for (const [module, name] of hostile) {
    const pickle = program(call(global(module, name), text("touch /tmp/owned")));
    refused(zip(pickle), /asks for the global .* \(opcode GLOBAL\), .*nothing was executed/);
    refused(legacy(pickle), /asks for the global /);
  }
  refused(zip(program(call(global("os", "system"), text("id")))), /"os\.system"/);
});

Deno.test("decodePth() refuses every opcode that tensors do not need, by name", () => {
  const cases: [string, Pickle][] = [
    ["INST", ["(", "ios\nsystem\n"]],
    ["OBJ", ["(", "o"]],
    ["NEWOBJ", [...global("torch", "Size"), ")", 0x81]],
    ["NEWOBJ_EX", [0x92]],
    ["STACK_GLOBAL", [...text("os"), ...text("system"), 0x93]],
    ["EXT1", [0x82, 1]],
    ["PERSID", ["Pid\n"]],
    ["LONG4", [0x8b, 0xff, 0xff, 0xff, 0x7f]],
    ["DUP", ["N2"]],
    ["POP", ["N0"]],
    ["0xff", [0xff]],
  ];
  for (const [name, pickle] of cases) {
    refused(zip(program(pickle)), new RegExp(`opcode ${name},.*nothing was executed`));
  }
  refused(zip(new Uint8Array([0x80, 5, 0x4e, 0x2e])), /protocol 5/);
});

Deno.test("decodePth() refuses calls and state that are not a tensor's", () => {
  refused(zip(program(text("f"), [")", "R"])), /REDUCE.* no function/);
  refused(zip(program(call(global("torch", "FloatStorage"), count(9)))), /torch\.FloatStorage, which is only a name/);
  refused(zip(program(global("torch", "Size"), ["]", "R"])), /without a tuple/);
  refused(zip(program(["]", "}", "b"])), /opcode BUILD/);
  refused(zip(program(["}", "(", ...text("__setstate__"), "t", "b"])), /opcode BUILD/);
  refused(zip(program(global("torch", "Size"), ["}", "b"])), /opcode BUILD/);
  refused(zip(program(call(global("torch", "Size"), ["N"]))), /torch\.Size/);
  refused(zip(program(call(global("collections", "OrderedDict"), ["]", "(", "N", "e"]))), /other than pairs/);
  refused(zip(program(call(global("torch._utils", "_rebuild_parameter"), ["N"]))), /not a tensor/);
});

Deno.test("decodePth() refuses pickles whose stack, marks or memo do not add up", () => {
  refused(zip(program(["a"])), /empty stack/);
  refused(zip(program(["N", "(", "b"])), /empty stack/); // not below the mark
  refused(zip(program(["t"])), /no mark/);
  refused(zip(program(["N", "N"])), /leaves values/);
  refused(zip(program(["h", 7])), /entry 7 of its memo/);
  refused(zip(program(["j", 0xff, 0xff, 0xff, 0xff])), /entry 4294967295 of its memo/);
  refused(zip(program(["N", "N", "a"])), /appends to something other/);
  refused(zip(program([")", "N", "a"])), /appends to something other/); // a tuple stays what it is
  refused(zip(program(["]", "N", "N", "s"])), /sets items of something other/);
  refused(zip(program(["}", "(", "N", "u"])), /a key without a value/);
  refused(zip(program(["}", "]", "N", "s"])), /dict key/);
  refused(zip(program(["X", 0xff, 0xff, 0xff, 0xff])), /cut off/); // a text of 4 GB
  refused(zip(program(["cos"])), /cut off/);
  refused(zip(program([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x7f])), /no dict of tensors, but a number/);
});

Deno.test("decodePth() takes memo bombs and deep nesting in its stride", () => {
  // each list holds the one before it ten times: 10^50 elements, were they ever written out
  const bomb: Pickle = Array.from(
    { length: 50 },
    (_, i) => ["]", "q", i + 1, "(", ...Array(10).fill(["h", i]).flat(), "e"],
  )
    .flat();
  refused(zip(program(["(", "]", "q", 0], bomb, ["t"])), /no dict of tensors/);
  refused(zip(program(["]".repeat(300_000), "a".repeat(299_999)])), /no dict of tensors/);
  refused(zip(program(["]", "q", 0, "h", 0, "a"])), /no dict of tensors/); // a list within itself
  const cyclic: Pickle = ["]", "q", 0, "(", "h", 0, "e"];
  const keys = [...legacy(program(["}"])).subarray(0, -program(["]", "(", "e"]).length), ...program(cyclic)];
  refused(new Uint8Array(keys), /list of storages has an object/);
});

Deno.test("decodePth() checks offsets, sizes and strides against the storage", () => {
  const cases: [number, number[], number[], RegExp][] = [
    [0, [5], [1], /more entries than the 4/],
    [0, [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1], [0, 0, 0], /more entries/],
    [1, [4], [1], /outside the 4 entries/],
    [4, [1], [1], /outside/],
    [0, [2, 2], [3, 1], /outside/],
    [2 ** 31 - 1, [1], [1], /outside/],
    [-1, [2], [1], /no counts/],
    [0, [-2], [1], /no counts/],
    [0, [2], [-1], /no counts/],
    [0, [2], [1, 1], /no counts/],
    [0, Array(65).fill(1), Array(65).fill(1), /65 dimensions/],
  ];
  for (const [offset, shape, strides, pattern] of cases) {
    const pickle = program(dict(text("w"), tensor(storage("0", 4), offset, shape, strides)));
    refused(zip(pickle, { 0: floats(1, 2, 3, 4) }), pattern);
  }
});

Deno.test("decodePth() refuses to write a small storage out many times", () => {
  const wide = tensor(storage("0", 1000), 0, [2], [999]);
  const pickle = program(dict(...Array.from({ length: 256 }, (_, i) => [text(`w${i}`), wide]).flat()));
  refused(zip(pickle, { 0: new Uint8Array(4000) }), /span 256000 entries, in a file of/);
});

Deno.test("decodePth() refuses storages that lie about their size, type or presence", () => {
  const one = (stored: Pickle) => program(dict(text("w"), tensor(stored, 0, [4], [1])));
  refused(zip(one(storage("0", 4)), { 0: floats(1, 2, 3) }), /has 12 bytes, but 4 entries of 4/);
  refused(zip(one(storage("0", 4)), { 0: floats(1, 2, 3, 4, 5) }), /has 20 bytes/);
  refused(zip(one(storage("0", 4)), { 1: floats(1, 2, 3, 4) }), /storage "0" is not in the zip file/);
  refused(zip(one(storage("0", 2 ** 31 - 1)), { 0: floats(1, 2, 3, 4) }), /2147483647 entries/);
  refused(zip(one(storage("0", -4)), { 0: floats(1, 2, 3, 4) }), /without a key or a size/);
  refused(zip(one(storage("0", 4, "QInt8Storage")), {}), /global "torch\.QInt8Storage"/);
  refused(zip(one(storage("0", 4, "Size")), {}), /storage of an unknown type/);
  refused(zip(one(storage("0", 4, "FloatStorage", true)), { 0: floats(1, 2, 3, 4) }), /unknown way/);
  const twice = dict(text("a"), tensor(storage("0", 4), 0, [4], [1]), text("b"), tensor(storage("0", 5), 0, [4], [1]));
  refused(zip(program(twice), { 0: floats(1, 2, 3, 4) }), /two types or sizes/);

  const old = one(storage("7", 4, "FloatStorage", true));
  refused(legacy(old, [["7", 5, floats(1, 2, 3, 4)]]), /has 5 entries, but 4 are declared/);
  refused(legacy(old, [["7", -1, floats(1, 2, 3, 4)]]), /has -1 entries/);
  refused(legacy(old, [["7", 4, floats(1, 2, 3)]]), /cut off/);
  refused(legacy(old, [["7", 4, floats(1, 2, 3, 4, 5)]]), /4 bytes at its end/);
  refused(legacy(old, [["8", 4, floats(1, 2, 3, 4)]]), /"8" twice, or no tensor uses it/);
  refused(legacy(old), /storage "7" is not in the file/);
  const huge = one(storage("7", 2 ** 31 - 1, "DoubleStorage", true));
  refused(legacy(huge, [["7", 2 ** 31 - 1, floats(1)]]), /cut off/);
});

Deno.test("decodePth() refuses zip files that are compressed, doubled or big-endian", () => {
  const pickle = program(dict());
  assert.equal(decodePth(zip(pickle), "x").size, 0); // so what follows is refused for what it adds
  refused(zipSync({ "a/data.pkl": [new Uint8Array(1000), { level: 9 }] }), /compressed/);
  refused(
    zipSync({ "a/data.pkl": pickle, "a/byteorder": new TextEncoder().encode("big") }, { level: 0 }),
    /little-endian/,
  );
  const double = zipSync({ "a/data.pkl": pickle, "a/data.pkk": pickle }, { level: 0 });
  for (let i = 0; i < double.length; i++) if (double[i] === 0x6b) double[i] = 0x6c; // "k" to "l": the same name twice
  const withTwo = new TextDecoder("latin1").decode(double);
  assert.equal(withTwo.split("a/data.pll").length, 5);
  refused(double, /entry "a\/data\.pll" twice/);
});

Deno.test("decodePth() compares the checksum of every entry that it reads", () => {
  const bytes = zip(program(dict(text("w"), tensor(storage("0", 1), 0, [1], [1]))), { 0: floats(1.5) });
  const places = { "archive/data.pkl": [0x58 ^ 0x55, "U\x01w"], "archive/data/0": [0x40, "\0\0\xc0?"] } as const;
  for (const [name, [flip, found]] of Object.entries(places)) {
    const damaged = bytes.slice();
    damaged[new TextDecoder("latin1").decode(bytes).indexOf(found) + 2] ^= flip;
    refused(damaged, new RegExp(`zip entry "${name}" is damaged: its bytes do not have the CRC-32`));
  }
  // torch.serialization.set_crc32_options(False): none is known
  const without = bytes.slice();
  const view = new DataView(without.buffer);
  for (let at = 0; at < without.length - 4; at++) {
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 16, 0, true);
  }
  assert.deepEqual([...decodePth(without, "some.pth").get("w")!.data], [1.5]);
});

Deno.test("decodePth() reads a negative view with the other sign", () => {
  // what torch.save writes of torch._neg_view(x): _rebuild_tensor_v2(storage, 0, (2,), (1,), False, OrderedDict(), {"neg": True})
  const view = (metadata: Pickle, stored = storage("0", 2)) =>
    program(dict(
      text("w"),
      call(
        global("torch._utils", "_rebuild_tensor_v2"),
        stored,
        count(0),
        tuple(count(2)),
        tuple(count(1)),
        [0x89],
        [...global("collections", "OrderedDict"), ")", "R"],
        metadata,
      ),
    ));
  const read = (pickle: Uint8Array) => [...decodePth(zip(pickle, { 0: floats(1.5, -2) }), "some.pth").get("w")!.data];
  assert.deepEqual(read(view(dict(text("neg"), [0x88]))), [-1.5, 2]);
  assert.deepEqual(read(view(dict())), [1.5, -2]);
  assert.deepEqual(read(view(["N"])), [1.5, -2]);
  const other = (metadata: Pickle, pattern: RegExp) => refused(zip(view(metadata), { 0: floats(1.5, -2) }), pattern);
  other(dict(text("conj"), [0x88]), /metadata "conj", which are not known/);
  other(dict(text("neg"), [0x88], text("backend"), count(1)), /metadata "backend"/);
  other(text("neg"), /metadata are no dict/);
  const bytes = view(dict(text("neg"), [0x88]), storage("0", 2, "ByteStorage"));
  refused(zip(bytes, { 0: new Uint8Array(2) }), /negative view of a tensor that is not of floats/);
});

Deno.test("decodePth() refuses a zip directory that claims more bytes than there are", () => {
  const bytes = zip(program(dict(text("w"), tensor(storage("0", 4), 0, [4], [1]))), { 0: floats(1, 2, 3, 4) });
  const directory = new TextDecoder("latin1").decode(bytes).indexOf("PK\x01\x02");
  for (const size of [0x7fffffff, 0xfffffffe]) {
    const lying = bytes.slice();
    const view = new DataView(lying.buffer);
    view.setUint32(directory + 20, size, true);
    view.setUint32(directory + 24, size, true);
    refused(lying, /claim more bytes than the file has|cut off/);
  }
  const beyond = bytes.slice();
  new DataView(beyond.buffer).setUint32(directory + 42, 0x7ffffff0, true); // where the entry is said to begin
  refused(beyond, /cut off|not readable/);
});

Deno.test("decodePth() reads the published LPIPS heads, whose storages were on a GPU, as their re-encoding has them", () => {
  const published = decodePth(fixture("lpips_alex_v0.1.pth"), "alex.pth");
  const { tensors } = decodeSafetensors(fixture("lpips_alex_v0.1_heads.safetensors"), "heads");
  const renamed = [...published].map(([name, tensor]) => [name.replace(".model.1.", "."), tensor] as const);
  assert.deepEqual(new Map(renamed), tensors);
  assert.equal(tensors.size, 5);
});
