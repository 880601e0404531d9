/**
 * Numbers with their intervals.
 *
 * @module
 */
import { quantileSorted } from "simple-statistics";
import type { Random } from "../../random.ts";

/** A number and the 95 % bootstrap interval that goes with it. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Times the cases are drawn again. */
const RESAMPLES = 1000;

/**
 * A statistic of cases and its 95 % percentile bootstrap interval: cases are drawn again with replacement, 1,000 times. The
 * interval of a paired difference is that of a statistic which takes both sides of the same cases.
 *
 * @param count number of cases.
 * @param statistic of the cases with these numbers; null where it is undefined for them.
 * @returns null where there are no cases, or the statistic is undefined for them or for half of the draws.
 * @see Efron & Tibshirani (1993), "An introduction to the bootstrap", chapter 13
 */
export function estimate(
  count: number,
  statistic: (cases: Uint32Array) => number | null,
  random: Random,
): Estimate | null {
  const cases = Uint32Array.from({ length: count }, (_, i) => i);
  const value = count === 0 ? null : statistic(cases);
  if (value === null) return null;
  const values: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let i = 0; i < count; i++) cases[i] = random.integer(0, count - 1);
    const drawn = statistic(cases);
    if (drawn !== null) values.push(drawn);
  }
  if (values.length < RESAMPLES / 2) return null;
  values.sort((a, b) => a - b);
  return { value, low: quantileSorted(values, 0.025), high: quantileSorted(values, 0.975) };
}

/**
 * The mean of values and its interval.
 *
 * @param values at least one.
 * @throws {RangeError} when there is none.
 */
export function estimateMean(values: ArrayLike<number>, random: Random): Estimate {
  const found = estimate(values.length, (cases) => {
    let sum = 0;
    for (let i = 0; i < cases.length; i++) sum += values[cases[i]];
    return sum / cases.length;
  }, random);
  if (found === null) throw new RangeError("the mean of no value is undefined");
  return found;
}
