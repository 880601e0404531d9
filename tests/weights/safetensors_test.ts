import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../lib/weights/safetensors.ts";

/** A file put together by hand: the header's text and the data's bytes. */
function file(header: string, data: readonly number[] | Uint8Array = [], declared?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

/** Asserts that the bytes are refused in one line that names the file and matches. */
function refused(bytes: Uint8Array, pattern: RegExp): void {
  assert.throws(() => decodeSafetensors(bytes, "some.safetensors"), (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(
      error.message,
      /^some\.safetensors is not a valid safetensors file: .*; fetch or export the file again$/,
    );
    assert.match(error.message, pattern);
    assert.ok(error.message.length < 500);
    return true;
  });
}

Deno.test("decodeSafetensors() reads each dtype from bytes written by hand", () => {
  const cases: [string, number[], number][] = [
    ["F64", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5],
    ["F32", [0, 0, 0xc0, 0x3f], 1.5],
    ["F16", [0x00, 0x3e], 1.5],
    ["F16", [0x01, 0x00], 2 ** -24], // the smallest subnormal half
    ["BF16", [0xc0, 0x3f], 1.5],
    ["BF16", [0xc0, 0xbf], -1.5],
    ["I64", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2],
    ["U64", [3, 0, 0, 0, 0, 0, 0, 0], 3],
    ["I32", [0xfe, 0xff, 0xff, 0xff], -2],
    ["U32", [0, 0, 0, 0x80], 2 ** 31],
    ["I16", [0xfe, 0xff], -2],
    ["U16", [0xfe, 0xff], 65534],
    ["I8", [0xfe], -2],
    ["U8", [0xfe], 254],
    ["BOOL", [1], 1],
  ];
  for (const [dtype, data, value] of cases) {
    const { tensors } = decodeSafetensors(file(`{"x":${entry(dtype, [], [0, data.length])}}`, data), "x");
    assert.deepEqual(tensors.get("x"), { shape: [], data: new Float32Array([value]) }, dtype);
  }
});

Deno.test("decodeSafetensors() reads tensors in any order of the header, padded or not, at any alignment", () => {
  const header = `{"b":${entry("F32", [1], [1, 5])},"__metadata__":{"from":"hand"},"a":${
    entry("U8", [1, 1], [0, 1])
  }}   `;
  const padded = new Uint8Array(1 + file(header, [7, 0, 0, 0x80, 0x40]).length);
  padded.set(file(header, [7, 0, 0, 0x80, 0x40]), 1);
  const { tensors, metadata } = decodeSafetensors(padded.subarray(1), "x");
  assert.deepEqual(metadata, { from: "hand" });
  assert.deepEqual([...tensors.keys()], ["a", "b"]);
  assert.deepEqual(tensors.get("a"), { shape: [1, 1], data: new Float32Array([7]) });
  assert.deepEqual(tensors.get("b"), { shape: [1], data: new Float32Array([4]) });
});

Deno.test("encodeSafetensors() writes the bytes that the format asks for", () => {
  const bytes = encodeSafetensors({ x: { shape: [2], data: new Float32Array([1, -2]) } });
  const header = `{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`; // 54 bytes, padded to 56
  assert.deepEqual(bytes, file(header.padEnd(56, " "), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]));
});

Deno.test("encodeSafetensors() rounds F16 to nearest, ties to even", () => {
  const ulp = 2 ** -10; // spacing of halves in [1, 2)
  const data = new Float32Array([1 + ulp / 2, 1 + 1.5 * ulp, 1 + 0.51 * ulp, 65504, -Infinity]);
  const bytes = encodeSafetensors(new Map([["x", { shape: [5], data }]]), {}, "F16");
  const back = decodeSafetensors(bytes, "x").tensors.get("x")!;
  assert.deepEqual([...back.data], [1, 1 + 2 * ulp, 1 + ulp, 65504, -Infinity]);
});

Deno.test("encodeSafetensors() refuses what cannot be stored", () => {
  assert.throws(() => encodeSafetensors({ x: { shape: [2], data: new Float32Array(3) } }), /3 entries do not fill/);
  assert.throws(() => encodeSafetensors({ __metadata__: { shape: [], data: new Float32Array(1) } }), RangeError);
  const large = { shape: [2], data: new Float32Array([0, 65520]) };
  assert.throws(() => encodeSafetensors({ x: large }, {}, "F16"), /x: entry 1 is 65520, too large for F16/);
});

Deno.test("decodeSafetensors() returns what encodeSafetensors() was given", () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const tensor = shape.chain((dims) => {
    const length = dims.reduce((product, n) => product * n, 1);
    return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({ shape: dims, data }));
  });
  const name = fc.string().filter((text) => text !== "__metadata__" && text !== "__proto__");
  const named = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 5 });
  fc.assert(fc.property(named, (pairs) => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(new Map(pairs), { 'a"b': '{\\"' }), "x");
    assert.deepEqual(metadata, { 'a"b': '{\\"' });
    assert.deepEqual(new Map(tensors), new Map(pairs));
  }));
});

Deno.test("decodeSafetensors() refuses a truncated file, wherever it is cut", () => {
  const whole = encodeSafetensors({ a: { shape: [3], data: new Float32Array(3) } }, { note: "n" });
  for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), /./);
  refused(whole.subarray(0, 4), /4 bytes, fewer than the 8/);
  refused(whole.subarray(0, 20), /truncated\?/);
  refused(whole.subarray(0, whole.length - 1), /tensor "a" ends at byte 12 of the data, which have 11 bytes/);
});

Deno.test("decodeSafetensors() refuses a header length that lies", () => {
  refused(file("{}", [], 2n ** 64n - 1n), /header of 18446744073709551615 bytes, over the limit/);
  refused(file("{}", [], 100_000_001n), /over the limit/);
  refused(file("{}", [], 3n), /header of 3 bytes, but only 2 follow/);
  refused(file("{}", [], 1n), /not JSON/);
});

Deno.test("decodeSafetensors() refuses a header that is not a JSON object", () => {
  for (const header of ["[]", "null", " {}", "", "{'a':1}", "\u{feff}{}"]) refused(file(header), /header is not/);
  refused(new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0x22]), /not JSON text/); // not UTF-8
  refused(file(`{"a":1}`), /entry for tensor "a" is not an object/);
  refused(file(`{"__metadata__":{"a":1}}`), /metadata "a" is not a text/);
  refused(file(`{"__metadata__":[]}`), /__metadata__ is not an object/);
});

Deno.test("decodeSafetensors() refuses a key that occurs twice", () => {
  const x = entry("U8", [0], [0, 0]);
  refused(file(`{"a":${x},"b":${x},"\\u0061":${x}}`), /the key "a" twice/);
  refused(file(`{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), /the key "dtype" twice/);
  decodeSafetensors(file(`{"a":${x},"b":${x},"__metadata__":{"a":"\\"a\\":","b":"a"}}`), "x"); // not twice in one object
});

Deno.test("decodeSafetensors() refuses unknown dtypes, and shapes and offsets that are none", () => {
  refused(file(`{"a":${entry("F8_E4M3", [1], [0, 1])}}`, [0]), /unknown dtype "F8_E4M3"/);
  refused(file(`{"a":${entry("toString", [1], [0, 1])}}`, [0]), /unknown dtype "toString"/);
  for (const shape of [[-1], [0.5], ["1"], 1, null, [1e300]]) {
    refused(file(`{"a":${entry("U8", shape, [0, 1])}}`, [0]), /not a list of sizes/);
  }
  for (const offsets of [[1, 0], [0], [0, 1, 2], [-1, 0], [0, 0.5], null]) {
    refused(file(`{"a":${entry("U8", [1], offsets)}}`, [0]), /not a begin and an end/);
  }
  refused(file(`{"${"n".repeat(10_000)}\\n":1}`), /nnn\.\.\./);
});

Deno.test("decodeSafetensors() refuses sizes that do not match the shape, however huge", () => {
  refused(file(`{"a":${entry("F32", [2], [0, 4])}}`, [0, 0, 0, 0]), /needs 8 bytes, but its offsets span 4/);
  refused(file(`{"a":${entry("F32", [2 ** 40, 2 ** 40], [0, 4])}}`, [0, 0, 0, 0]), /needs \S+ bytes/);
  refused(file(`{"a":${entry("F32", [2 ** 40], [0, 2 ** 42])}}`, [0, 0, 0, 0]), /ends at byte 4398046511104/);
});

Deno.test("decodeSafetensors() refuses overlaps, holes and bytes at the end", () => {
  const pair = (a: number[], b: number[]) =>
    `{"a":${entry("U8", [a[1] - a[0]], a)},"b":${entry("U8", [b[1] - b[0]], b)}}`;
  refused(file(pair([0, 2], [1, 3]), [0, 0, 0]), /tensor "b" overlaps/);
  refused(file(pair([0, 1], [2, 3]), [0, 0, 0]), /1 bytes before tensor "b" belong to no tensor/);
  refused(file(pair([0, 1], [1, 2]), [0, 0, 0]), /1 bytes at its end belong to no tensor/);
  refused(file(pair([0, 2], [0, 2]), [0, 0]), /overlaps/);
});
