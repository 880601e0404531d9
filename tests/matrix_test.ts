import assert from "node:assert/strict";
import { column, firstRows, meanRow, selectColumns, selectRows, unitRows } from "../lib/matrix.ts";

/** 3 x 2: entry (i, j) is 10 i + j. */
const FLOATS = { rows: 3, cols: 2, data: Float32Array.of(0, 1, 10, 11, 20, 21) };
const DOUBLES = { ...FLOATS, data: Float64Array.from(FLOATS.data) };

Deno.test("firstRows() takes the first rows and shares their entries", () => {
  const data = Float32Array.from(FLOATS.data);
  const first = firstRows({ ...FLOATS, data }, 2);
  assert.deepEqual(first, { rows: 2, cols: 2, data: Float32Array.of(0, 1, 10, 11) });
  data[3] = 7;
  assert.equal(first.data[3], 7);
  assert.deepEqual(firstRows(FLOATS, 0), { rows: 0, cols: 2, data: new Float32Array(0) });
});

Deno.test("selectRows() takes rows in the order asked for, one twice if asked twice, in the matrix's precision", () => {
  assert.deepEqual(selectRows(FLOATS, [2, 0, 2]), { rows: 3, cols: 2, data: Float32Array.of(20, 21, 0, 1, 20, 21) });
  assert.deepEqual(selectRows(DOUBLES, Uint32Array.of(1)), { rows: 1, cols: 2, data: Float64Array.of(10, 11) });
  assert.deepEqual(selectRows(FLOATS, []), { rows: 0, cols: 2, data: new Float32Array(0) });
  const third = { rows: 1, cols: 1, data: Float64Array.of(1 / 3) };
  assert.equal(selectRows(third, [0]).data[0], 1 / 3);
});

Deno.test("selectColumns() takes columns in the order asked for, in 32 bits", () => {
  assert.deepEqual(selectColumns(FLOATS, [1]), { rows: 3, cols: 1, data: Float32Array.of(1, 11, 21) });
  assert.deepEqual(selectColumns(DOUBLES, [1, 0, 1]), {
    rows: 3,
    cols: 3,
    data: Float32Array.of(1, 0, 1, 11, 10, 11, 21, 20, 21),
  });
});

Deno.test("column() is one column, in double precision", () => {
  assert.deepEqual(column(FLOATS, 1), Float64Array.of(1, 11, 21));
  assert.equal(column({ rows: 1, cols: 2, data: Float64Array.of(0, 1 / 3) }, 1)[0], 1 / 3);
});

Deno.test("meanRow() is the mean of each column", () => {
  const data = Float32Array.of(1, 2, 3, 5, 8, -5);
  assert.deepEqual(meanRow({ rows: 3, cols: 2, data }), Float32Array.of(4, 2 / 3)); // (1 + 3 + 8) / 3, (2 + 5 - 5) / 3
  assert.deepEqual(meanRow({ rows: 1, cols: 3, data: Float32Array.of(1, 2, 3) }), Float32Array.of(1, 2, 3));
  // in double precision: in single, 2^24 + 1 would stay 2^24
  const large = Float32Array.of(2 ** 24, 1, 1, 2);
  assert.deepEqual(meanRow({ rows: 4, cols: 1, data: large }), Float32Array.of((2 ** 24 + 4) / 4));
});

Deno.test("unitRows() scales rows to length 1, in double precision", () => {
  const { rows, cols, data } = unitRows({ rows: 2, cols: 2, data: Float32Array.of(3, 4, 0, -2) });
  assert.deepEqual([rows, cols], [2, 2]);
  assert.deepEqual(data, Float64Array.of(3 / 5, 4 / 5, 0, -1));
});

Deno.test("unitRows() subtracts an origin first", () => {
  // (4, 6) - (1, 2) = (3, 4), (1, 1) - (1, 2) = (0, -1)
  const { data } = unitRows({ rows: 2, cols: 2, data: Float32Array.of(4, 6, 1, 1) }, [1, 2]);
  assert.deepEqual(data, Float64Array.of(3 / 5, 4 / 5, 0, -1));
});

Deno.test("unitRows() refuses a row without a direction, and says which", () => {
  const of = (...data: number[]) => ({ rows: 2, cols: 2, data: Float64Array.from(data) });
  assert.throws(() => unitRows(of(1, 0, 0, 0)), { name: "RangeError", message: /embedding 1 has norm 0,/ });
  assert.throws(() => unitRows(of(NaN, 0, 1, 0)), { name: "RangeError", message: /embedding 0 has norm NaN/ });
  assert.throws(() => unitRows(of(1, 0, Infinity, 0)), {
    name: "RangeError",
    message: /embedding 1 has norm Infinity/,
  });
  assert.throws(() => unitRows(of(2, 0, 1, 3), [1, 3]), { name: "RangeError", message: /embedding 1 has norm 0,/ });
});
