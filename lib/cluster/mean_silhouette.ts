import { squaredDistances } from "./distances.ts";

/**
 * Mean silhouette of one cluster, for which Rousseeuw leaves the silhouette undefined: 1/4, up to which Kaufman and
 * Rousseeuw read "no substantial structure has been found". So one cluster wins unless a partition beats that.
 */
export const SILHOUETTE_OF_ONE_CLUSTER = 0.25;

/**
 * Mean silhouette of a partition.
 *
 *     s(i) = (b - a) / max(a, b)
 *
 * with a the mean Euclidean distance of point i to the others of its cluster and b the lowest mean distance to the
 * points of another cluster; s(i) = 0 for a point alone in its cluster, and where a = b = 0. By convention 1/4 for K = 1.
 *
 * @param points n points.
 * @param assignments cluster of each, 0 .. K - 1, none empty.
 * @param squared their squared distances, where they are at hand: row i those of point i to all points.
 * @returns the mean in [-1, 1]; higher is better.
 * @see P. J. Rousseeuw (1987), "Silhouettes"; L. Kaufman and P. J. Rousseeuw (1990), "Finding Groups in Data", chapter 2
 */
export function meanSilhouette(
  points: readonly (readonly number[])[],
  assignments: readonly number[],
  squared: readonly ArrayLike<number>[] = squaredDistances(points),
): number {
  const sizes: number[] = [];
  for (const k of assignments) sizes[k] = (sizes[k] ?? 0) + 1;
  if (sizes.length < 2) return SILHOUETTE_OF_ONE_CLUSTER;
  let total = 0;
  for (const [i, own] of assignments.entries()) {
    if (sizes[own] === 1) continue;
    const sums = new Array<number>(sizes.length).fill(0);
    for (const [j, k] of assignments.entries()) sums[k] += Math.sqrt(squared[i][j]);
    const a = sums[own] / (sizes[own] - 1);
    const b = Math.min(...sums.map((sum, k) => (k === own ? Infinity : sum / sizes[k])));
    if (Math.max(a, b) > 0) total += (b - a) / Math.max(a, b);
  }
  return total / points.length;
}
