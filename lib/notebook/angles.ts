/**
 * Angles between embeddings, in half turns.
 *
 * @module
 */
import { unitRows } from "../matrix.ts";
import type { Matrix } from "../types.ts";

/** The directions of a matrix's rows, less an origin, if any: one vector of length 1 a row. */
export function rowDirections(matrix: Matrix, origin: ArrayLike<number> | null = null): Float64Array[] {
  const { rows, cols, data } = unitRows(matrix, origin);
  return Array.from({ length: rows }, (_, i) => Float64Array.from(data.subarray(i * cols, (i + 1) * cols)));
}

/** The angle between two vectors of length 1 over pi, in [0, 1]. */
export function halfTurns(a: Float64Array, b: Float64Array): number {
  const dot = a.reduce((sum, value, d) => sum + value * b[d], 0);
  return Math.acos(Math.min(1, Math.max(-1, dot))) / Math.PI;
}

/**
 * Angles between all pairs of rows over pi, in [0, 1], symmetric with zeros on the diagonal.
 *
 * @param origin what is subtracted from each row first, such as the training images' mean embedding; nothing if null.
 */
export function angleMatrix(matrix: Matrix, origin: ArrayLike<number> | null = null): number[][] {
  const directions = rowDirections(matrix, origin);
  return directions.map((a, i) => directions.map((b, j) => i === j ? 0 : halfTurns(a, b)));
}
