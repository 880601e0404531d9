import type { Matrix } from "../types.ts";
import { chooseK, CRITERIA, type Criterion } from "./choose_k.ts";
import { dissolveSmallClusters } from "./dissolve_small_clusters.ts";
import { kmeansPartitions } from "./kmeans_partitions.ts";
import { checkOptions, clusteredSpace, type ClusterOptions, greatestK } from "./options.ts";

/**
 * The K that each criterion chooses for the same embeddings, from the same k-means partitions.
 *
 * @param embeddings raw embeddings of the I images, shape [I, D], finite.
 * @param options as for clustering; their criterion, if any, is ignored.
 * @returns K by criterion; null for `sse-penalty` when `beta` is missing.
 * @throws {RangeError} when there is no embedding, one is not finite, the shapes disagree, or an option is out of range.
 */
export function compareCriteria(
  embeddings: Matrix,
  options: Omit<ClusterOptions, "criterion">,
): Record<Criterion, number | null> {
  checkOptions({ ...options, criterion: undefined });
  const { beta, lambda = 1, restarts = 10, seed, minClusterSize = 1 } = options;
  const points = clusteredSpace(embeddings, options);
  const partitions = kmeansPartitions(points, greatestK(points.length, options), restarts, seed);
  const chosen = CRITERIA.map((criterion) => {
    const needsBeta = criterion === "sse-penalty" && beta === undefined;
    if (needsBeta) return [criterion, null];
    const { K } = chooseK(criterion, points, partitions, { beta, lambda, restarts, seed });
    return [criterion, dissolveSmallClusters(points, partitions[K - 1], minClusterSize).K];
  });
  return Object.fromEntries(chosen);
}
