/**
 * Ranks, and measures of association made of them. What is undefined is null, never NaN.
 *
 * @module
 */

/**
 * Ranks from 1, ascending. Equal values share the mean of the ranks that they take up.
 *
 * @param values any number of them, none NaN.
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
    rankOf.set(sorted[first], (first + 1 + end) / 2); // mean of the ranks first + 1 .. end
    first = end;
  }
  return values.map((value) => rankOf.get(value)!);
}

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, where equal values share their mean rank. This holds
 * with ties too.
 *
 * @param a values, none NaN.
 * @param b as many values, b[i] beside a[i].
 * @returns in [-1, 1]; null with fewer than 2 values, or when all values of `a` or all values of `b` are equal.
 * @throws {RangeError} when the lengths differ or a value is NaN.
 * @see Spearman (1904), "The proof and measurement of association between two things"
 */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  refuseDifferentLengths(a, b);
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length + 1) / 2; // of any ranks, with ties or without
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) ** 2;
    yy += (y[i] - mean) ** 2;
  }
  // ranks are multiples of 1/2, so that these sums are exact and 0 is 0
  return xx === 0 || yy === 0 ? null : Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy)));
}

/**
 * Area under the receiver operating characteristic: the probability that a randomly drawn positive scores higher than a
 * randomly drawn negative, where a tie counts one half (the Mann-Whitney statistic).
 *
 * @param scores none NaN.
 * @param positive whether each score is that of a positive.
 * @returns in [0, 1]; null when there are no positives or no negatives.
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

function refuseDifferentLengths(a: { readonly length: number }, b: { readonly length: number }): void {
  if (a.length !== b.length) throw new RangeError(`${a.length} values stand beside ${b.length}`);
}
