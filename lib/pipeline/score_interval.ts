/**
 * How sure a score is: S again on random parts of a unit's images, clustering and choice of K included.
 *
 * @module
 */
import { quantileSorted } from "simple-statistics";
import { type ClusterOptions, greatestK } from "../cluster/mod.ts";
import { createRandom, deriveSeed, permutation } from "../random.ts";
import { clusterCountTerm } from "../score/mod.ts";
import type { Matrix, ScoreInterval, ScoreParts } from "../types.ts";
import { chooseImages, clusterAndScore, type ClusterInput } from "./cluster_unit.ts";

/** Parts that are drawn for an interval. */
export const RESAMPLES = 50;
/**
 * Share of the images in a part. The choice of K depends on how many images there are, so that smaller parts have fewer
 * clusters than the whole: .632, as many as a bootstrap sample has distinct ones, lost the most (docs/stability.md).
 */
const SHARE = 0.8;
/** Starts of k-means for each K in a part. Its inertia never rises with K, so that a poor start shows less than elsewhere. */
const RESTARTS = 2;
/** Share of the distribution that the interval holds. */
const LEVEL = 0.9;
/** With fewer images a part is of five or less, which hardly ever has two clusters, whatever the unit has. */
const FEWEST = 8;

/** Criteria that depend on distances alone: they see no difference when points are given in fewer dimensions. */
const ROTATABLE: readonly ClusterOptions["criterion"][] = ["sse-penalty", "silhouette"];

/**
 * Interval of S under the drawing of the images, 90 % by percentiles of subsampling.
 *
 * Each of the resamples is m = round(.8 I) of the I images, without replacement; it is clustered anew, K included, and scored.
 * A bootstrap sample proper repeats images, and a repeated image is a cluster without any width: k-means then finds more and
 * tighter clusters than there are. A part without repetitions varies less about S than S about its expectation, by
 * sqrt((I - m) / m) for a mean, so deviations are widened by the inverse:
 *
 *     S* = S + sqrt(m / (I - m)) (S_m - S),    S_m = C + D - C D with C = (K_m - 1) / (I - 1)
 *
 * The interval is of the 5th and 95th percentile of S*, cut to [0, 1]. C has the I of the whole, since the same K in fewer
 * images gives a larger C; and K may go up to the greatest K of the whole, as far as m images allow.
 *
 * @param input raw embeddings of the I images and how they are clustered; restarts are reduced to 2.
 * @param score of all I images, by the same options.
 * @param seed what the draws depend on: names and numbers, such as `[runSeed, "interval", layer, unit]`.
 * @returns 0 <= low <= high <= 1; null with fewer than 8 images.
 * @throws {RangeError} when the score is of another number of images, or `resamples` is not a positive integer.
 * @see Politis and Romano (1994), "Large sample confidence regions based on subsamples under minimal assumptions"; Shao and
 * Wu (1989), "A general theory for jackknife variance estimation", for the factor; Monti et al. (2003), "Consensus
 * clustering", for parts without repetition
 */
export function scoreInterval(
  { embeddings, options }: ClusterInput,
  { I, S }: ScoreParts,
  seed: readonly (string | number)[],
  resamples: number = RESAMPLES,
): ScoreInterval | null {
  if (I !== embeddings.rows) throw new RangeError(`the score is of ${I} images, not of ${embeddings.rows}`);
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples must be an integer of at least 1, got ${resamples}`);
  }
  if (I < FEWEST || S === null) return null;
  const m = Math.round(SHARE * I);
  const widening = Math.sqrt(m / (I - m));
  const space = ROTATABLE.includes(options.criterion) ? inOwnSpan(embeddings, options) : { embeddings, options };
  const kMax = Math.min(greatestK(I, options), m - 1);
  const random = createRandom(...seed, "part");
  const values = Array.from({ length: resamples }, (_, resample) => {
    const part = chooseImages(space.embeddings, space.options, permutation(I, random).subarray(0, m));
    const { K, D } = clusterAndScore({
      embeddings: part.embeddings,
      options: {
        ...part.options,
        kMax,
        halfCap: false,
        restarts: RESTARTS,
        seed: deriveSeed(...seed, "clusters", resample),
      },
    });
    const C = clusterCountTerm(K, I)!;
    const value = S + widening * (C + D * (1 - C) - S);
    return Math.min(1, Math.max(0, value));
  }).sort((a, b) => a - b);
  return { low: quantileSorted(values, (1 - LEVEL) / 2), high: quantileSorted(values, (1 + LEVEL) / 2) };
}

/**
 * Embeddings and the mean subtracted from them in an orthonormal basis of their own span, at most I + 1 dimensions: all
 * inner products stay, hence norms, angles, distances, and what centring and normalizing make of them. (Gram and Schmidt,
 * modified.)
 */
function inOwnSpan(embeddings: Matrix, options: ClusterOptions): ClusterInput {
  const { rows, cols, data } = embeddings;
  const vectors = Array.from({ length: rows }, (_, i) => Float64Array.from(data.subarray(i * cols, (i + 1) * cols)));
  if (options.mean !== undefined) vectors.push(Float64Array.from(options.mean));
  const basis: Float64Array[] = [];
  const coordinates = vectors.map((vector) => {
    const rest = vector.slice();
    const along = basis.map((axis) => {
      const length = inner(axis, rest);
      for (let d = 0; d < cols; d++) rest[d] -= length * axis[d];
      return length;
    });
    const left = Math.sqrt(inner(rest, rest));
    if (left > 1e-10 * Math.sqrt(inner(vector, vector))) { // else within the span, up to rounding
      basis.push(rest.map((value) => value / left));
      along.push(left);
    }
    return along;
  });
  const dimensions = Math.max(1, basis.length);
  const padded = coordinates.map((each) => Float64Array.from({ length: dimensions }, (_, d) => each[d] ?? 0));
  const rotated = new Float64Array(rows * dimensions);
  padded.slice(0, rows).forEach((each, i) => rotated.set(each, i * dimensions));
  return {
    embeddings: { rows, cols: dimensions, data: rotated },
    options: options.mean === undefined ? options : { ...options, mean: padded[rows] },
  };
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
