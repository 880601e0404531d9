import type { Matrix } from "../types.ts";
import { angle, type Directions, directions } from "./directions.ts";

/** Of more rows than this, angles are taken from cosines, a quarter of the work. */
const FEW_ROWS = 1000;

/** Nearer to 1 than this, a cosine has lost the digits of a small angle, and that of a large one at -1. */
const SURE_COSINE = 1 - 1e-6;

/** Rows of a block: two blocks of a thousand dimensions stay in a processor's cache. */
const BLOCK = 32;

/**
 * Mean pairwise angle of a unit's embeddings: the control for the score, which measures spread without clustering.
 *
 *     mean over i<j of arccos(n_i . n_j) / pi
 *
 * Of more than 1,000 rows it is good to about 1e-12: their angles are the arccosine where that is accurate.
 *
 * @param embeddings raw embeddings of the I images, shape [I, D]; each must be finite and not the zero vector.
 * @param onShare is told the share of the pairs that is done, from 0 to 1.
 * @returns the mean in [0, 1], at most 1/2 for embeddings without negative components; null with fewer than 2 rows.
 * @throws {RangeError} when a row has zero norm or a non-finite component.
 */
export function meanPairwiseAngle(embeddings: Matrix, onShare: (share: number) => void = () => {}): number | null {
  const split = directions(embeddings, "embedding");
  const I = split.count;
  if (I < 2) return null;
  return (I > FEW_ROWS ? sumInBlocks(split, onShare) : sumOf(split)) / (I * (I - 1) / 2);
}

function sumOf(split: Directions): number {
  let sum = 0;
  for (let i = 0; i < split.count; i++) {
    for (let j = i + 1; j < split.count; j++) sum += angle(split, i, j);
  }
  return sum;
}

/** The same sum, a pair of blocks after the other. */
function sumInBlocks(split: Directions, onShare: (share: number) => void): number {
  const { count } = split;
  let sum = 0;
  for (let block = 0; block < count; block += BLOCK) {
    for (let other = block; other < count; other += BLOCK) {
      const end = Math.min(other + BLOCK, count);
      for (let i = block; i < Math.min(block + BLOCK, count); i++) {
        sum += sumOfRow(split, i, Math.max(i + 1, other), end);
      }
    }
    const left = Math.max(0, count - block - BLOCK);
    onShare(1 - (left / count) ** 2);
  }
  return sum;
}

/** Angles of row i to rows first .. end - 1, four at a time. */
function sumOfRow(split: Directions, i: number, first: number, end: number): number {
  const { units, dimensions } = split;
  const a = i * dimensions;
  let sum = 0;
  let j = first;
  for (; j + 4 <= end; j += 4) {
    const b = j * dimensions;
    const [c, d, e] = [b + dimensions, b + 2 * dimensions, b + 3 * dimensions];
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (let k = 0; k < dimensions; k++) {
      const x = units[a + k];
      s0 += x * units[b + k];
      s1 += x * units[c + k];
      s2 += x * units[d + k];
      s3 += x * units[e + k];
    }
    sum += angleOf(s0, split, i, j) + angleOf(s1, split, i, j + 1) + angleOf(s2, split, i, j + 2) +
      angleOf(s3, split, i, j + 3);
  }
  for (; j < end; j++) sum += angle(split, i, j);
  return sum;
}

function angleOf(cosine: number, split: Directions, i: number, j: number): number {
  return Math.abs(cosine) < SURE_COSINE ? Math.acos(cosine) / Math.PI : angle(split, i, j);
}
