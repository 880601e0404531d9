import { sampleCorrelation } from "simple-statistics";

/**
 * Pearson's correlation of pairs of values.
 *
 * @param a values, finite.
 * @param b as many values, b[i] beside a[i].
 * @returns in [-1, 1]; null with fewer than 2 values, or when all values of `a` or all values of `b` are equal.
 * @throws {RangeError} when the lengths differ.
 */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  if (b.length !== a.length) throw new RangeError(`${a.length} values stand beside ${b.length}`);
  const varies = (values: ArrayLike<number>) => Array.from(values).some((value) => value !== values[0]);
  if (!varies(a) || !varies(b)) return null; // an exact comparison, unlike a sum of squares
  return Math.min(1, Math.max(-1, sampleCorrelation(Array.from(a), Array.from(b))));
}
