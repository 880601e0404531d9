import assert from "node:assert/strict";
import { createRandom } from "../../lib/random.ts";
import type { Matrix } from "../../lib/types.ts";

/** A matrix of the given rows. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, cols: rows[0].length, data: Float64Array.from(rows.flat()) };
}

/** Normal points about each of the centres in turn: point i belongs to centre i mod their number. */
export function blobs(centres: readonly (readonly number[])[], each: number, spread: number, seed: number): number[][] {
  const random = createRandom(seed, "blobs");
  return Array.from({ length: centres.length * each }, (_, i) => {
    return centres[i % centres.length].map((value) => value + spread * random.normal());
  });
}

/** Axis vectors of the given length: `count` centres in `dimensions` dimensions. */
export function axes(count: number, dimensions: number, length: number): number[][] {
  return Array.from({ length: count }, (_, i) => Array.from({ length: dimensions }, (_, d) => (i === d ? length : 0)));
}

/** Asserts that two numbers are equal up to a share of the greater of them and 1. */
export function assertClose(actual: number, expected: number, tolerance = 1e-9): void {
  const scale = Math.max(1, Math.abs(actual), Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= tolerance * scale, `${actual} is not ${expected}`);
}

/** SSE of a partition by the other route: sum over clusters of the squared distances of its ordered pairs / (2 n_k). */
export function pairwiseInertia(points: readonly (readonly number[])[], assignments: readonly number[]): number {
  let sse = 0;
  for (const [i, p] of points.entries()) {
    const size = assignments.filter((k) => k === assignments[i]).length;
    for (const [j, q] of points.entries()) {
      if (assignments[i] === assignments[j]) sse += p.reduce((sum, x, d) => sum + (x - q[d]) ** 2, 0) / (2 * size);
    }
  }
  return sse;
}
