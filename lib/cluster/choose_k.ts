import type { ClusterCandidate } from "../types.ts";
import { squaredDistances } from "./distances.ts";
import { gapStatistic } from "./gap_statistic.ts";
import type { OnShare, Search } from "./kmeans_partitions.ts";
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

/** What a criterion chooses. */
export interface Choice {
  readonly K: number;
  /** Every K tried, with the criterion's value; lower is better. */
  readonly candidates: ClusterCandidate[];
}

/**
 * The K that a criterion chooses among partitions, and the criterion's value at each.
 *
 * Lower is better, whatever the criterion: the gap and the mean silhouette come with a minus. The least wins, the smallest K of equals; but `gap` has a rule of its own. Where all points are one there is a single partition,
 * of no inertia, and its value by a criterion with a logarithm is given as 0.
 *
 * Of many points, the gap is that of their sample, and the silhouettes are those of the sample's points among each other:
 * all pairs and reference sets of all points would cost hours.
 *
 * @param search partitions for K = 1, 2, ..., and the points or their sample.
 * @param onShare is told the share of the work that is done.
 */
export function chooseK(
  criterion: Criterion,
  { partitions, sample }: Search,
  options: ChoiceOptions,
  onShare?: OnShare,
): Choice {
  const { beta = NaN, lambda, restarts, seed } = options;
  const dimensions = sample.points[0].length;
  // No scatter, no logarithm; and a lone point has no variance to estimate.
  const estimable = partitions[0].inertia > 0 && sample.points.length > 1;
  const inertias = heldAboveZero(partitions.map(({ inertia }) => inertia));
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
    case "silhouette": {
      const squared = squaredDistances(sample.points);
      values = partitions.map(({ assignments }) =>
        -meanSilhouette(sample.points, renumbered(sample.rows.map((row) => assignments[row])), squared)
      );
      break;
    }
    case "gap": {
      // A sample may have fewer distinct points than there are K: its inertia stays what it is from there.
      const own = partitions.map((_, index) => sample.partitions[index] ?? sample.partitions.at(-1)!);
      const scattered = estimable && own[0].inertia > 0;
      const held = heldAboveZero(own.map(({ inertia }) => inertia));
      const gap = scattered
        ? gapStatistic(sample.points, held, restarts, seed, onShare)
        : { K: 1, gaps: partitions.map(() => 0) };
      chosen = gap.K;
      values = gap.gaps.map((value) => 0 - value);
      break;
    }
  }
  chosen ??= 1 + values.reduce((best, value, index) => (value < values[best] ? index : best), 0);
  const candidates = partitions.map(({ K, inertia }, index) => ({ k: K, criterion: values[index], inertia }));
  return { K: chosen, candidates };
}

/** Inertias of K = 1, 2, ... as the criteria with a logarithm see them. */
function heldAboveZero(inertias: readonly number[]): number[] {
  return inertias.map((inertia) => Math.max(inertia, LEAST_INERTIA * inertias[0]));
}

/** Clusters numbered in order of first appearance: a sample may have no point of some. */
function renumbered(clusters: readonly number[]): number[] {
  const numbers = new Map<number, number>();
  return clusters.map((k) => {
    if (!numbers.has(k)) numbers.set(k, numbers.size);
    return numbers.get(k)!;
  });
}
