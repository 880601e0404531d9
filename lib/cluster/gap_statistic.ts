import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { mean, standardDeviation } from "simple-statistics";
import { kmeansPartitions, type OnShare } from "./kmeans_partitions.ts";

/** Number of reference sets B. */
const REFERENCES = 8;

/** The gap of each K = 1, 2, ... and the K it chooses. */
export interface GapStatistic {
  readonly K: number;
  /** Gap(K); higher means further from structureless. */
  readonly gaps: readonly number[];
  /** s_K, the standard error of Gap(K). */
  readonly errors: readonly number[];
}

/**
 * Gap statistic: how much lower the inertia is than that of structureless points in the same box.
 *
 *     Gap(K) = mean_b ln SSE*_Kb - ln SSE_K,    s_K = sd_b(ln SSE*_Kb) sqrt(1 + 1/B)
 *
 * over B = 8 reference sets, each component uniform over the range that it has in the points (Tibshirani's choice a). The K
 * chosen is the smallest with Gap(K) >= Gap(K + 1) - s_(K + 1); the greatest K tried when none is.
 *
 * @param points n points, not all the same.
 * @param inertias SSE_K of the points for K = 1, 2, ..., each above 0.
 * @param restarts starts of k-means in the reference sets.
 * @param seed a 32-bit integer.
 * @param onShare is told the share of the reference sets that is done.
 * @throws {RangeError} when an inertia is not above 0.
 * @see R. Tibshirani, G. Walther and T. Hastie (2001), "Estimating the number of clusters in a data set via the gap statistic"
 */
export function gapStatistic(
  points: readonly (readonly number[])[],
  inertias: readonly number[],
  restarts: number,
  seed: number,
  onShare: OnShare = () => {},
): GapStatistic {
  for (const inertia of inertias) {
    if (!(inertia > 0 && inertia < Infinity)) {
      throw new RangeError(`each inertia must be finite and above 0, got ${inertia}`);
    }
  }
  const low = points[0].map((_, d) => points.reduce((least, point) => Math.min(least, point[d]), Infinity));
  const high = points[0].map((_, d) => points.reduce((most, point) => Math.max(most, point[d]), -Infinity));
  // Only distances matter, so the box may stand at the origin, where its points keep all their digits.
  const ranges = high.map((most, d) => most - low[d]);
  // Another stream than that of the k-means starts, which are seeded with the bare number.
  const generator = xoroshiro128plus(~seed);
  const logs: number[][] = inertias.map(() => []);
  for (let reference = 0; reference < REFERENCES; reference++) {
    const uniform = points.map(() => ranges.map((range) => range * uniformFloat64(generator)));
    const partitions = kmeansPartitions(uniform, inertias.length, restarts, (seed + reference) | 0);
    for (const [index, { inertia }] of partitions.entries()) logs[index].push(Math.log(inertia));
    onShare((reference + 1) / REFERENCES);
  }
  const gaps = inertias.map((inertia, index) => mean(logs[index]) - Math.log(inertia));
  const errors = logs.map((values) => standardDeviation(values) * Math.sqrt(1 + 1 / REFERENCES));
  const first = gaps.findIndex((gap, index) => gap >= gaps[index + 1] - errors[index + 1]);
  return { K: first === -1 ? gaps.length : first + 1, gaps, errors };
}
