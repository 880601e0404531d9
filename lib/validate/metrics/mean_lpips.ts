import { meanSimple } from "simple-statistics";
import { pairCount } from "../../pair_distances.ts";
import type { UnitRecord } from "../../types.ts";

/**
 * Mean LPIPS over all pairs of the I images that a unit's score counts.
 *
 * @returns at least 0; null for a unit without a score or of a single image.
 * @throws {RangeError} when the record has fewer distances than I images have pairs.
 * @see Zhang et al. (2018), "The unreasonable effectiveness of deep features as a perceptual metric"
 */
export function meanLpips({ distances, score }: Pick<UnitRecord, "distances" | "score">): number | null {
  const pairs = score === null ? 0 : pairCount(score.I);
  if (pairs === 0) return null;
  if (distances.length < pairs) throw new RangeError(`${score!.I} images have ${pairs} pairs, got ${distances.length}`);
  return meanSimple(distances.slice(0, pairs)); // the first pairs are those of the first images
}
