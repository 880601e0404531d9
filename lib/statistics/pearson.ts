import { sampleCorrelation } from "simple-statistics";

/**
 * Pearson's correlation of two maps.
 *
 * @param a values, finite.
 * @param b as many values, b[i] beside a[i].
 * @returns in [-1, 1]; null with fewer than 2 values, or where all of `a` or all of `b` are the same.
 * @throws {RangeError} when the lengths differ.
 */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const count = a.length;
  if (b.length !== count) throw new RangeError(`${count} values stand beside ${b.length}`);
  const varies = (values: ArrayLike<number>) => Array.from(values).some((value) => value !== values[0]);
  if (!varies(a) || !varies(b)) return null; // exact, unlike a sum of squares
  return Math.min(1, Math.max(-1, sampleCorrelation(Array.from(a), Array.from(b))));
}
