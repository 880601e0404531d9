/**
 * Cluster count part C = (K - 1) / (I - 1): 0 when all images fall in one cluster, 1 when each is its own.
 *
 * @param K number of non-empty clusters, an integer in 1 .. I.
 * @param I number of images, an integer of at least 1.
 * @returns C in [0, 1]; null when I = 1, where C is 0 / 0.
 * @throws {RangeError} when I < 1, K < 1, K > I, or either is not an integer.
 * @see Alic et al. (2025), section 2.5
 * @example Three clusters of nine images
 * ```ts
 * clusterCountTerm(3, 9); // 0.25
 * ```
 */
export function clusterCountTerm(K: number, I: number): number | null {
  if (!Number.isInteger(I) || I < 1) {
    throw new RangeError(`the number of images I must be an integer of at least 1, got ${I}`);
  }
  if (!Number.isInteger(K) || K < 1) {
    throw new RangeError(`the number of clusters K must be an integer of at least 1, got ${K}`);
  }
  if (K > I) throw new RangeError(`there cannot be more clusters than images, got K = ${K} and I = ${I}`);
  return I === 1 ? null : (K - 1) / (I - 1);
}
