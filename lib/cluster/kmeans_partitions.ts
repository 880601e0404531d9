import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { centroidOf, indexOfGreatest, squaredDistance } from "./distances.ts";
import { kmeansPlusPlus } from "./kmeans_plus_plus.ts";
import { lloyd } from "./lloyd.ts";
import { rotateToSpan } from "./rotate_to_span.ts";

/** The best partition that k-means found for one K. */
export interface Partition {
  /** Number of clusters, none of them empty. */
  readonly K: number;
  /** Cluster of each point in 0 .. K - 1, numbered in order of first appearance. */
  readonly assignments: readonly number[];
  /** Number of points n_k of each cluster, at least 1. */
  readonly sizes: readonly number[];
  /** SSE_K: sum of squared distances of the points to the mean of their cluster. */
  readonly inertia: number;
}

/**
 * Squared distance below which two points are one, as a share of the largest squared norm: (3e-7)^2, the resolution of
 * embeddings stored in 32 bits.
 */
const COINCIDENT = 1e-13;

/**
 * Partitions points by k-means for K = 1, 2, ..., each the lowest inertia of several starts.
 *
 * Lloyd's algorithm (ml-kmeans) runs until no centre moves, from seeded k-means++ starts, and once more from the best
 * partition of K - 1 clusters with the point farthest from its centre as K-th: so the inertia never rises with K.
 * An empty cluster restarts at the farthest point. K ends at the number of distinct points, since
 * more clusters than that would have to be empty; points closer than 3e-7 of the largest norm count as one.
 *
 * @param points at least one point, all of equal dimensions.
 * @param kMax greatest K, at least 1.
 * @param restarts k-means++ starts for each K, at least 1.
 * @param seed a 32-bit integer.
 * @returns partitions for K = 1 .. min(kMax, distinct points), in that order.
 */
export function kmeansPartitions(
  points: readonly (readonly number[])[],
  kMax: number,
  restarts: number,
  seed: number,
): Partition[] {
  const rotated = rotateToSpan(points);
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const largestSquaredNorm = points.reduce((most, point) => Math.max(most, squaredNorm(point)), 0);
  const greatest = countDistinct(rotated, COINCIDENT * largestSquaredNorm, kMax);

  let best = describe(rotated, rotated.map(() => 0));
  const partitions = [best.partition];
  for (let K = 2; K <= greatest; K++) {
    const starts = [...best.centres, rotated[indexOfGreatest(best.distances)]];
    let next = describe(rotated, lloyd(rotated, starts));
    for (let restart = 0; restart < restarts; restart++) {
      const found = describe(rotated, lloyd(rotated, kmeansPlusPlus(rotated, K, uniform)));
      if (found.partition.K === K && found.partition.inertia < next.partition.inertia) next = found;
    }
    // Only points that differ by rounding alone are left to split.
    if (next.partition.K < K) break;
    best = next;
    partitions.push(best.partition);
  }
  return partitions;
}

/** A partition, with the centres of its clusters and the squared distance of each point to its own. */
function describe(points: number[][], clusters: readonly number[]) {
  const numbers = new Map<number, number>();
  const members: number[][][] = [];
  const assignments = clusters.map((cluster, i) => {
    const k = numbers.get(cluster) ?? numbers.size;
    numbers.set(cluster, k);
    (members[k] ??= []).push(points[i]);
    return k;
  });
  const centres = members.map(centroidOf);
  const distances = points.map((point, i) => squaredDistance(point, centres[assignments[i]]));
  const partition: Partition = {
    K: centres.length,
    assignments,
    sizes: members.map((cluster) => cluster.length),
    inertia: distances.reduce((sum, distance) => sum + distance, 0),
  };
  return { partition, centres, distances };
}

/** Number of points farther than the tolerance from those counted before, up to a limit. */
function countDistinct(points: readonly number[][], tolerance: number, limit: number): number {
  const distinct: number[][] = [];
  for (const point of points) {
    if (distinct.length === limit) break;
    if (distinct.every((other) => squaredDistance(point, other) > tolerance)) distinct.push(point);
  }
  return Math.max(1, distinct.length);
}

function squaredNorm(point: readonly number[]): number {
  let sum = 0;
  for (const value of point) sum += value * value;
  return sum;
}
