import assert from "node:assert/strict";
import type { Matrix } from "../../lib/types.ts";

/** Asserts that a number is there and equals another up to rounding. */
export function assertClose(actual: number | null, expected: number | null, tolerance = 1e-13): void {
  assert.ok(
    actual !== null && expected !== null && Math.abs(actual - expected) <= tolerance,
    `${actual} is not ${expected}`,
  );
}

/** A matrix of the given rows. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, cols: rows[0].length, data: Float64Array.from(rows.flat()) };
}
