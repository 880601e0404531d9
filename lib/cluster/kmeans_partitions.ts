import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { centroidOf, indexOfGreatest, largestOf, squaredDistance, squaredDistances } from "./distances.ts";
import { kmeansPlusPlus } from "./kmeans_plus_plus.ts";
import { lloyd } from "./lloyd.ts";
import { lloydByDistances } from "./lloyd_by_distances.ts";
import { centredPoints, rotateToSpan } from "./rotate_to_span.ts";
import type { Precision } from "./stored_precision.ts";

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

/** Squared distance below which two points are one, as a share of the largest squared norm, by the precision of the points. */
const COINCIDENT: Readonly<Record<Precision, number>> = {
  /** (3e-7)^2, some units in the last of 24 binary places. */
  single: 1e-13,
  /** (1e-14)^2, as many of 53. */
  double: 1e-28,
};

/** The same as a share of the largest squared distance from the mean: what rotating the points loses. */
const COINCIDENT_ROTATED = 1e-13;

/** Up to so many points, starts are searched among all of them. */
export const FEW_POINTS = 1000;

/** Of more points a sample is searched: of `FEW_POINTS`, or of this many for each cluster of the greatest K. */
const SAMPLED_PER_CLUSTER = 4;

/** Below these, ml-kmeans is quick as it is, and a matrix of distances gains nothing. */
const FEWEST_POINTS_FOR_MATRIX = 100;
const FEWEST_DIMENSIONS_FOR_MATRIX = 16;

/** Is told the share that is done, from 0 to 1. */
export type OnShare = (share: number) => void;

/** What k-means found, and the points that its starts were searched among. */
export interface Search {
  /** Partitions of all points for K = 1, 2, ... */
  readonly partitions: readonly Partition[];
  /** All points where they are few, else a sample of them. */
  readonly sample: {
    readonly points: readonly (readonly number[])[];
    /** Their indices among all points, ascending. */
    readonly rows: readonly number[];
    /** Their own partitions for K = 1, 2, ... */
    readonly partitions: readonly Partition[];
  };
}

/**
 * Partitions points by k-means for K = 1, 2, ..., each the lowest inertia of several starts.
 *
 * Lloyd's algorithm (ml-kmeans) runs until no centre moves, from seeded k-means++ starts, and once more from the best
 * partition of K - 1 clusters with the point farthest from its centre as K-th: so the inertia never rises with K.
 * An empty cluster restarts at the farthest point. K ends at the number of distinct points, since
 * more clusters than that would have to be empty; points closer than 3e-7 of the largest norm count as one, or of the
 * largest distance from the mean where points have the precision of 64 bits.
 *
 * Of more than 1,000 points, the k-means++ starts are tried on a sample; the centres of its best partition are the start
 * for all points, beside the partition of K - 1 clusters with the farthest point.
 *
 * @param points at least one point, all of equal dimensions.
 * @param kMax greatest K, at least 1.
 * @param restarts k-means++ starts for each K, at least 1.
 * @param seed a 32-bit integer.
 * @param precision in which the points were computed before they became 64-bit numbers.
 * @returns partitions for K = 1 .. min(kMax, distinct points), in that order.
 * @see P. S. Bradley and U. M. Fayyad (1998), "Refining Initial Points for K-Means Clustering", for starts from a sample
 */
export function kmeansPartitions(
  points: readonly (readonly number[])[],
  kMax: number,
  restarts: number,
  seed: number,
  precision: Precision = "single",
): Partition[] {
  return [...searchPartitions(points, kMax, restarts, seed, precision).partitions];
}

/** The same, with the sample. */
export function searchPartitions(
  points: readonly (readonly number[])[],
  kMax: number,
  restarts: number,
  seed: number,
  precision: Precision = "single",
  onShare: OnShare = () => {},
): Search {
  const size = Math.max(FEW_POINTS, SAMPLED_PER_CLUSTER * kMax);
  if (points.length <= size) {
    const partitions = partitionsOfFew(points, kMax, restarts, seed, precision, onShare);
    return { partitions, sample: { points, rows: [...points.keys()], partitions } };
  }
  const rows = drawSorted(points.length, size, seed);
  const drawn = rows.map((row) => points[row]);
  // The sample is the smaller part of the work, by far where there are many points.
  const found = partitionsOfFew(drawn, kMax, restarts, seed, precision, (share) => onShare(share / 4));
  const partitions = partitionsOfMany(
    points,
    kMax,
    rows,
    found,
    precision,
    (share) => onShare(1 / 4 + share * 3 / 4),
  );
  return { partitions, sample: { points: drawn, rows, partitions: found } };
}

function partitionsOfFew(
  points: readonly (readonly number[])[],
  kMax: number,
  restarts: number,
  seed: number,
  precision: Precision,
  onShare: OnShare,
): Partition[] {
  const rotated = rotateToSpan(points);
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const matrix = rotated.length >= FEWEST_POINTS_FOR_MATRIX && rotated[0].length >= FEWEST_DIMENSIONS_FOR_MATRIX
    ? squaredDistances(rotated)
    : null;
  const largest = matrix === null ? 0 : largestOf(matrix);
  const distancesTo = (i: number) => matrix?.[i] ?? rotated.map((point) => squaredDistance(point, rotated[i]));
  /** From centres that are means of points, told by their indices. */
  const settle = (starts: readonly (readonly number[])[]) =>
    (matrix && lloydByDistances(matrix, starts, largest)) ??
      lloyd(rotated, starts.map((each) => meanOf(rotated, each)));

  let best = describe(rotated, rotated.map(() => 0));
  const partitions = [best.partition];
  const greatest = countDistinct(rotated, coincidence(points, rotated, precision), kMax);
  for (let K = 2; K <= greatest; K++) {
    const starts = [...membersOf(best.partition), [indexOfGreatest(best.distances)]];
    let next = describe(rotated, settle(starts));
    for (let restart = 0; restart < restarts; restart++) {
      const drawn = kmeansPlusPlus(rotated.length, distancesTo, K, uniform);
      const found = describe(rotated, settle(drawn.map((index) => [index])));
      if (found.partition.K === K && found.partition.inertia < next.partition.inertia) next = found;
    }
    // Only points that differ by rounding alone are left to split.
    if (next.partition.K < K) break;
    best = next;
    partitions.push(best.partition);
    onShare(shareDone(K, greatest));
  }
  return partitions;
}

/** @param found partitions of the points of these rows. */
function partitionsOfMany(
  points: readonly (readonly number[])[],
  kMax: number,
  rows: readonly number[],
  found: readonly Partition[],
  precision: Precision,
  onShare: OnShare,
): Partition[] {
  const centred = centredPoints(points);
  const drawn = rows.map((row) => centred[row]);
  let best = describe(centred, centred.map(() => 0));
  const partitions = [best.partition];
  const greatest = countDistinct(centred, coincidence(points, centred, precision), kMax);
  for (let K = 2; K <= greatest; K++) {
    let next = describe(centred, lloyd(centred, [...best.centres, centred[indexOfGreatest(best.distances)]]));
    // The sample may have fewer distinct points than all.
    if (K <= found.length) {
      const starts = membersOf(found[K - 1]).map((members) => meanOf(drawn, members));
      const refined = describe(centred, lloyd(centred, starts));
      if (refined.partition.K === K && refined.partition.inertia < next.partition.inertia) next = refined;
    }
    if (next.partition.K < K) break;
    best = next;
    partitions.push(best.partition);
    onShare(shareDone(K, greatest));
  }
  return partitions;
}

/** Share of the work that is done with K: every K costs as many distances as it has centres. */
function shareDone(K: number, greatest: number): number {
  return (K * (K + 1) - 2) / (greatest * (greatest + 1) - 2);
}

/** Ascending indices drawn without replacement: each is taken with the chance that fills the rest (Knuth's algorithm S). */
function drawSorted(count: number, size: number, seed: number): number[] {
  // Another stream than those of the starts and of the reference sets, which are seeded with the number and its complement.
  const generator = xoroshiro128plus(seed ^ 0x5a3c5a3c);
  const drawn: number[] = [];
  for (let i = 0; drawn.length < size; i++) {
    if (uniformFloat64(generator) * (count - i) < size - drawn.length) drawn.push(i);
  }
  return drawn;
}

function membersOf({ assignments, K }: Partition): number[][] {
  const members: number[][] = Array.from({ length: K }, () => []);
  assignments.forEach((k, i) => members[k].push(i));
  return members;
}

function meanOf(points: readonly (readonly number[])[], members: readonly number[]): number[] {
  return centroidOf(members.map((i) => points[i]));
}

/** Squared distance below which two points are one. */
function coincidence(
  points: readonly (readonly number[])[],
  centred: readonly (readonly number[])[],
  precision: Precision,
): number {
  const stored = COINCIDENT[precision] * largestSquaredNorm(points);
  return precision === "single" ? stored : Math.max(stored, COINCIDENT_ROTATED * largestSquaredNorm(centred));
}

function largestSquaredNorm(points: readonly (readonly number[])[]): number {
  return points.reduce((most, point) => Math.max(most, squaredNorm(point)), 0);
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
