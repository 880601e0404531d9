import type { Matrix } from "../../types.ts";

/**
 * The rows of a matrix scaled to unit length, in double precision: directions of embeddings.
 *
 * @throws {RangeError} when a row has no length or a component that is not finite.
 */
export function unitRows({ rows, cols, data }: Matrix): Matrix {
  const directions = Float64Array.from(data);
  for (let i = 0; i < rows; i++) {
    const row = directions.subarray(i * cols, (i + 1) * cols);
    const norm = Math.hypot(...row);
    if (!(norm > 0 && norm < Infinity)) throw new RangeError(`embedding ${i} has norm ${norm}, so it has no direction`);
    for (let d = 0; d < cols; d++) row[d] /= norm;
  }
  return { rows, cols, data: directions };
}
