import type { Matrix } from "../types.ts";

/** The rows of a matrix, each split into its length and its direction. */
export interface Directions {
  readonly count: number;
  readonly dimensions: number;
  /** Euclidean norm m_i of each row. */
  readonly norms: Float64Array;
  /** Unit vectors n_i, row-major. */
  readonly units: Float64Array;
}

/**
 * Splits each row c_i into its norm m_i = |c_i| and its unit vector n_i = c_i / m_i.
 *
 * @param rows what a row is called in errors, such as "centre".
 * @throws {RangeError} when a row has zero norm or a non-finite component, or the data do not fill the shape.
 */
export function directions(matrix: Matrix, rows: string): Directions {
  const { rows: count, cols: dimensions, data } = matrix;
  if (data.length !== count * dimensions) {
    throw new RangeError(`a ${count} x ${dimensions} matrix needs ${count * dimensions} numbers, got ${data.length}`);
  }
  const norms = new Float64Array(count);
  const units = new Float64Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const start = i * dimensions;
    let largest = 0;
    for (let d = 0; d < dimensions; d++) {
      const value = data[start + d];
      if (!Number.isFinite(value)) {
        throw new RangeError(`component ${d} of ${rows} ${i} is ${value}, not a finite number`);
      }
      largest = Math.max(largest, Math.abs(value));
    }
    if (largest === 0) throw new RangeError(`${rows} ${i} has norm 0, so it has no direction`);
    // Dividing by the largest component first keeps the squares from overflowing or vanishing at any common scale.
    let squares = 0;
    for (let d = 0; d < dimensions; d++) squares += (units[start + d] = data[start + d] / largest) ** 2;
    const scaledNorm = Math.sqrt(squares);
    norms[i] = largest * scaledNorm;
    if (!Number.isFinite(norms[i])) throw new RangeError(`${rows} ${i} has norm ${norms[i]}, too large to represent`);
    for (let d = 0; d < dimensions; d++) units[start + d] /= scaledNorm;
  }
  return { count, dimensions, norms, units };
}

/**
 * The angle between unit vectors i and j as a share of half a turn, arccos(n_i . n_j) / pi, in [0, 1].
 *
 * Computed as 2 atan2(|n_i - n_j|, |n_i + n_j|) / pi: the same angle, but exact for equal and opposite vectors and accurate
 * near them, where rounding of the cosine costs arccos half its digits; the cosine needs no clamping.
 *
 * @see W. Kahan (2006), "How Futile are Mindless Assessments of Roundoff in Floating-Point Computation?"
 */
export function angle({ units, dimensions }: Directions, i: number, j: number): number {
  const a = i * dimensions;
  const b = j * dimensions;
  let differences = 0;
  let sums = 0;
  for (let d = 0; d < dimensions; d++) {
    const p = units[a + d];
    const q = units[b + d];
    differences += (p - q) * (p - q);
    sums += (p + q) * (p + q);
  }
  return 2 * Math.atan2(Math.sqrt(differences), Math.sqrt(sums)) / Math.PI;
}
