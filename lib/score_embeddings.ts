/**
 * The last two stages on embeddings from anywhere: clustered by a criterion, or in clusters that are given.
 *
 * @module
 */
import { clusterEmbeddings, type ClusterOptions, compareCriteria, type Criterion } from "./cluster/mod.ts";
import { meanPairwiseAngle, score } from "./score/mod.ts";
import type { ClusterCandidate, Matrix, ScoreParts } from "./types.ts";

/** K by every criterion costs distances between all pairs: for no more rows than this. */
const MOST_ROWS_TO_COMPARE = 1000;

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
  /** The K of every criterion for the same partitions; null where clusters were given and for very many rows. */
  readonly kByCriterion: Readonly<Record<Criterion, number | null>> | null;
}

/**
 * Clusters embeddings and scores them.
 *
 * @param embeddings shape [I, D], finite.
 * @throws {RangeError} when an option does not fit, or the mean of a cluster is zero.
 */
export function scoreEmbeddings(embeddings: Matrix, options: ClusterOptions): EmbeddingsScore {
  const { assignments, candidates, centers } = clusterEmbeddings(embeddings, options);
  return {
    ...score(centers, embeddings.rows),
    assignments,
    candidates,
    meanAngle: meanAngle(embeddings),
    criterion: options.criterion,
    kByCriterion: embeddings.rows > MOST_ROWS_TO_COMPARE ? null : compareCriteria(embeddings, options),
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
  const assignments = labels.map((label) => names.indexOf(label));
  const sizes = names.map((name) => labels.filter((label) => label === name).length);
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
  };
}

function meanAngle(embeddings: Matrix): number | null {
  try {
    return meanPairwiseAngle(embeddings);
  } catch {
    return null; // a row without length has no angle to the others, though its cluster may be scored
  }
}
