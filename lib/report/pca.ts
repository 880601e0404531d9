/**
 * Principal components of a few rows in many dimensions.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import type { Matrix } from "../types.ts";

/** Rows seen along their directions of greatest variance. */
export interface PrincipalComponents {
  /** Coordinates, one array of `components` numbers a row, in the units of the rows; their mean is 0. */
  readonly coordinates: readonly (readonly number[])[];
  /** Share of the rows' whole variance along each component, in [0, 1], descending; 0 when all rows are equal. */
  readonly shares: readonly number[];
}

/**
 * Principal component analysis by the Gram matrix of the centred rows, which is small where rows are few. Its eigenvectors,
 * scaled by the roots of their eigenvalues, are the coordinates.
 *
 * Nothing determines the sign of a component. It is made such that the coordinate of largest magnitude is positive (of
 * magnitudes that differ by rounding alone, the first one's), so that the same rows give the same picture everywhere.
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
  const centred = DenseMatrix.from1DArray(rows, cols, [...data]).center("column");
  const gram = centred.mmul(centred.transpose());
  const variance = gram.trace();
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const descending = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  // smaller eigenvalues come from rounding: that of the eigenvalues themselves, or that of the mean
  const least = Math.max(1e-12 * variance, 1e-28 * [...data].reduce((sum, value) => sum + value * value, 0));
  const axes = Array.from({ length: components }, (_, component) => {
    const index = descending[component];
    if (index === undefined || !(realEigenvalues[index] > least)) return { share: 0, along: new Array(rows).fill(0) };
    const root = Math.sqrt(realEigenvalues[index]);
    const along = eigenvectorMatrix.getColumn(index).map((value) => value * root);
    return { share: realEigenvalues[index] / variance, along: withPositiveLargest(along) };
  });
  return {
    coordinates: Array.from({ length: rows }, (_, i) => axes.map(({ along }) => along[i])),
    shares: axes.map(({ share }) => share),
  };
}

/** The coordinates, mirrored if need be, so that the one of largest magnitude is positive. */
function withPositiveLargest(along: readonly number[]): number[] {
  const largest = along.reduce((best, value) => Math.abs(value) > Math.abs(best) * (1 + 1e-9) ? value : best, 0);
  return along.map((value) => largest < 0 ? -value : value);
}
