/**
 * Angles between embeddings, in half turns.
 *
 * @module
 */
import type { Matrix } from "../types.ts";

/** The rows of a matrix less an origin, if any, each scaled to length 1. */
export function rowDirections({ rows, cols, data }: Matrix, origin: ArrayLike<number> | null = null): Float64Array[] {
  return Array.from({ length: rows }, (_, i) => {
    const row = Float64Array.from({ length: cols }, (_, d) => data[i * cols + d] - (origin?.[d] ?? 0));
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  });
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
