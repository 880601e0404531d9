/**
 * Principal components of a few rows in many dimensions.
 *
 * @module
 */
import type { Matrix } from "../types.ts";

/** Rows seen along their directions of greatest variance. */
export interface PrincipalComponents {
  /** Coordinates, one array of `components` numbers a row, in the units of the rows; their mean is 0. */
  readonly coordinates: readonly (readonly number[])[];
  /** Share of the rows' whole variance along each component, in [0, 1], descending; 0 when all rows are equal. */
  readonly shares: readonly number[];
}

/**
 * Principal component analysis by way of the Gram matrix of the centred rows, which is small where rows are few: its
 * eigenvectors, scaled by the roots of their eigenvalues, are the coordinates. The sign of a component, which nothing
 * determines, is such that its coordinate largest in magnitude is positive.
 *
 * @param matrix N rows of any dimension, finite.
 * @param components how many, at least 1; those beyond the rank are 0.
 * @throws {RangeError} when there is no row, or an entry is not finite.
 */
export function principalComponents(matrix: Matrix, components = 2): PrincipalComponents {
  const { rows, cols, data } = matrix;
  if (rows === 0) throw new RangeError("there must be at least one row");
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`entries must be finite, got ${data[bad]} in row ${Math.floor(bad / cols)}`);
  const centred = Float64Array.from(data);
  for (let j = 0; j < cols; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += data[i * cols + j] / rows;
    for (let i = 0; i < rows; i++) centred[i * cols + j] -= mean;
  }
  const gram = Array.from({ length: rows }, () => new Float64Array(rows));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0; k < cols; k++) dot += centred[i * cols + k] * centred[j * cols + k];
      gram[i][j] = gram[j][i] = dot;
    }
  }
  const variance = gram.reduce((sum, row, i) => sum + row[i], 0);
  const { values, vectors } = symmetricEigen(gram);
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  const axes = Array.from({ length: components }, (_, c) => {
    const index = order[c];
    // an eigenvalue that rounding made out of nothing is no direction
    if (index === undefined || !(values[index] > 1e-12 * variance)) return { share: 0, along: new Array(rows).fill(0) };
    const along = vectors.map((row) => row[index] * Math.sqrt(values[index]));
    const largest = along.reduce((best, value) => Math.abs(value) > Math.abs(best) * (1 + 1e-9) ? value : best, 0);
    return { share: values[index] / variance, along: along.map((value) => largest < 0 ? -value : value) };
  });
  return {
    coordinates: Array.from({ length: rows }, (_, i) => axes.map(({ along }) => along[i])),
    shares: axes.map(({ share }) => share),
  };
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations.
 *
 * @returns the vector of `values[j]` in column j of `vectors`, of length 1.
 * @see Golub and Van Loan, Matrix Computations, section 8.5
 */
function symmetricEigen(matrix: readonly Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const vectors = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => i === j ? 1 : 0));
  const size = Math.sqrt(a.reduce((sum, row) => sum + row.reduce((s, value) => s + value * value, 0), 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += 2 * a[p][q] ** 2;
    if (Math.sqrt(off) <= 1e-14 * size) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const tau = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        const c = 1 / Math.sqrt(1 + t * t);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
        }
        for (let k = 0; k < n; k++) {
          [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
          [vectors[k][p], vectors[k][q]] = [
            c * vectors[k][p] - s * vectors[k][q],
            s * vectors[k][p] + c * vectors[k][q],
          ];
        }
      }
    }
  }
  return { values: a.map((row, i) => row[i]), vectors };
}
