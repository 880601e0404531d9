/**
 * Whether the parts of a unit fit together.
 *
 * @module
 */
import { pairCount } from "../pair_distances.ts";
import type { UnitRecord } from "../types.ts";

/**
 * What in a unit contradicts itself, such as `2 activations of 3 images`; null where nothing does. A unit that came by way of
 * schema 1 has no pooled distances.
 */
export function contradictionIn(unit: UnitRecord): string | null {
  const { images, activations, distances, pooledDistances, embeddings, score, scoreInterval, kShares, paper } = unit;
  const N = images.count;
  if (images.data.length !== N * images.height * images.width * 3) {
    return `${images.data.length} pixel values are not ${N} images of ${images.height} x ${images.width}`;
  }
  if (activations.length !== N) return `${activations.length} activations of ${N} images`;
  if (!activations.every(Number.isFinite)) return "an activation is not finite";
  if (embeddings.data.length !== embeddings.rows * embeddings.cols) {
    return `${embeddings.data.length} entries are not ${embeddings.rows} x ${embeddings.cols} embeddings`;
  }
  if ((score === null) !== (paper === null)) return "one of the two scores is missing";
  if (scoreInterval !== null) {
    const { low, high } = scoreInterval;
    if (score === null) return "an interval without a score";
    if (!(low >= 0 && low <= high && high <= 1)) return `${low} to ${high} is no interval in [0, 1]`;
  }
  if (kShares !== null) {
    const { K1, K2, K3 } = kShares;
    if (scoreInterval === null) return "shares of K without an interval";
    if (!([K1, K2, K3].every((share) => share >= 0) && Math.abs(K1 + K2 + K3 - 1) < 1e-9)) {
      return `shares of K ${K1}, ${K2} and ${K3} do not add up to 1`;
    }
    const { low, high } = scoreInterval; // without shares it is of schema 3 or older, whose intervals need not hold S
    const S = score?.S ?? NaN;
    if (!(low <= S && S <= high)) return `S = ${S} is not in its interval, ${low} to ${high}`;
  }
  if (score === null && distances.length === 0 && embeddings.rows === 0) return null; // dead: nothing was measured
  if (distances.length !== pairCount(N)) return `${distances.length} distances of ${N} images`;
  if (pooledDistances.length !== 0 && pooledDistances.length !== distances.length) {
    return `${pooledDistances.length} pooled distances beside ${distances.length} of LPIPS`;
  }
  if (unit.attributions !== undefined && unit.attributions.distances.length !== distances.length) {
    return `${unit.attributions.distances.length} distances of attributions beside ${distances.length} of LPIPS`;
  }
  if (embeddings.rows !== N) return `${embeddings.rows} embeddings of ${N} images`;
  for (const each of [score, paper]) {
    if (each && !(each.I <= N && each.assignments.length === each.I)) {
      return `${each.assignments.length} assignments and I = ${each.I} of ${N} images`;
    }
  }
  return null;
}
