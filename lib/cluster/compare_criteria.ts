import type { Matrix } from "../types.ts";
import { type Choice, CRITERIA, type Criterion } from "./choose_k.ts";
import { choose, type Clustering, clusteringOf, type Found, searchClusters } from "./cluster_embeddings.ts";
import { dissolveSmallClusters } from "./dissolve_small_clusters.ts";
import { FEW_POINTS, type OnShare } from "./kmeans_partitions.ts";
import { checkOptions, type ClusterOptions } from "./options.ts";

/** The K of each criterion; null for `sse-penalty` without a price. */
export type KByCriterion = Record<Criterion, number | null>;

/**
 * The K that each criterion chooses for the same embeddings, from the same k-means partitions.
 *
 * @param embeddings raw embeddings of the I images, shape [I, D], finite.
 * @param options as for clustering; their criterion, if any, is ignored.
 * @returns K by criterion; null for `sse-penalty` when `beta` is missing.
 * @throws {RangeError} when there is no embedding, one is not finite, the shapes disagree, or an option is out of range.
 */
export function compareCriteria(embeddings: Matrix, options: Omit<ClusterOptions, "criterion">): KByCriterion {
  checkOptions({ ...options, criterion: undefined });
  const found = searchClusters(embeddings, options);
  return kByCriterion(found, choices(found, options), options);
}

/** A clustering beside what the other criteria would have chosen. */
export interface ComparedClustering {
  readonly clustering: Clustering;
  /** The K that the criterion chose, before small clusters are dissolved. */
  readonly chosenK: number;
  readonly kByCriterion: KByCriterion;
  /** How many rows the starts, the gap and the silhouette were taken from: all of them, or a sample. */
  readonly sampledRows: number;
}

/** Share of the work that is k-means of the embeddings; the rest is that of reference sets, which are samples at most. */
const SEARCH_SHARE = { few: 0.15, many: 0.6 };

/**
 * Clusters embeddings, and tells what every criterion chooses: what `clusterEmbeddings` and `compareCriteria` give, at the
 * cost of one search.
 *
 * @param onShare is told the share of the work that is done.
 * @throws {RangeError} as they do.
 */
export function clusterAndCompare(
  embeddings: Matrix,
  options: ClusterOptions,
  onShare: OnShare = () => {},
): ComparedClustering {
  checkOptions(options);
  const part = embeddings.rows > FEW_POINTS ? SEARCH_SHARE.many : SEARCH_SHARE.few;
  const found = searchClusters(embeddings, options, (share) => onShare(part * share));
  const all = choices(found, options, (share) => onShare(part + (1 - part) * share));
  const choice = all.get(options.criterion)!;
  return {
    clustering: clusteringOf(embeddings, found, choice, options.minClusterSize ?? 1),
    chosenK: choice.K,
    kByCriterion: kByCriterion(found, all, options),
    sampledRows: found.search.sample.rows.length,
  };
}

/** What every criterion chooses; `sse-penalty` nothing without a price. */
function choices(
  found: Found,
  options: Omit<ClusterOptions, "criterion">,
  onShare?: OnShare,
): ReadonlyMap<Criterion, Choice> {
  const possible = CRITERIA.filter((criterion) => criterion !== "sse-penalty" || options.beta !== undefined);
  return new Map(possible.map((criterion) => [criterion, choose(criterion, found, options, onShare)]));
}

function kByCriterion(
  { points, search }: Found,
  all: ReadonlyMap<Criterion, Choice>,
  { minClusterSize = 1 }: Omit<ClusterOptions, "criterion">,
): KByCriterion {
  const left = CRITERIA.map((criterion) => {
    const choice = all.get(criterion);
    if (choice === undefined) return [criterion, null];
    return [criterion, dissolveSmallClusters(points, search.partitions[choice.K - 1], minClusterSize).K];
  });
  return Object.fromEntries(left);
}
