/**
 * One job: a few units of one layer through all rooms.
 *
 * @see Alic et al. (2025), section 2
 * @module
 */
import { greatestK } from "../cluster/mod.ts";
import { createStopwatch, type Stopwatch } from "../cost.ts";
import { type Elbow, type ElbowRule, findElbow, runningMeanDistances } from "../elbow/mod.ts";
import { type Embedder, EmbeddingNotFiniteError } from "../embed/mod.ts";
import type { LpipsSequence } from "../lpips/mod.ts";
import { firstRows } from "../matrix.ts";
import { meanPairwiseAngle } from "../score/mod.ts";
import type { ImageBatch, Matrix, Size, StopReason, UnitRecord } from "../types.ts";
import { imageRequests, visualize } from "../visualize/mod.ts";
import { attributionDistances } from "./attribution_distances.ts";
import {
  chooseFirstImages,
  clusterAndScore,
  type ClusterInput,
  clusterOptions,
  ZeroCentreError,
} from "./cluster_unit.ts";
import type { PipelineContext } from "./context.ts";
import { PAPER } from "./profile.ts";
import { resampleScore } from "./resample_score.ts";
import { nextLength } from "./sequence.ts";

/** A unit's sequence of images as it grows. */
interface Sequence {
  readonly unit: number;
  readonly lpips: LpipsSequence;
  readonly images: Float32Array[];
  readonly activations: number[];
  readonly gradientless: boolean[];
  /** Whether an image could not be made for numbers that overflow; the images before it stay, and no more are tried. */
  exploded: boolean;
  readonly distances: number[];
  elbow: Elbow | null;
  literal: Elbow | null;
}

/**
 * Scores units of one layer. A unit's record depends on the context and on the unit, not on which others are scored with it.
 * A unit that cannot be scored has a record whose flags say why, and the others go on: `dead`, `exploded` where numbers
 * overflow, `embedding_not_finite`, and `zero_embedding` where a cluster's centre is the zero vector, which has no direction.
 *
 * @param units indices in the layer.
 * @param onProgress called with the share of the job that is done, in [0, 1].
 * @param watch adds up what each part takes.
 * @returns a record per unit, in the order of `units`.
 */
export async function scoreUnits(
  context: PipelineContext,
  layer: string,
  units: readonly number[],
  onProgress: (share: number) => void = () => {},
  watch: Stopwatch = createStopwatch(),
): Promise<UnitRecord[]> {
  const { elbow: rule } = context.profile;
  const literalRule: ElbowRule = { ...PAPER.elbow, maxImages: rule.maxImages };
  const sequences = units.map((unit): Sequence => ({
    unit,
    lpips: context.lpips.createSequence(),
    images: [],
    activations: [],
    gradientless: [],
    exploded: false,
    distances: [],
    elbow: null,
    literal: null,
  }));
  let made = 0;
  let growing = sequences;
  while (growing.length > 0) {
    const target = nextLength(made, rule);
    await grow(
      context,
      layer,
      growing,
      made,
      target,
      (share) => onProgress((made + share * (target - made)) / rule.maxImages),
      watch,
    );
    made = target;
    growing = growing.filter(({ exploded }) => !exploded);
    for (const sequence of growing) {
      const means = runningMeanDistances(sequence.distances);
      sequence.elbow = findElbow(means, rule);
      sequence.literal = findElbow(means, literalRule);
    }
    growing = growing.filter((sequence) => !isDead(sequence) && (sequence.elbow === null || sequence.literal === null));
  }
  const records: UnitRecord[] = [];
  for (const sequence of sequences) records.push(await toRecord(context, layer, sequence, watch));
  for (const { lpips } of sequences) lpips.dispose();
  onProgress(1);
  return records;
}

/** A unit is dead when none of the starts tried, at least four, had a gradient to follow; no more are tried then. */
function isDead({ gradientless }: Sequence): boolean {
  return gradientless.every(Boolean);
}

/** Makes images `from` .. `to` - 1 of every sequence and their distances to all earlier ones. */
async function grow(
  context: PipelineContext,
  layer: string,
  sequences: readonly Sequence[],
  from: number,
  to: number,
  onProgress: (share: number) => void,
  watch: Stopwatch,
): Promise<void> {
  const requests = imageRequests(sequences.map(({ unit }) => unit), from, to);
  const sources = { seed: context.seed, dataset: context.dataset?.train ?? null, onProgress };
  const made = await watch.time(
    "ascent",
    () => visualize(context.network, layer, requests, context.profile.visualize, sources),
  );
  const perUnit = to - from;
  const pixels = perUnit * made.images.height * made.images.width * 3;
  for (const [i, sequence] of sequences.entries()) {
    const first = made.exploded.slice(i * perUnit, (i + 1) * perUnit).indexOf(true);
    const count = first === -1 ? perUnit : first;
    sequence.exploded = first !== -1;
    const { height, width } = made.images;
    const data = made.images.data.slice(i * pixels, i * pixels + count * height * width * 3);
    sequence.images.push(data);
    sequence.activations.push(...made.activations.subarray(i * perUnit, i * perUnit + count));
    sequence.gradientless.push(...made.gradientless.slice(i * perUnit, i * perUnit + count));
    if (sequence.exploded) continue;
    const added = await watch.time("lpips", () => sequence.lpips.add({ count, height, width, data }));
    sequence.distances.push(...added);
  }
}

async function toRecord(
  context: PipelineContext,
  layer: string,
  sequence: Sequence,
  watch: Stopwatch,
): Promise<UnitRecord> {
  const { network, profile, embedder } = context;
  const { unit, elbow } = sequence;
  const images = joined(sequence.images, network.input);
  const common = {
    layer,
    unit,
    images,
    activations: sequence.activations,
  };
  const unscored = (stopReason: StopReason, flag: string): UnitRecord => ({
    ...common,
    distances: [],
    pooledDistances: [],
    stopReason,
    flags: [flag],
    embeddings: { rows: 0, cols: embedder.dimensions, data: new Float32Array() },
    score: null,
    scoreInterval: null,
    kShares: null,
    paper: null,
    meanAngle: null,
  });
  if (sequence.exploded) return unscored("exploded", "exploded");
  if (isDead(sequence)) return unscored("dead", "dead");
  const embeddings = await watch.time("embedding", () => embedFinite(embedder, images));
  if (embeddings === null) return unscored(elbow!.reason, "embedding_not_finite");
  const between = {
    distances: sequence.distances,
    pooledDistances: watch.time("lpips", () => sequence.lpips.pooledDistances()),
    ...await watch.time("attributions", () => attributionDistances(context, layer, unit, images)),
  };
  if (between.attributions?.distances.every(Number.isFinite) === false) return unscored("exploded", "exploded");
  const counted = watch.time(
    "clustering",
    () => chooseFirstImages(embeddings, clusterOptions(context, layer, unit, between), elbow!.I),
  );
  const scores = scoreBoth(context, layer, sequence, counted, embeddings, watch);
  if (scores === null) return unscored(elbow!.reason, "zero_embedding");
  const { own, paper, resampled } = scores;
  const flags = [
    ...(sequence.gradientless.slice(0, own.I).some(Boolean) ? ["some_without_gradient"] : []),
    ...(profile.visualize.start === "dataset" && context.dataset === null ? ["noise_start"] : []),
    ...(profile.cluster.center && context.meanEmbedding === null ? ["uncentred"] : []),
    ...(own.K > 1 && own.K === greatestK(own.I, counted.options) ? ["k_at_limit"] : []),
  ];
  return {
    ...common,
    ...between,
    stopReason: elbow!.reason,
    flags,
    embeddings,
    score: own,
    scoreInterval: resampled?.interval ?? null,
    kShares: resampled?.kShares ?? null,
    paper,
    meanAngle: meanPairwiseAngle(counted.embeddings),
  };
}

/** Embeddings of images; null where one is not finite. */
async function embedFinite(embedder: Embedder, images: ImageBatch): Promise<Matrix | null> {
  try {
    const embeddings = await embedder.embed(images);
    return embeddings.data.every(Number.isFinite) ? embeddings : null;
  } catch (error) {
    if (error instanceof EmbeddingNotFiniteError) return null;
    throw error;
  }
}

/** The score by the profile, with how sure it is, and the literal one; null where a centre has no direction. */
function scoreBoth(
  { seed }: PipelineContext,
  layer: string,
  { unit, literal }: Sequence,
  counted: ClusterInput,
  embeddings: Matrix,
  watch: Stopwatch,
) {
  try {
    const [own, paper] = watch.time("clustering", () => [
      clusterAndScore(counted),
      clusterAndScore({
        embeddings: firstRows(embeddings, literal!.I),
        options: { ...PAPER.cluster, seed: counted.options.seed },
      }),
    ]);
    const resampled = watch.time("interval", () => resampleScore(counted, own, [seed, "interval", layer, unit]));
    return { own, paper, resampled };
  } catch (error) {
    if (error instanceof ZeroCentreError) return null;
    throw error;
  }
}

function joined(parts: readonly Float32Array[], { height, width }: Size): ImageBatch {
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { count: data.length / (height * width * 3), height, width, data };
}
