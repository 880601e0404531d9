/**
 * Significance: the tail of Student's distribution, and several tests at once.
 *
 * @module
 */
import studentCdf from "@stdlib/stats-base-dists-t-cdf";

/**
 * The upper tail of Student's t-distribution.
 *
 * @param freedom degrees of freedom, positive.
 * @returns the probability of a value of at least t, in [0, 1].
 */
export function studentTail(t: number, freedom: number): number {
  return studentCdf(-t, freedom); // the distribution is symmetric; 1 - cdf(t) would lose the digits of a small tail
}

/**
 * Which of several null hypotheses to reject, by the procedure of Benjamini and Hochberg: the k hypotheses with the
 * smallest p-values, for the largest k whose k-th smallest p-value is at most k / n times the rate.
 *
 * @param pValues one for each of n hypotheses.
 * @param rate expected share of true null hypotheses among those that are rejected.
 * @returns indices of the rejected hypotheses, ascending.
 * @see Benjamini & Hochberg (1995), "Controlling the false discovery rate"
 */
export function benjaminiHochberg(pValues: readonly number[], rate: number): number[] {
  const sorted = pValues.toSorted((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (i + 1) / sorted.length * rate);
  return last < 0 ? [] : pValues.flatMap((p, i) => p <= sorted[last] ? [i] : []);
}
