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
  await refused(
    "0,1,label\n.5,.6,3\n",
    /"label" on line 1, column 3, which is not a number \(nor is .* "0" in column 1/,
  );
});

Deno.test("readMatrix() says what separates cells in place of commas, and that lines end with one", async () => {
  await refused("a;b\n1,5;2,5\n4,0;5,0\n", /has cells separated by semicolons; save it with commas/); // a German Excel
  await refused("1;2\n3;4\n", /semicolons/);
  await refused("a\tb\n1.5\t2.5\n", /separated by tabs/);
  await refused("1.5 2.5\n4 5\n", /separated by blanks/); // numpy.savetxt
  await refused("a,b,\n1,2,\n3,4,\n", /has a comma at the end of every line/);
  await refused("1,2,\n3,4,\n", /has a comma at the end of every line/);
});

Deno.test("readMatrix() reads numbers in quotes where every cell is in quotes", async () => {
  const rows = [[1.5, -2, 3], [4, 5, 6]];
  const data = '"1.5","-2","3"\r\n"4","5","6"\r\n';
  assert.deepEqual(await noted(data), { rows, notes: [] });
  for (const names of ['"0","1","2"', '"a","b","c"']) { // pandas: to_csv(index=False, quoting=csv.QUOTE_ALL)
    assert.deepEqual(await noted(`${names}\r\n${data}`), {
      rows,
      notes: [`FILE: line 1, ${names}, is taken for column names`],
    });
  }
  await refused(`"","0","1"\n"0","1.5","2"\n`, /has an index as its column 1/);
  await refused('1,2\n"3",4\n', /"\\"3\\"" on line 2, column 1, which is not a number/);
});

/** What is noted of a text while it is read, and its rows. */
async function noted(text: string): Promise<{ rows: number[][]; notes: string[] }> {
  return await withFile(text, async (path) => {
    const notes: string[] = [];
    const { rows, cols, data } = await readMatrix(path, (note) => notes.push(note.replace(path, "FILE")));
    return { rows: Array.from({ length: rows }, (_, i) => [...data.slice(i * cols, (i + 1) * cols)]), notes };
  });
}

Deno.test("readMatrix() takes numbers that name columns for names, and says so", async () => {
  const data = "0.126,-0.132,0.64\n0.105,-0.536,0.362\n";
  const rows = [[0.126, -0.132, 0.64], [0.105, -0.536, 0.362]];
  // pandas: to_csv(index=False) of columns without names, of a float index, of chosen columns; from 1; texts
  for (
    const names of ["0,1,2", "0.0,1.0,2.0", "3,7,9", "7,3,21", "2,1,0", "1,2,3", "a,b,c", '"x, y",b,c', '"1","2","3"']
  ) {
    assert.deepEqual(await noted(`${names}\n${data}`), {
      rows,
      notes: [`FILE: line 1, ${names}, is taken for column names`],
    });
  }
  assert.deepEqual(await noted("0,1\n0.5,1.5\n0.25,1e-9\n"), {
    rows: [[0.5, 1.5], [0.25, 1e-9]],
    notes: ["FILE: line 1, 0,1, is taken for column names"],
  });
  assert.deepEqual((await noted("0,1,2,3\n4,5,6,7\n")).rows, [[4, 5, 6, 7]]);
});

Deno.test("readMatrix() takes two numbers that may be names for numbers, and says so", async () => {
  for (const text of ["0,1\n1,0\n", "0,1\n.5,0\n", "0.0,1.0\n1.0,0.5\n", "3,7\n0.5,0.25\n", "5,6,7\n8,9,9\n"]) {
    const { rows, notes } = await noted(text);
    assert.equal(rows.length, 2);
    assert.match(notes.join(), /^FILE: line 1, [\d.]+(,[\d.]+)+, is taken for numbers; if it names columns, drop it$/);
  }
  const levels = await noted("0,0,1\n0,1,0\n0.5,0.25,0.75\n"); // pandas, columns of two levels
  assert.deepEqual([levels.rows.length, levels.notes.length], [3, 1]);
  for (const text of ["0,1,2\n", "1,0\n0,1\n", "0,2,1\n1,2,3\n", "-1,0,1\n0.5,0.5,0.5\n", "0,0,1\n0.5,0.5,0.5\n"]) {
    const { rows, notes } = await noted(text);
    assert.deepEqual([rows.length, notes], [text.trim().split("\n").length, []]);
  }
});

Deno.test("readMatrix() does not take missing numbers for column names", async () => {
  for (
    const missing of [
      "NA",
      "#N/A",
      "n/a",
      "<NA>",
      "NULL",
      "None",
      '"NA"',
      "-1.#IND",
      "#DIV/0!",
      "?",
      "-",
      ".",
      "—",
      "#NULL!",
      "#WERT!",
      "#NV",
      "NaT",
      "\\N",
      "N.A.",
      "unknown",
    ]
  ) {
    await refused(`${missing},${missing}\n1,2\n3,4\n`, /on line 1, column 1, which is not a number/);
  }
  await refused("nan,nan\n1,2\n", /has NaN at row 0, column 0/);
  // numbers that are written otherwise are no names either: minus as a sign of its own, groups, Fortran, complex, hexadecimal
  for (const cell of ["\u22121.5", "1 000", "1\u00a0000", "1'000", "1.5D+01", "1+2j", "0x1F", "\u0661", '"1,234.5"']) {
    await refused(`${cell},${cell.replace("1", "2")}\n1,2\n3,4\n`, /on line 1, column 1, which is not a number/);
  }
  for (const names of ["3d,2nd", "25%,50%", "1-2,1-3", "0_1,0_2", "2020-01-01,2020-01-02"]) {
    assert.deepEqual((await noted(`${names}\n.5,2\n`)).rows, [[0.5, 2]]);
  }
  assert.deepEqual((await noted("none_1,null_2\n1,2\n")).rows, [[1, 2]]);
});

Deno.test("readMatrix() refuses an index that line 1 shows, and tells of one that it does not show", async () => {
  const data = "0,0.126,-0.132\n1,0.105,-0.536\n2,0.3,0.4\n";
  for (const names of [",0,1", ",a,b", '"","V1","V2"', "Unnamed: 0,0,1", "Unnamed: 0,a,b", "id,0,1", "id,a,b"]) {
    await refused(`${names}\n${data}`, /has an index as its column 1, .* on line 1; save it without/);
  }
  await refused(`,a,b\nx,1,2\n`, /an index/); // an index of texts
  await refused(`V1,V2\n${data}`, /3 columns on line 2 and 2 before it/); // as R's write.table has it
  const { rows, notes } = await noted(data);
  assert.equal(rows.length, 3);
  assert.match(notes.join(), /^FILE: column 1 counts the rows and is taken for numbers; if it is an index/);
  for (const text of ["id,a,b\n12,.5,.1\n10,.5,.2\n11,.5,.3\n", "12,.5,.1\n10,.5,.2\n11,.5,.3\n"]) {
    const { rows, notes } = await noted(text);
    assert.deepEqual(rows, [[12, .5, .1], [10, .5, .2], [11, .5, .3]]);
    assert.match(
      notes.join(),
      /column 1 alone has whole numbers, each another, and is taken for numbers; if it is an index/,
    );
  }
  await refused(",0\n0,1\n1,0\n2,1\n", /an index/); // pandas: Series.to_csv()
  await refused(",0.5\n1,2\n", /"" on line 1, column 1, which is not a number/); // a number is missing
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

Deno.test("readLabels() takes a number for the column's name where it is one too many", async () => {
  const notes: string[] = [];
  const labels = (text: string) => withFile(text, (path) => readLabels(path, 3, (note) => notes.push(note)));
  assert.deepEqual(await labels("0\n1\n0\n1\n"), [1, 0, 1]); // pandas: Series([1, 0, 1]).to_csv(index=False)
  assert.match(notes.join(), /line 1, 0, is taken for the column's name/);
  assert.deepEqual(await labels("0\n1\n2\n"), [0, 1, 2]);
  assert.deepEqual(await labels("0,1,2\n"), [0, 1, 2]);
  assert.equal(notes.length, 1);
  await refused("7\n1\n0\n1\n", /4 labels for 3 rows/, (path) => readLabels(path, 3));
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
