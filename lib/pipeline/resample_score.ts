/**
 * How sure a score is: S and K again on random halves of a unit's images, clustering and choice of K included.
 *
 * @module
 */
import { quantileSorted } from "simple-statistics";
import { type ClusterOptions, greatestK } from "../cluster/mod.ts";
import { createRandom, deriveSeed, permutation, type Random } from "../random.ts";
import { kSharesOf } from "../run_data.ts";
import { clusterCountTerm } from "../score/mod.ts";
import type { ClusteringRecord, KShares, Matrix, ScoreInterval } from "../types.ts";
import { chooseImages, clusterAndScore, type ClusterInput } from "./cluster_unit.ts";

/** Halves that are drawn. */
export const RESAMPLES = 50;
/** Starts of k-means for each K in a half. Its inertia never rises with K, so that a poor start shows less than elsewhere. */
const RESTARTS = 2;
/** Share of the distribution that the interval holds. */
const LEVEL = 0.9;
/** With fewer images a half is of three or less, which hardly ever has two clusters, whatever the unit has. */
const FEWEST = 8;

/** Criteria that depend on distances alone: they see no difference when points are given in fewer dimensions. */
const ROTATABLE: readonly ClusterOptions["criterion"][] = ["sse-penalty", "silhouette"];

/** What random halves of a unit's images say of its score. */
export interface ResampledScore {
  /** Holds S. */
  readonly interval: ScoreInterval;
  readonly kShares: KShares;
}

/**
 * S and K of random halves of a unit's images: a 90 % interval of S under the drawing of the images, and how sure K is.
 *
 * Each half is m = floor(I / 2) of the I images, without replacement, in complementary pairs; it is clustered anew, K
 * included, and scored. A bootstrap sample proper repeats images, and a repeated image is a cluster without any width:
 * k-means then finds more and tighter clusters than there are. And a half varies about the whole as much as the whole about
 * its expectation: for a mean, the variances are those of one image times 1/m - 1/I, and times 1/I. So the shares of halves
 * with so many clusters estimate those of fresh sets of I images.
 *
 * The rule for K is that of the whole, seen by half as many images: a cluster has another price (see {@linkcode priceInPart})
 * and needs half as many images, or a half would have fewer clusters than the whole. C has the I of the whole, since the same K
 * in fewer images gives a larger C; and K may go up to the greatest K of the whole, as far as m images allow.
 *
 * The interval is from the 5th to the 95th percentile of S over the halves; where S itself is beyond one of them, it is the end.
 *
 * @param input raw embeddings of the I images and how they are clustered; restarts are reduced to 2.
 * @param score of all I images, by the same options.
 * @param seed what the draws depend on: names and numbers, such as `[runSeed, "interval", layer, unit]`.
 * @returns 0 <= low <= S <= high <= 1; null with fewer than 8 images.
 * @throws {RangeError} when the score is of another number of images, or `resamples` is not a positive integer.
 * @see McCarthy (1969), "Pseudo-replication: half samples"; Shah and Samworth (2013), "Variable selection with error control:
 * another look at stability selection", for complementary pairs; Politis and Romano (1994), "Large sample confidence regions
 * based on subsamples under minimal assumptions"; Monti et al. (2003), "Consensus clustering", for parts without repetition
 */
export function resampleScore(
  { embeddings, options }: ClusterInput,
  score: Pick<ClusteringRecord, "I" | "K" | "S" | "candidates">,
  seed: readonly (string | number)[],
  resamples: number = RESAMPLES,
): ResampledScore | null {
  const { I, S } = score;
  if (I !== embeddings.rows) throw new RangeError(`the score is of ${I} images, not of ${embeddings.rows}`);
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples must be an integer of at least 1, got ${resamples}`);
  }
  if (I < FEWEST || S === null) return null;
  const m = Math.floor(I / 2);
  const space = ROTATABLE.includes(options.criterion) ? inOwnSpan(embeddings, options) : { embeddings, options };
  const changes: Partial<ClusterOptions> = {
    beta: options.beta && priceInPart(options.beta, score, m),
    kMax: Math.min(greatestK(I, options), m - 1),
    halfCap: false,
    minClusterSize: Math.max(1, Math.round((options.minClusterSize ?? 1) * m / I)),
    restarts: RESTARTS,
  };
  const halves = randomHalves(I, resamples, createRandom(...seed, "half")).map((images, resample) => {
    const half = chooseImages(space.embeddings, space.options, images);
    const { K, D } = clusterAndScore({
      embeddings: half.embeddings,
      options: { ...half.options, ...changes, seed: deriveSeed(...seed, "clusters", resample) },
    });
    const C = clusterCountTerm(K, I)!;
    return { K, S: C + D * (1 - C) };
  });
  const values = halves.map((half) => half.S).sort((a, b) => a - b);
  return {
    interval: {
      low: Math.min(S, quantileSorted(values, (1 - LEVEL) / 2)),
      high: Math.max(S, quantileSorted(values, (1 + LEVEL) / 2)),
    },
    kShares: kSharesOf(halves.map(({ K }) => K))!,
  };
}

/** Halves of the numbers 0 .. count - 1: each second one has those that the one before has not, but for one of an odd count. */
function randomHalves(count: number, halves: number, random: Random): Uint32Array[] {
  const m = Math.floor(count / 2);
  return Array.from({ length: Math.ceil(halves / 2) }, () => {
    const order = permutation(count, random);
    return [order.subarray(0, m), order.subarray(count - m)];
  }).flat().slice(0, halves);
}

/**
 * The price of a cluster at which m of I images choose as the I do.
 *
 *     beta_m = (m / I) beta + (1 - m / I) s2,    s2 = SSE_K / (I - K)
 *
 * A cluster that is split into a and b images, whose expectations are d apart, gains on the mean
 *
 *     a b / (a + b) |d|^2 + s2
 *
 * of inertia, s2 being the mean squared distance of an image to its centre. The first part grows with the number of images, the
 * second does not: m images gain beta_m where I images, with the same d, gain beta. A price in proportion to m alone would take
 * chance for clusters (docs/stability.md).
 *
 * @param beta the price for I images.
 * @param score of the I images.
 */
export function priceInPart(
  beta: number,
  { I, K, candidates }: Pick<ClusteringRecord, "I" | "K" | "candidates">,
  m: number,
): number {
  const { inertia } = candidates.find(({ k }) => k === K)!;
  const share = m / I;
  return share * beta + (1 - share) * inertia / (I - K);
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
