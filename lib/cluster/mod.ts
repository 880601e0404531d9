/**
 * Clustering: which of a unit's images show the same feature, and how many features there are. Pure arithmetic.
 *
 * @module
 */
export {
  clusterEmbeddings,
  type Clustering,
  clusteringOf,
  clusterMeans,
  searchClusters,
} from "./cluster_embeddings.ts";
export { clusterAndCompare, compareCriteria, type ComparedClustering } from "./compare_criteria.ts";
export { CRITERIA, type Criterion } from "./choose_k.ts";
export { dissolveSmallClusters } from "./dissolve_small_clusters.ts";
export { clusteredSpace, type ClusterOptions, greatestK, type PerceptualDistances } from "./options.ts";
export { type GapStatistic, gapStatistic } from "./gap_statistic.ts";
export { kmeansPartitions, type OnShare, type Partition } from "./kmeans_partitions.ts";
export { type Mixture, pellegMooreBic } from "./pelleg_moore_bic.ts";
export { rotateToSpan } from "./rotate_to_span.ts";
export { meanSilhouette } from "./mean_silhouette.ts";
export { sphericalBic } from "./spherical_bic.ts";
export { ssePenalty } from "./sse_penalty.ts";
export { type Precision, storedPrecision } from "./stored_precision.ts";
