import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../lib/errors.ts";
import { decodeNpy, decodeNpyHeader, encodeNpy, encodeNpyHeader } from "../lib/npy.ts";

const fixture = (name: string) => Deno.readFileSync(new URL(`../fixtures/npy/${name}.npy`, import.meta.url));

/** The matrix of fixtures/npy/make_fixtures.py: entry (r, c) is 10 r + c less an offset. */
const grid = (offset: number) => [0, 1, 2].flatMap((r) => [0, 1, 2, 3].map((c) => 10 * r + c - offset));

/** A .npy file by hand. */
function npy(header: string, data: ArrayLike<number> = [], declared = header.length): Uint8Array {
  const length = [declared & 255, declared >> 8];
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    ...length,
    ...new TextEncoder().encode(header),
    ...Array.from(data),
  ]);
}

function refused(bytes: Uint8Array, pattern: RegExp): void {
  assert.throws(() => decodeNpy(bytes, "some.npy"), (error) => {
    assert.ok(error instanceof InputError, `${(error as Error).stack}`);
    assert.match(error.message, /^some\.npy is not a readable \.npy file: .*; save it again with numpy\.save$/);
    assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("decodeNpy() reads every dtype and byte order that NumPy wrote", () => {
  const signed = ["f2", "f4", "f8", "i2", "i4", "i8"].flatMap((type) => [`little_${type}`, `big_${type}`]);
  const cases = [
    ...[...signed, "i1", "fortran", "version2", "version3"].map((name) => [name, grid(5)] as const),
    ...["u1", "little_u2", "little_u4", "big_u8"].map((name) => [name, grid(0)] as const),
    ["bool", grid(0).map((value) => value % 2)] as const,
  ];
  for (const [name, expected] of cases) {
    const { shape, data } = decodeNpy(fixture(name), name);
    assert.deepEqual(shape, [3, 4], name);
    assert.deepEqual([...data], expected, name);
    assert.equal(data instanceof Float32Array, /f2|f4|fortran|version/.test(name), name);
  }
});

Deno.test("decodeNpy() reads arrays of no, one and three dimensions, in Fortran order too", () => {
  assert.deepEqual(decodeNpy(fixture("scalar"), "x"), { shape: [], data: new Float64Array([2.5]) });
  assert.deepEqual(decodeNpy(fixture("vector"), "x"), { shape: [3], data: new Float64Array([0, 2, 1]) });
  assert.deepEqual(decodeNpy(fixture("empty"), "x"), { shape: [0, 4], data: new Float32Array(0) });
  const ramp = Float64Array.from({ length: 24 }, (_, i) => i); // entry (a, b, c) is 12 a + 4 b + c
  assert.deepEqual(decodeNpy(fixture("fortran_3d"), "x"), { shape: [2, 3, 4], data: ramp });
});

Deno.test("decodeNpy() reads keys in any order, without trailing commas, and Python 2's long integers", () => {
  const header = "{'shape': (2L, 1L), 'fortran_order': False, 'descr': '=i1'}";
  assert.deepEqual(decodeNpy(npy(header, [1, 255]), "x"), { shape: [2, 1], data: new Float64Array([1, -1]) });
});

Deno.test("decodeNpy() refuses objects, which are a pickle, and what is not a real number", () => {
  refused(fixture("object"), /holds Python objects/);
  refused(fixture("complex"), /dtype <c16 is not a real number type/);
  refused(fixture("text"), /dtype <U2/);
  refused(fixture("structured"), /structured/);
  for (const type of ["f16", "toString", "f3", "i16", "M8", "V4"]) {
    refused(npy(`{'descr': '<${type}', 'fortran_order': False, 'shape': ()}`), /not a real number type/);
  }
});

Deno.test("decodeNpy() refuses a file cut anywhere", () => {
  const whole = fixture("little_f4");
  for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), /./);
  refused(whole.subarray(0, 9), /cut off in its header/);
  refused(whole.subarray(0, whole.length - 1), /shape \(3, 4\) of <f4 needs 48 bytes, but 47 follow/);
});

Deno.test("decodeNpy() refuses headers that lie or are none", () => {
  const header = (shape: string) => `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  refused(npy(header("(1,)"), [0, 0, 0, 0, 0]), /needs 4 bytes, but 5 follow/);
  refused(npy(header("(4294967296, 4294967296)"), [0, 0, 0, 0]), /needs \S+ bytes/);
  refused(npy(header("(1,)"), [], 65535), /cut off in its header/);
  refused(npy(header("(1,)"), [0, 0, 0, 0], 10), /not a Python dict/);
  for (const shape of ["(-1,)", "(0.5,)", "4", "None", "('a',)", "(1e400,)"]) refused(npy(header(shape)), /shape|dict/);
  refused(npy("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}"), /Fortran order/);
  refused(npy("{'fortran_order': False, 'shape': ()}"), /missing/);
  for (const text of ["", "None", "[]", "3", "{", "__import__('os').system('id')"]) refused(npy(text), /./);
  const version = fixture("little_f4").slice();
  version[6] = 4;
  refused(version, /version is 4/);
  refused(new TextEncoder().encode("1,2\n3,4\n"), /does not begin as one/);
});

Deno.test("encodeNpy() writes the bytes that numpy.save writes", () => {
  const data = grid(5);
  assert.deepEqual(encodeNpy({ shape: [3, 4], data: new Float32Array(data) }), fixture("little_f4"));
  assert.deepEqual(encodeNpy({ shape: [3, 4], data: new Float64Array(data) }), fixture("little_f8"));
  assert.deepEqual(encodeNpy({ shape: [], data: new Float64Array([2.5]) }), fixture("scalar"));
  assert.throws(() => encodeNpy({ shape: [3], data: new Float32Array(2) }), RangeError);
});

Deno.test("decodeNpy() returns what encodeNpy() was given", () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  fc.assert(fc.property(shape, (dims) => {
    const data = Float64Array.from({ length: dims.reduce((product, n) => product * n, 1) }, (_, i) => i / 3);
    assert.deepEqual(decodeNpy(encodeNpy({ shape: dims, data }), "x"), { shape: dims, data });
  }));
});

Deno.test("encodeNpyHeader() is the beginning of the whole file", () => {
  for (const shape of [[7], [12, 32, 32, 3], [1_000_000, 32, 32]] as const) {
    const header = encodeNpyHeader(shape, "f4");
    assert.equal(header.length % 64, 0);
    assert.match(new TextDecoder("latin1").decode(header), new RegExp(`'shape': \\(${shape.join(", ")},?\\), } *\\n$`));
  }
  const data = new Float32Array(5 * 32 * 32 * 3);
  const header = encodeNpyHeader([5, 32, 32, 3], "f4");
  assert.deepEqual(header, encodeNpy({ shape: [5, 32, 32, 3], data }).slice(0, header.length));
});

Deno.test("decodeNpyHeader() tells where entries lie, and reads some of them", () => {
  const bytes = encodeNpy({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const { shape, type, fortran, start, bytes: size, entries } = decodeNpyHeader(bytes.subarray(0, 128), "some.npy");
  assert.deepEqual([shape, type, fortran, start, size], [[3, 2], "f4", false, 128, 24]);
  assert.deepEqual(Array.from(entries(bytes.subarray(start + 8, start + 16))), [3, 4]);
});
