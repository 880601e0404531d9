import type { ClusterCandidate } from "../types.ts";
import { gapStatistic } from "./gap_statistic.ts";
import type { Partition } from "./kmeans_partitions.ts";
import { meanSilhouette } from "./mean_silhouette.ts";
import { pellegMooreBic } from "./pelleg_moore_bic.ts";
import { sphericalBic } from "./spherical_bic.ts";
import { ssePenalty } from "./sse_penalty.ts";

/** The criteria that can choose K. */
export const CRITERIA = ["sse-penalty", "pelleg-moore", "gap", "silhouette", "spherical"] as const;

/** What chooses K. */
export type Criterion = typeof CRITERIA[number];

/**
 * The least inertia that the criteria with a logarithm see, as a share of SSE_1. Clusters of coincident points have none,
 * and an infinite likelihood; held at this floor, it is merely high enough that they win over every wider partition.
 */
const LEAST_INERTIA = 1e-12;

/** What a criterion needs beside the partitions. */
export interface ChoiceOptions {
  readonly beta?: number;
  readonly lambda: number;
  readonly restarts: number;
  readonly seed: number;
}

/**
 * The K that a criterion chooses among partitions, and the criterion's value at each.
 *
 * Lower is better, whatever the criterion: the gap and the mean silhouette come with a minus. The least wins, the smallest K of equals; but `gap` has a rule of its own. Where all points are one there is a single partition,
 * of no inertia, and its value by a criterion with a logarithm is given as 0.
 *
 * @param points the clustered points.
 * @param partitions of the points, for K = 1, 2, ...
 */
export function chooseK(
  criterion: Criterion,
  points: readonly (readonly number[])[],
  partitions: readonly Partition[],
  options: ChoiceOptions,
): { K: number; candidates: ClusterCandidate[] } {
  const { beta = NaN, lambda, restarts, seed } = options;
  const dimensions = points[0].length;
  const scatter = partitions[0].inertia;
  const inertias = partitions.map(({ inertia }) => Math.max(inertia, LEAST_INERTIA * scatter));
  // No scatter, no logarithm; and a lone point has no variance to estimate.
  const estimable = scatter > 0 && points.length > 1;
  const mixtures = partitions.map(({ sizes }, index) => ({ sizes, inertia: inertias[index], dimensions }));

  let chosen: number | undefined;
  let values: number[];
  switch (criterion) {
    case "sse-penalty":
      values = partitions.map(({ inertia, K }) => ssePenalty(inertia, K, beta));
      break;
    case "pelleg-moore":
      values = mixtures.map((mixture) => (estimable ? pellegMooreBic(mixture, lambda) : 0));
      break;
    case "spherical":
      values = mixtures.map((mixture) => (estimable ? sphericalBic(mixture, lambda) : 0));
      break;
    case "silhouette":
      values = partitions.map(({ assignments }) => -meanSilhouette(points, assignments));
      break;
    case "gap": {
      const gap = estimable ? gapStatistic(points, inertias, restarts, seed) : { K: 1, gaps: [0] };
      chosen = gap.K;
      values = gap.gaps.map((value) => 0 - value);
      break;
    }
  }
  chosen ??= 1 + values.reduce((best, value, index) => (value < values[best] ? index : best), 0);
  const candidates = partitions.map(({ K, inertia }, index) => ({ k: K, criterion: values[index], inertia }));
  return { K: chosen, candidates };
}
