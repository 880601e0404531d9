/**
 * Confidence intervals by resampling.
 *
 * @see Efron & Tibshirani (1993), "An introduction to the bootstrap", chapter 13
 * @module
 */
import { meanSimple, quantileSorted } from "simple-statistics";
import type { Random } from "../random.ts";

/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A number and its interval. */
export interface Estimate extends Interval {
  readonly value: number;
}

/** How an interval is made. */
export interface BootstrapOptions {
  /** How many resamples are drawn, at least 1; default 2000. */
  readonly resamples?: number;
  /** Share of the resamples that lie within the interval, in (0, 1); default .95. */
  readonly level?: number;
}

/** Refuses what is no number of resamples, or no level. */
export function checkBootstrap(resamples: number, level: number): void {
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples must be an integer of at least 1, got ${resamples}`);
  }
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be between 0 and 1, got ${level}`);
}

/**
 * Percentile bootstrap interval of a statistic. Each resample draws indices with replacement within each stratum, as
 * many as the stratum has, so that the sizes of the strata stay as they are. For the interval of a paired difference,
 * give a statistic that computes both sides from the same indices and subtracts them.
 *
 * @param strata the indices of each stratum; an empty stratum contributes nothing.
 * @param statistic of the drawn indices, stratum after stratum; null where it is undefined. The array is used again.
 * @returns quantiles of the defined values; null when fewer than half of the resamples have one, or when there are no
 *   indices.
 * @throws {RangeError} when an option is out of range.
 */
export function bootstrapInterval(
  strata: readonly (readonly number[])[],
  statistic: (indices: readonly number[]) => number | null,
  random: Random,
  { resamples = 2000, level = 0.95 }: BootstrapOptions = {},
): Interval | null {
  checkBootstrap(resamples, level);
  return intervalOf(resampledValues(strata, statistic, random, resamples), resamples, (1 - level) / 2);
}

/** Resamples of an estimate: a generator's card has dozens of them, of thousands of images each. */
const ESTIMATE_RESAMPLES = 1000;
/**
 * Share of the resamples below the interval of an estimate, and above it. In floating point (1 - .95) / 2 is 2e-17
 * more: with it, the last digits of the measures in models/gan-cifar10 would be others.
 */
const ESTIMATE_TAIL = 0.025;

/**
 * A statistic of cases and its 95 % percentile bootstrap interval, from 1,000 resamples.
 *
 * @param count number of cases.
 * @param statistic of cases by their indices; null where it is undefined. The array is used again.
 * @returns null when there are no cases, or when the statistic is undefined for them or for more than half of the
 *   resamples.
 */
export function estimate(
  count: number,
  statistic: (cases: readonly number[]) => number | null,
  random: Random,
): Estimate | null {
  const cases = Array.from({ length: count }, (_, i) => i);
  const value = count === 0 ? null : statistic(cases);
  if (value === null) return null;
  const values = resampledValues([cases], statistic, random, ESTIMATE_RESAMPLES);
  const interval = intervalOf(values, ESTIMATE_RESAMPLES, ESTIMATE_TAIL);
  return interval && { value, ...interval };
}

/**
 * The mean of values and its 95 % percentile bootstrap interval, from 1,000 resamples.
 *
 * @param values at least one.
 * @throws {RangeError} when there is none.
 */
export function estimateMean(values: ArrayLike<number>, random: Random): Estimate {
  const found = estimate(values.length, (cases) => meanSimple(cases.map((i) => values[i])), random);
  if (found === null) throw new RangeError("the mean of no value is undefined");
  return found;
}

/** The defined values of a statistic over resamples. */
function resampledValues(
  strata: readonly (readonly number[])[],
  statistic: (indices: readonly number[]) => number | null,
  random: Random,
  resamples: number,
): number[] {
  const size = strata.reduce((sum, { length }) => sum + length, 0);
  if (size === 0) return [];
  const drawn = new Array<number>(size);
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    let at = 0;
    for (const stratum of strata) {
      for (let i = 0; i < stratum.length; i++) drawn[at++] = stratum[random.integer(0, stratum.length - 1)];
    }
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  return values;
}

/**
 * The interval that leaves out a share `tail` of the values on either side.
 *
 * @returns null when fewer than half of the resamples have a value.
 */
export function intervalOf(values: number[], resamples: number, tail: number): Interval | null {
  if (values.length < resamples / 2) return null;
  values.sort((a, b) => a - b);
  return { low: quantileSorted(values, tail), high: quantileSorted(values, 1 - tail) };
}
