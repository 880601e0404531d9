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
  let [meanA, meanB, variesA, variesB] = [0, 0, false, false];
  for (let i = 0; i < count; i++) {
    meanA += a[i] / count;
    meanB += b[i] / count;
    variesA ||= a[i] !== a[0]; // exact, unlike a sum of squares
    variesB ||= b[i] !== b[0];
  }
  if (!variesA || !variesB) return null;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)));
}
