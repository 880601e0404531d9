import type { Matrix } from "../types.ts";
import { angle, directions } from "./directions.ts";

/**
 * Mean pairwise angle of a unit's embeddings: the control for the score, which measures spread without clustering.
 *
 *     mean over i<j of arccos(n_i . n_j) / pi
 *
 * @param embeddings raw embeddings of the I images, shape [I, D]; each must be finite and not the zero vector.
 * @returns the mean in [0, 1], at most 1/2 for embeddings without negative components; null with fewer than 2 rows.
 * @throws {RangeError} when a row has zero norm or a non-finite component.
 */
export function meanPairwiseAngle(embeddings: Matrix): number | null {
  const split = directions(embeddings, "embedding");
  const I = split.count;
  if (I < 2) return null;
  let sum = 0;
  for (let i = 0; i < I; i++) {
    for (let j = i + 1; j < I; j++) sum += angle(split, i, j);
  }
  return sum / (I * (I - 1) / 2);
}
