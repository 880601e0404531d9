/**
 * Whether the parts of a unit fit together.
 *
 * @module
 */
import { pairCount } from "../pair_distances.ts";
import type { ClusteringRecord, ScoreParts, StopReason, UnitRecord } from "../types.ts";

/** Why a sequence of images may have ended. */
const STOP_REASONS: readonly StopReason[] = ["elbow", "maximum", "dead", "exploded"];

/** What arithmetic may add to a number that is at most 1. */
const ROUNDING = 1e-9;

function isShare(value: unknown): boolean {
  return typeof value === "number" && value >= -ROUNDING && value <= 1 + ROUNDING;
}

function isMatrix(value: unknown, size: number): boolean {
  return Array.isArray(value) && value.length === size &&
    value.every((row) => Array.isArray(row) && row.length === size && row.every(isShare));
}

/** What is wrong with the numbers of a score; null where nothing is. */
export function wrongParts({ I, K, C, D, S }: ScoreParts): string | null {
  if (!(Number.isSafeInteger(I) && Number.isSafeInteger(K) && K >= 1 && K <= I)) {
    return `K = ${K} clusters of I = ${I} images`;
  }
  const wrong = Object.entries({ C, D, S }).find(([name, value]) =>
    !(isShare(value) || (value === null && name !== "D"))
  );
  return wrong === undefined ? null : `${wrong[0]} = ${wrong[1]} is not in [0, 1]`;
}

/** What is wrong with a clustering; null where nothing is. */
function wrongClustering(record: ClusteringRecord): string | null {
  const { K, assignments, theta, b, candidates } = record;
  if (!assignments.every((cluster) => Number.isSafeInteger(cluster) && cluster >= 0 && cluster < K)) {
    return `an image is in none of the ${K} clusters`;
  }
  if (!isMatrix(theta, K) || !isMatrix(b, K)) return `angles or balances are not of ${K} clusters`;
  if (!candidates.every(({ k }) => Number.isSafeInteger(k) && k >= 1)) {
    return "a number of clusters that was tried is none";
  }
  return wrongParts(record);
}

/** What is wrong with a unit's flags and the reason why it ended; null where nothing is. */
export function wrongNames({ flags, stopReason }: Pick<UnitRecord, "flags" | "stopReason">): string | null {
  if (!Array.isArray(flags) || !flags.every((flag) => typeof flag === "string")) {
    return "its flags are no list of texts";
  }
  return STOP_REASONS.includes(stopReason) ? null : `why it stopped is ${JSON.stringify(stopReason)}`;
}

/**
 * What in a unit contradicts itself, such as `2 activations of 3 images`; null where nothing does. A unit that came by way of
 * schema 1 has no pooled distances.
 */
export function contradictionIn(unit: UnitRecord): string | null {
  const { images, activations, distances, pooledDistances, embeddings, score, scoreInterval, kShares, paper } = unit;
  const N = images.count;
  const names = wrongNames(unit);
  if (names !== null) return names;
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
    const wrong = each && wrongClustering(each);
    if (wrong !== null) return wrong;
  }
  return null;
}
