/**
 * Statistics of a validation: ranks and what is made of them, intervals by resampling, agreement between repeats. Pure
 * arithmetic; what is undefined is null, never NaN.
 *
 * @module
 */
import { quantileSorted } from "simple-statistics";
import { permutation, type Random } from "../random.ts";

/** An interval of confidence. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How an interval is made. */
export interface BootstrapOptions {
  /** Times the indices are drawn again, at least 1; default 2000. */
  readonly resamples?: number;
  /** Share of the resamples that the interval holds, in (0, 1); default .95. */
  readonly level?: number;
}

/**
 * Ranks from 1, ascending; equal values share the mean of the ranks that they take up.
 *
 * @param values any number of them, NaN excepted.
 * @throws {RangeError} when a value is NaN.
 * @example A tie for the second and third place
 * ```ts
 * ranks([10, 30, 20, 20]); // [1, 4, 2.5, 2.5]
 * ```
 */
export function ranks(values: readonly number[]): number[] {
  const missing = values.findIndex(Number.isNaN);
  if (missing >= 0) throw new RangeError(`value ${missing} is NaN, which has no rank`);
  const sorted = Float64Array.from(values).sort();
  const rankOf = new Map<number, number>();
  for (let first = 0; first < sorted.length;) {
    let end = first + 1;
    while (end < sorted.length && sorted[end] === sorted[first]) end++;
    rankOf.set(sorted[first], (first + 1 + end) / 2); // mean of the places first + 1 .. end
    first = end;
  }
  return values.map((value) => rankOf.get(value)!);
}

/**
 * Spearman's rank correlation: Pearson's correlation of the mid-ranks, so that ties are dealt with exactly.
 *
 * @param a values, NaN excepted.
 * @param b as many values, b[i] beside a[i].
 * @returns in [-1, 1]; null with fewer than 2 values, or where all of `a` or all of `b` are the same.
 * @throws {RangeError} when the lengths differ or a value is NaN.
 * @see Spearman (1904), "The proof and measurement of association between two things"
 */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  refuseDifferentLengths(a, b);
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length + 1) / 2; // of ranks, whatever the ties
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) ** 2;
    yy += (y[i] - mean) ** 2;
  }
  return xx === 0 || yy === 0 ? null : clamp(xy / Math.sqrt(xx * yy), -1, 1); // sums of quarters: exact zeros
}

/**
 * Area under the receiver operating characteristic: the chance that a positive drawn at random scores higher than a
 * negative drawn at random, a tie counting one half (the Mann-Whitney statistic).
 *
 * @param scores NaN excepted.
 * @param positive the class of each.
 * @returns in [0, 1]; null where one of the classes is empty.
 * @throws {RangeError} when the lengths differ or a score is NaN.
 * @see Hanley & McNeil (1982), "The meaning and use of the area under a receiver operating characteristic curve"
 */
export function auroc(scores: readonly number[], positive: readonly boolean[]): number | null {
  refuseDifferentLengths(scores, positive);
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const rankSum = ranks(scores).reduce((sum, rank, i) => positive[i] ? sum + rank : sum, 0);
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
}

/**
 * Percentile bootstrap interval of a statistic. Indices are drawn with replacement within each stratum, as many as it has,
 * so that every resample keeps the sizes of the strata. The interval of a paired difference is that of a statistic which
 * computes both sides on the same indices and subtracts.
 *
 * @param groups strata: the indices of each; an empty one contributes nothing.
 * @param statistic of the drawn indices, stratum after stratum; null where it is undefined for them.
 * @returns quantiles of the defined values; null when fewer than half of the resamples have one, or there are no indices.
 * @throws {RangeError} when an option is out of range.
 * @see Efron & Tibshirani (1993), "An introduction to the bootstrap", chapter 13
 */
export function bootstrapInterval(
  groups: readonly (readonly number[])[],
  statistic: (indices: readonly number[]) => number | null,
  random: Random,
  { resamples = 2000, level = 0.95 }: BootstrapOptions = {},
): Interval | null {
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples must be an integer of at least 1, got ${resamples}`);
  }
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be between 0 and 1, got ${level}`);
  const size = groups.reduce((sum, { length }) => sum + length, 0);
  if (size === 0) return null;
  const drawn = new Array<number>(size);
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    let at = 0;
    for (const group of groups) {
      for (let i = 0; i < group.length; i++) drawn[at++] = group[random.integer(0, group.length - 1)];
    }
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  if (values.length < resamples / 2) return null;
  values.sort((a, b) => a - b);
  const tail = (1 - level) / 2;
  return { low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail) };
}

/**
 * Intraclass correlation ICC(2,1): how far one repeat tells units apart as any other repeat would. Two-way random effects,
 * absolute agreement, single rater; with mean squares of rows R, columns C and residual E, n rows and k columns,
 *
 *     ICC = (R - E) / (R + (k - 1) E + k (C - E) / n)
 *
 * @param table rows are units, columns repeats: the same number in each row.
 * @returns 1 for perfect agreement; it may be negative; null with fewer than 2 rows or columns, or where nothing varies.
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
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rowMeans = table.map(meanOf);
  const columnMeans = Array.from({ length: k }, (_, j) => meanOf(table.map((row) => row[j])));
  const grand = meanOf(rowMeans);
  const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
  const R = k * squares(rowMeans.map((mean) => mean - grand)) / (n - 1);
  const C = n * squares(columnMeans.map((mean) => mean - grand)) / (k - 1);
  const residuals = table.flatMap((row, i) => row.map((value, j) => value - rowMeans[i] - columnMeans[j] + grand));
  const E = squares(residuals) / ((n - 1) * (k - 1));
  const total = R + (k - 1) * E + k * (C - E) / n;
  return total === 0 ? null : (R - E) / total;
}

/**
 * Two-sided p-value of an association by permutation: how often `b`, shuffled against `a`, gives a statistic at least as far
 * from zero as the one observed.
 *
 *     p = (1 + hits) / (1 + permutations)
 *
 * @param a values.
 * @param b as many values; to compare two groups, the membership of each value of `a`.
 * @param statistic zero in the absence of association, such as `spearman`; null where undefined.
 * @param permutations at least 1.
 * @returns in (0, 1]; null where the statistic is undefined as observed. An undefined shuffled one counts as a hit.
 * @throws {RangeError} when the lengths differ or `permutations` is not a positive integer.
 * @see Phipson & Smyth (2010), "Permutation p-values should never be zero"
 */
export function permutationPValue(
  a: readonly number[],
  b: readonly number[],
  statistic: (a: readonly number[], b: readonly number[]) => number | null,
  random: Random,
  permutations: number,
): number | null {
  refuseDifferentLengths(a, b);
  if (!(Number.isInteger(permutations) && permutations >= 1)) {
    throw new RangeError(`permutations must be an integer of at least 1, got ${permutations}`);
  }
  const observed = statistic(a, b);
  if (observed === null) return null;
  // a sum in another order differs in its last bits, and an equal statistic must count
  const threshold = Math.abs(observed) * (1 - 1e-12);
  let hits = 0;
  for (let i = 0; i < permutations; i++) {
    const shuffled = statistic(a, Array.from(permutation(b.length, random), (index) => b[index]));
    if (shuffled === null || Math.abs(shuffled) >= threshold) hits++;
  }
  return (1 + hits) / (1 + permutations);
}

function refuseDifferentLengths(a: readonly unknown[], b: readonly unknown[]): void {
  if (a.length !== b.length) throw new RangeError(`${a.length} values stand beside ${b.length}`);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
