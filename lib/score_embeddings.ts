/**
 * The last two stages on embeddings from anywhere: clustered by a criterion, or in clusters that are given.
 *
 * @module
 */
import { clusterAndCompare, type ClusterOptions, type Criterion, greatestK, type OnShare } from "./cluster/mod.ts";
import { meanPairwiseAngle, score } from "./score/mod.ts";
import type { ClusterCandidate, Matrix, ScoreParts } from "./types.ts";

/** What the price of a cluster was calibrated for: the embeddings alone, without the distances that a run adds. */
export const CALIBRATED_FOR = {
  embedder: "resnet18-cifar10",
  cols: 512,
  leastRows: 32,
  mostRows: 48,
  /** models/resnet18-cifar10/calibration.json, the row of weights 0; docs/data/profiles/embedding-alone.json. */
  beta: 2.59,
} as const;

/** What is told of how to choose K; what is not told follows the rule. */
export interface RuleOptions {
  readonly criterion?: Criterion;
  readonly beta?: number;
  readonly kMax?: number;
  readonly minClusterSize?: number;
  readonly mean?: ArrayLike<number>;
  readonly normalize: boolean;
}

/**
 * The rule that chooses K: what is told, and for the rest what a run does as far as embeddings alone allow.
 *
 * The rule of the profile `calibrated`, SSE + beta K, holds for embeddings less the training images' mean, scaled to unit
 * length. Their own mean is no stand-in: subtracting it from images of one feature removes what they share and leaves
 * directions of noise, which scaling to unit length then spreads over the sphere as if they were many. So without the mean,
 * or at their own length, it is the gap statistic, which needs neither the mean nor a price.
 */
export function ruleFor(
  { criterion, beta = CALIBRATED_FOR.beta, kMax, minClusterSize, mean, normalize }: RuleOptions,
): Omit<ClusterOptions, "seed" | "lambda"> {
  const chosen = criterion ?? (mean !== undefined && normalize ? "sse-penalty" : "gap");
  const asInRun = chosen === "sse-penalty" && mean !== undefined && normalize;
  return {
    criterion: chosen,
    beta,
    kMax: kMax ?? 10,
    halfCap: kMax === undefined,
    restarts: 10,
    minClusterSize: minClusterSize ?? (asInRun ? 2 : 1),
    mean,
    normalize,
  };
}

/** Share of the work that is clustering; the rest is the mean angle. */
const CLUSTERING_SHARE = 0.75;

/** The score of embeddings, and what it was found by. */
export interface EmbeddingsScore extends ScoreParts {
  /** Cluster of each row, from 0. */
  readonly assignments: readonly number[];
  /** Every K tried; none where clusters were given. */
  readonly candidates: readonly ClusterCandidate[];
  /** Mean pairwise angle over pi; null for one row, or where a row has no direction. */
  readonly meanAngle: number | null;
  /** What chose K; null where clusters were given. */
  readonly criterion: Criterion | null;
  /** The K of every criterion for the same partitions; null where clusters were given. */
  readonly kByCriterion: Readonly<Record<Criterion, number | null>> | null;
  /** The K that the criterion chose, before small clusters are dissolved; null where clusters were given. */
  readonly chosenK: number | null;
  /** Whether the criterion chose the greatest K tried, so that a greater one might be better; null where clusters were given. */
  readonly kAtLimit: boolean | null;
  /** Rows that starts of k-means, gap and silhouettes were taken from; null where from all. */
  readonly sampledRows: number | null;
}

/**
 * Clusters embeddings and scores them.
 *
 * Of more than 1,000 rows, what costs distances of all pairs is taken from a sample of them; the clusters and the score
 * are those of all rows.
 *
 * @param embeddings shape [I, D], finite.
 * @param onShare is told the share of the work that is done, from 0 to 1.
 * @throws {RangeError} when an option does not fit, or the mean of a cluster is zero.
 */
export function scoreEmbeddings(
  embeddings: Matrix,
  options: ClusterOptions,
  onShare: OnShare = () => {},
): EmbeddingsScore {
  const { clustering, chosenK, kByCriterion, sampledRows } = clusterAndCompare(
    embeddings,
    options,
    (share) => onShare(CLUSTERING_SHARE * share),
  );
  const { assignments, candidates, centers } = clustering;
  return {
    ...score(centers, embeddings.rows),
    assignments,
    candidates,
    meanAngle: meanAngle(embeddings, (share) => onShare(CLUSTERING_SHARE + (1 - CLUSTERING_SHARE) * share)),
    criterion: options.criterion,
    kByCriterion,
    chosenK,
    kAtLimit: embeddings.rows > 2 && chosenK === greatestK(embeddings.rows, options),
    sampledRows: sampledRows < embeddings.rows ? sampledRows : null,
  };
}

/**
 * Scores embeddings in clusters that are given: the formula alone.
 *
 * @param labels cluster of each row; clusters are counted in the order of their first row.
 * @throws {RangeError} when the mean of a cluster is zero.
 */
export function scoreLabelledEmbeddings(embeddings: Matrix, labels: readonly number[]): EmbeddingsScore {
  const { rows, cols, data } = embeddings;
  const names = [...new Set(labels)];
  const numbers = new Map(names.map((name, k) => [name, k]));
  const assignments = labels.map((label) => numbers.get(label)!);
  const sizes = names.map(() => 0);
  for (const k of assignments) sizes[k]++;
  const means = new Float64Array(names.length * cols);
  assignments.forEach((k, i) => {
    for (let d = 0; d < cols; d++) means[k * cols + d] += data[i * cols + d] / sizes[k];
  });
  return {
    ...score({ rows: names.length, cols, data: means }, rows),
    assignments,
    candidates: [],
    meanAngle: meanAngle(embeddings),
    criterion: null,
    kByCriterion: null,
    chosenK: null,
    kAtLimit: null,
    sampledRows: null,
  };
}

function meanAngle(embeddings: Matrix, onShare?: OnShare): number | null {
  try {
    return meanPairwiseAngle(embeddings, onShare);
  } catch {
    return null; // a row without length has no angle to the others, though its cluster may be scored
  }
}
