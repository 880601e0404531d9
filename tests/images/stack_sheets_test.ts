import assert from "node:assert/strict";
import { stackSheets } from "../../lib/images/stack_sheets.ts";

/** A sheet of one grey. */
const grey = (height: number, width: number, value: number) => ({
  count: 1,
  height,
  width,
  data: new Float32Array(height * width * 3).fill(value),
});

Deno.test("stackSheets() puts sheets below each other with white between them, and none around", () => {
  const { count, height, width, data } = stackSheets([grey(1, 2, 0.25), grey(2, 2, 0.5), grey(1, 2, 0)], 1);
  assert.deepEqual([count, height, width], [1, 6, 2]);
  const rows = Array.from({ length: height }, (_, y) => [...new Set(data.subarray(y * 6, (y + 1) * 6))]);
  assert.deepEqual(rows, [[0.25], [1], [0.5], [0.5], [1], [0]]);
});

Deno.test("stackSheets() refuses no sheets and two widths", () => {
  assert.throws(() => stackSheets([], 1), /no sheet/);
  assert.throws(() => stackSheets([grey(1, 2, 0), grey(1, 3, 0)], 1), /a sheet of 3 pixels below one of 2/);
});
