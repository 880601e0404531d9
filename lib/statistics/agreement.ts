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

/**
 * Cohen's kappa: how often two judges agree beyond what chance would give, (p - e) / (1 - e), with p the share of cases on
 * which they agree and e what their own shares of each answer would give if they judged independently.
 *
 * @param counts cases by the first judge's answer (rows) and the second's (columns), a square table.
 * @returns 1 for full agreement, 0 for that of chance; null without cases, and where a judge gives all the same answer.
 * @see Cohen (1960), "A coefficient of agreement for nominal scales"
 */
export function cohenKappa(counts: readonly (readonly number[])[]): number | null {
  const rows = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = counts.map((_, j) => counts.reduce((sum, row) => sum + row[j], 0));
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (rows.includes(total) || columns.includes(total)) return null; // of no cases too
  const agreed = counts.reduce((sum, row, i) => sum + row[i], 0) / total;
  const expected = rows.reduce((sum, count, i) => sum + count * columns[i], 0) / total ** 2;
  return (agreed - expected) / (1 - expected);
}
