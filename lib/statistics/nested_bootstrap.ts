/**
 * Confidence intervals where cases come in groups, such as units of networks.
 *
 * @see Davison & Hinkley (1997), "Bootstrap methods and their application", section 3.8
 * @module
 */
import type { Random } from "../random.ts";
import { type BootstrapOptions, checkBootstrap, type Interval, intervalOf } from "./bootstrap.ts";

/**
 * Percentile bootstrap interval of a statistic of cases that come in groups. Each resample draws groups with replacement
 * within each stratum, as many as the stratum has, and cases with replacement within each group drawn, as many as it has. So
 * it tells what other groups would give, as far as there are several; within a stratum of one group the cases alone vary.
 *
 * @param strata the indices of each group of each stratum; what is empty contributes nothing.
 * @param statistic of the drawn indices, stratum after stratum; null where it is undefined. The array is used again.
 * @param options 2,000 resamples and a level of .95 by default.
 * @returns quantiles of the defined values: resamples without one are skipped; null when fewer than half of the resamples
 * have a value, or when there are no indices.
 * @throws {RangeError} when an option is out of range.
 */
export function nestedBootstrapInterval(
  strata: readonly (readonly (readonly number[])[])[],
  statistic: (indices: readonly number[]) => number | null,
  random: Random,
  { resamples = 2000, level = 0.95 }: BootstrapOptions = {},
): Interval | null {
  checkBootstrap(resamples, level);
  const full = strata.map((groups) => groups.filter(({ length }) => length > 0)).filter(({ length }) => length > 0);
  if (full.length === 0) return null;
  const drawn: number[] = [];
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    drawn.length = 0; // groups differ in size
    for (const groups of full) {
      for (let g = 0; g < groups.length; g++) {
        const group = groups[random.integer(0, groups.length - 1)];
        for (let i = 0; i < group.length; i++) drawn.push(group[random.integer(0, group.length - 1)]);
      }
    }
    const value = statistic(drawn);
    if (value !== null) values.push(value);
  }
  return intervalOf(values, resamples, (1 - level) / 2);
}
