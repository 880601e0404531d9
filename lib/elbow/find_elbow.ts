/** When a sequence of images is long enough. */
export interface ElbowRule {
  /** A change |d_I - d_(I-1)| counts as small when it is below this; at least 0, in units of the distance. */
  readonly threshold: number;
  /** How many small changes in a row end the sequence; at least 1. */
  readonly patience: number;
  /** The sequence does not end before this many images; at least 2. */
  readonly minImages: number;
  /** The sequence ends with this many images whatever they do; at least `minImages`. */
  readonly maxImages: number;
}

/** Where a sequence of images ends, and why. */
export interface Elbow {
  /** Number of images I. */
  readonly I: number;
  readonly reason: "elbow" | "maximum";
}

/**
 * Finds where a unit's sequence of images ends: the first I of at least `minImages` such that the last `patience`
 * changes |d_I - d_(I-1)|, up to the one that image I brought, are all below `threshold`; `maxImages` when there is none.
 * Changes before `minImages` count towards the patience. The result depends on d_2 .. d_I alone, so more images never
 * move it.
 *
 * The literal rule of the paper is `{ threshold: 0.02, patience: 1, minImages: 2 }`: start with two images, stop at the first
 * small change. It cannot stop before three.
 *
 * @param meanDistances d_2, d_3, ... as of {@linkcode runningMeanDistances}.
 * @returns the end and its reason; null when the sequence so far has none: more images are needed.
 * @throws {RangeError} when a mean distance is negative or not finite, or the rule is out of range.
 * @see Alic et al. (2025), section 2.2
 * @example The change of the fourth image is the first below the threshold
 * ```ts
 * findElbow([0.5, 0.4, 0.39], { threshold: 0.02, patience: 1, minImages: 2, maxImages: 48 }); // { I: 4, reason: "elbow" }
 * ```
 */
export function findElbow(meanDistances: readonly number[], rule: ElbowRule): Elbow | null {
  const { threshold, patience, minImages, maxImages } = checked(rule);
  let small = 0;
  for (const [index, distance] of meanDistances.entries()) {
    const I = index + 2;
    if (!(distance >= 0 && distance < Infinity)) {
      throw new RangeError(`the mean distance of ${I} images must be finite and at least 0, got ${distance}`);
    }
    if (index > 0) small = Math.abs(distance - meanDistances[index - 1]) < threshold ? small + 1 : 0;
    if (I >= minImages && small >= patience) return { I, reason: "elbow" };
    if (I >= maxImages) return { I, reason: "maximum" };
  }
  return null;
}

function checked(rule: ElbowRule): ElbowRule {
  const { threshold, patience, minImages, maxImages } = rule;
  if (!(threshold >= 0 && threshold < Infinity)) {
    throw new RangeError(`threshold must be finite and at least 0, got ${threshold}`);
  }
  if (!Number.isInteger(patience) || patience < 1) {
    throw new RangeError(`patience must be an integer of at least 1, got ${patience}`);
  }
  if (!Number.isInteger(minImages) || minImages < 2) {
    throw new RangeError(`minImages must be an integer of at least 2, got ${minImages}`);
  }
  if (!Number.isInteger(maxImages) || maxImages < minImages) {
    throw new RangeError(`maxImages must be an integer of at least minImages = ${minImages}, got ${maxImages}`);
  }
  return rule;
}
