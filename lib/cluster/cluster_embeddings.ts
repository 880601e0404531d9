import type { ClusterCandidate, Matrix } from "../types.ts";
import { type Choice, chooseK, type Criterion } from "./choose_k.ts";
import { dissolveSmallClusters } from "./dissolve_small_clusters.ts";
import { type OnShare, type Search, searchPartitions } from "./kmeans_partitions.ts";
import { storedPrecision } from "./stored_precision.ts";
import { checkOptions, clusteredSpace, type ClusterOptions, greatestK } from "./options.ts";

/** A clustering of a unit's images. */
export interface Clustering {
  /** Number of clusters, none of them empty. */
  readonly K: number;
  /** Cluster of each of the I images, in 0 .. K - 1, numbered in order of first appearance. */
  readonly assignments: readonly number[];
  /** Every K tried, from 1, with the criterion's value; lower is better. K is one of them, less its small clusters. */
  readonly candidates: readonly ClusterCandidate[];
  /** Mean of the raw embeddings of each cluster, shape [K, D]. */
  readonly centers: Matrix;
  /** Sum of squared distances to the cluster means, in the space that was clustered. */
  readonly inertia: number;
}

/**
 * Clusters the embeddings of a unit's images by k-means, with the K that the criterion finds best.
 *
 * The same embeddings and options give the same clustering to the last bit. Embeddings that are all the same are one cluster.
 *
 * @param embeddings raw embeddings of the I images, shape [I, D], finite.
 * @throws {RangeError} when there is no embedding, one is not finite, the shapes disagree, or an option is out of range.
 * @see Alic et al. (2025), section 2.4
 */
export function clusterEmbeddings(embeddings: Matrix, options: ClusterOptions): Clustering {
  checkOptions(options);
  const { criterion, minClusterSize = 1 } = options;
  const found = searchClusters(embeddings, options);
  return clusteringOf(embeddings, found, choose(criterion, found, options), minClusterSize);
}

/** The points that are clustered, and what k-means found of them. */
export interface Found {
  readonly points: number[][];
  readonly search: Search;
  /** By what the points were multiplied, so that their squares do not vanish: a power of two, 1 for all but the smallest. */
  readonly factor: number;
}

/** Searches partitions of the embeddings for every K. */
export function searchClusters(
  embeddings: Matrix,
  options: Omit<ClusterOptions, "criterion">,
  onShare?: OnShare,
): Found {
  const { restarts = 10, seed } = options;
  const { points, factor } = scaledUp(clusteredSpace(embeddings, options));
  const precision = (options.perceptual?.weight ?? 0) > 0 ? "single" : storedPrecision(embeddings);
  const kMax = greatestK(points.length, options);
  return { points, search: searchPartitions(points, kMax, restarts, seed, precision, onShare), factor };
}

/** What a criterion chooses of what was found. */
export function choose(
  criterion: Criterion,
  { search, factor }: Found,
  { beta, lambda = 1, restarts = 10, seed }: Omit<ClusterOptions, "criterion">,
  onShare?: OnShare,
): Choice {
  // A price is in units of the inertia; where it would overflow, no cluster is worth it anyway.
  const price = beta === undefined
    ? undefined
    : Math.min(beta * factor * factor, Number.MAX_VALUE / search.partitions.length);
  const { K, candidates } = chooseK(criterion, search, { beta: price, lambda, restarts, seed }, onShare);
  const asGiven = (value: number) => value / factor / factor;
  return {
    K,
    candidates: candidates.map((each) => ({
      ...each,
      criterion: criterion === "sse-penalty" ? asGiven(each.criterion) : each.criterion,
      inertia: asGiven(each.inertia),
    })),
  };
}

/** The clustering of a choice. */
export function clusteringOf(
  embeddings: Matrix,
  { points, search, factor }: Found,
  { K: chosen, candidates }: Choice,
  minClusterSize: number,
): Clustering {
  const partition = dissolveSmallClusters(points, search.partitions[chosen - 1], minClusterSize);
  const { K, assignments, sizes, inertia } = partition;
  const centers = clusterMeans(embeddings, assignments, sizes);
  return { K, assignments, candidates, centers, inertia: inertia / factor / factor };
}

/** Below it the squares of differences in the last place come near the smallest numbers. */
const SMALLEST_AS_GIVEN = 2 ** -300;

/** Points whose largest component is at least 1/2, if it was very small: multiplied by a power of two, which loses nothing. */
function scaledUp(points: number[][]): Pick<Found, "points" | "factor"> {
  const largest = points.reduce((most, point) => point.reduce((own, value) => Math.max(own, Math.abs(value)), most), 0);
  if (largest === 0 || largest >= SMALLEST_AS_GIVEN) return { points, factor: 1 };
  const factor = 2 ** Math.min(-Math.ceil(Math.log2(largest)), 1000);
  return { points: points.map((point) => point.map((value) => value * factor)), factor };
}

/**
 * Means of the embeddings of each cluster.
 *
 * @param sizes of the clusters.
 * @returns shape [K, D].
 */
export function clusterMeans(
  { cols, data }: Matrix,
  assignments: readonly number[],
  sizes: readonly number[],
): Matrix {
  const centers = new Float64Array(sizes.length * cols);
  for (const [i, k] of assignments.entries()) {
    for (let d = 0; d < cols; d++) centers[k * cols + d] += data[i * cols + d];
  }
  for (const [k, size] of sizes.entries()) {
    for (let d = 0; d < cols; d++) centers[k * cols + d] /= size;
  }
  return { rows: sizes.length, cols, data: centers };
}
