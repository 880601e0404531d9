import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { readLabels, readMatrix, writeMatrix } from "../../lib/store/matrix_files.ts";
import { encodeNpy } from "../../lib/npy.ts";

const fixture = (name: string) => new URL(`../../fixtures/npy/${name}.npy`, import.meta.url).pathname;

/** Runs a test with a file of the given text or bytes. */
async function withFile<T>(content: string | Uint8Array, test: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".table" });
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const array = (shape: number[], ...values: number[]) => encodeNpy({ shape, data: Float32Array.from(values) });

function refused(content: string | Uint8Array, pattern: RegExp, read: (path: string) => Promise<unknown> = readMatrix) {
  return withFile(content, (path) =>
    assert.rejects(read(path), (error) => {
      assert.ok(error instanceof InputError, `${(error as Error).stack}`);
      assert.ok(error.message.includes(path) && !error.message.includes("\n"), error.message);
      assert.match(error.message, pattern);
      return true;
    }));
}

Deno.test("readMatrix() reads .npy of float32, float64, integers and Fortran order alike", async () => {
  for (const name of ["little_f4", "big_f8", "big_i8", "i1", "fortran"]) {
    const { rows, cols, data } = await readMatrix(fixture(name));
    assert.deepEqual([rows, cols, ...data], [3, 4, -5, -4, -3, -2, 5, 6, 7, 8, 15, 16, 17, 18], name);
  }
});

Deno.test("readMatrix() reads CSV with any line ends, with or without column names", async () => {
  const expected = { rows: 2, cols: 3, data: new Float64Array([1, -2.5, 3e-2, 0.5, 5, 6]) };
  const plain = "1,-2.5,3e-2\n.5, 5 ,+6.\n";
  for (const text of [plain, plain.replaceAll("\n", "\r\n"), `a,b,x 1\n${plain}\n\n`, `\u{feff}${plain.trimEnd()}`]) {
    assert.deepEqual(await withFile(text, readMatrix), expected, JSON.stringify(text));
  }
});

Deno.test("readMatrix() takes one row and one column", async () => {
  assert.deepEqual(await withFile(array([1, 2], 3, 4), readMatrix), {
    rows: 1,
    cols: 2,
    data: new Float32Array([3, 4]),
  });
  assert.deepEqual(await withFile("3\n4\n", readMatrix), { rows: 2, cols: 1, data: new Float64Array([3, 4]) });
});

Deno.test("readMatrix() names the row and column of NaN and infinities", async () => {
  await refused(array([2, 3], 1, 2, 3, 4, 5, NaN), /has NaN at row 1, column 2 \(counted from 0\)/);
  await refused(array([2, 3], 1, 2, 3, Infinity, 5, 6), /has Infinity at row 1, column 0/);
  await refused(array([2, 3], 1, -Infinity, 3, 4, 5, 6), /has -Infinity at row 0, column 1/);
  await refused("1,2\nnan,4\n", /has NaN at row 1, column 0/);
  await refused("inf,2\n3,4\n", /has Infinity at row 0, column 0/);
  await refused("1,2\n3,-Infinity\n", /has -Infinity at row 1, column 1/);
  await refused("1,1e999\n", /has Infinity at row 0, column 1/);
});

Deno.test("readMatrix() refuses what has no rows, no columns, or not two dimensions", async () => {
  await refused(array([0, 4]), /0 rows and 4 columns/);
  await refused(array([4, 0]), /4 rows and 0 columns/);
  await refused("", /0 rows and 0 columns/);
  await refused("\n\n", /0 rows/);
  await refused("a,b\n", /0 rows/); // column names alone
  await refused(array([3], 1, 2, 3), /a vector, not a matrix/);
  await refused(array([1, 1, 1], 1), /an array of 3 dimensions/);
  await refused(array([], 1), /an array of 0 dimensions/);
});

Deno.test("readMatrix() names the line of ragged CSV and of cells that are no numbers", async () => {
  await refused("1,2\n3\n", /1 columns on line 2 and 2 before it/);
  await refused("1,2\n3,4,5\n", /3 columns on line 2/);
  await refused("1,2\n\n3,4\n", /1 columns on line 2/);
  await refused("a,b\n1,2\n3,x\n", /"x" on line 3, column 2, which is not a number/);
  await refused("1,2\n3,\n", /"" on line 2, column 2/);
  await refused("1,b\n", /"b" on line 1/); // neither names nor numbers
  await refused("0x10,1\n", /"0x10"/);
  await refused("1;2\n3;4\n5\n", /"3;4" on line 2/); // the first line passes as a column's name
});

Deno.test("readMatrix() refuses a damaged .npy, bytes that are no text, and a file that is not there", async () => {
  await refused(array([2, 2], 1, 2, 3, 4).subarray(0, -1), /is not a readable \.npy file/);
  await refused(new Uint8Array([0xff, 0xfe, 0x00, 0x80]), /neither a \.npy file nor text/);
  await assert.rejects(readMatrix("/nowhere/x.npy"), (error) => {
    return error instanceof InputError && /^cannot read \/nowhere\/x\.npy: /.test(error.message);
  });
});

Deno.test("readLabels() reads a vector, a column or a row of whole numbers", async () => {
  assert.deepEqual(await readLabels(fixture("vector"), 3), [0, 2, 1]);
  for (const content of [array([3, 1], 7, 0, 7), "7\n0\n7\n", "label\n7\n0\n7\n", "7,0,7"]) {
    assert.deepEqual(await withFile(content, (path) => readLabels(path, 3)), [7, 0, 7]);
  }
});

Deno.test("readLabels() refuses another count, a matrix, fractions, negatives and NaN", async () => {
  const three = (path: string) => readLabels(path, 3);
  await refused(array([2], 0, 1), /holds 2 labels for 3 rows/, three);
  await refused(array([3, 2], 0, 1, 0, 1, 0, 1), /shape \(3, 2\), not labels/, three);
  await refused(array([3], 0, 0.5, 1), /label 0\.5 for row 1/, three);
  await refused(array([3], 0, 1, -1), /label -1 for row 2/, three);
  await refused("0\nnan\n1\n", /label NaN for row 1/, three);
});

Deno.test("writeMatrix() writes what readMatrix() reads", async () => {
  const matrix = { rows: 2, cols: 2, data: new Float32Array([1, 2, 3, 4.5]) };
  await withFile("", async (path) => {
    writeMatrix(path, matrix);
    assert.deepEqual(await readMatrix(path), matrix);
  });
});
