/**
 * Agreement between repeated measurements.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";

/**
 * Intraclass correlation ICC(2,1): how far one repeat tells units apart in the way that any other repeat would. Two-way
 * random effects, absolute agreement, single rater. With mean squares of rows R, columns C and residual E, n rows and k
 * columns,
 *
 *     ICC = (R - E) / (R + (k - 1) E + k (C - E) / n)
 *
 * @param table a row for each unit, a column for each repeat.
 * @returns 1 for perfect agreement; it may be negative; null with fewer than 2 rows or columns, or when nothing varies.
 * @throws {RangeError} when rows are of different lengths or a value is not finite.
 * @see Shrout & Fleiss (1979), "Intraclass correlations"; McGraw & Wong (1996), ICC(A,1)
 */
export function intraclassCorrelation(table: readonly (readonly number[])[]): number | null {
  const n = table.length;
  const k = table[0]?.length ?? 0;
  for (const [i, row] of table.entries()) {
    if (row.length !== k) throw new RangeError(`row ${i} has ${row.length} values and row 0 has ${k}`);
    const bad = row.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new RangeError(`row ${i} has ${row[bad]} in column ${bad}, which is not a finite number`);
  }
  if (n < 2 || k < 2) return null;
  if (table.every((row) => row.every((value) => value === table[0][0]))) return null; // exact, unlike sums of squares
  const rowMeans = table.map((row) => meanSimple(row));
  const columnMeans = Array.from({ length: k }, (_, j) => meanSimple(table.map((row) => row[j])));
  const grand = meanSimple(rowMeans);
  const R = k * sumOfSquares(rowMeans.map((mean) => mean - grand)) / (n - 1);
  const C = n * sumOfSquares(columnMeans.map((mean) => mean - grand)) / (k - 1);
  const residuals = table.flatMap((row, i) => row.map((value, j) => value - rowMeans[i] - columnMeans[j] + grand));
  const E = sumOfSquares(residuals) / ((n - 1) * (k - 1));
  const total = R + (k - 1) * E + k * (C - E) / n;
  return total === 0 ? null : (R - E) / total;
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
