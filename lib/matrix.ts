/**
 * Rows of a matrix.
 *
 * @module
 */
import type { Matrix } from "./types.ts";

/** The first rows of a matrix; the entries are shared. */
export function firstRows({ cols, data }: Matrix, rows: number): Matrix {
  return { rows, cols, data: data.subarray(0, rows * cols) };
}

/** The rows of these indices, in their order. */
export function selectRows({ cols, data }: Matrix, indices: readonly number[]): Matrix {
  const selected = new Float64Array(indices.length * cols);
  indices.forEach((index, i) => selected.set(data.subarray(index * cols, (index + 1) * cols), i * cols));
  return { rows: indices.length, cols, data: selected };
}
