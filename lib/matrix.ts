/**
 * Rows and columns of a matrix.
 *
 * @module
 */
import type { Matrix } from "./types.ts";

/** The first rows of a matrix; the entries are shared. */
export function firstRows({ cols, data }: Matrix, rows: number): Matrix {
  return { rows, cols, data: data.subarray(0, rows * cols) };
}

/** The rows of these indices, in their order and in the precision of the matrix. */
export function selectRows({ cols, data }: Matrix, indices: ArrayLike<number>): Matrix {
  const selected = data instanceof Float32Array
    ? new Float32Array(indices.length * cols)
    : new Float64Array(indices.length * cols);
  for (let i = 0; i < indices.length; i++) {
    selected.set(data.subarray(indices[i] * cols, (indices[i] + 1) * cols), i * cols);
  }
  return { rows: indices.length, cols, data: selected };
}

/** The columns of these indices, in their order, in 32 bits. */
export function selectColumns({ rows, cols, data }: Matrix, indices: readonly number[]): Matrix {
  const selected = new Float32Array(rows * indices.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < indices.length; j++) selected[i * indices.length + j] = data[i * cols + indices[j]];
  }
  return { rows, cols: indices.length, data: selected };
}

/** One column of a matrix, in double precision. */
export function column({ rows, cols, data }: Matrix, index: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => data[i * cols + index]);
}

/** Mean of the rows of a matrix, summed in double precision. */
export function meanRow({ rows, cols, data }: Matrix): Float32Array {
  const sum = new Float64Array(cols);
  data.forEach((value, i) => sum[i % cols] += value);
  return Float32Array.from(sum, (value) => value / rows);
}

/**
 * The rows of a matrix scaled to unit length, in double precision: directions of embeddings.
 *
 * @param origin what is subtracted from each row first, such as the mean embedding of the training images; nothing if null.
 * @throws {RangeError} when a row has no length or a component that is not finite.
 */
export function unitRows({ rows, cols, data }: Matrix, origin: ArrayLike<number> | null = null): Matrix {
  const directions = Float64Array.from(data, (value, i) => value - (origin?.[i % cols] ?? 0));
  for (let i = 0; i < rows; i++) {
    const row = directions.subarray(i * cols, (i + 1) * cols);
    const norm = Math.hypot(...row);
    if (!(norm > 0 && norm < Infinity)) throw new RangeError(`embedding ${i} has norm ${norm}, so it has no direction`);
    for (let d = 0; d < cols; d++) row[d] /= norm;
  }
  return { rows, cols, data: directions };
}
