/**
 * One job: a few units of one layer through all rooms.
 *
 * @see Alic et al. (2025), section 2
 * @module
 */
import { greatestK } from "../cluster/mod.ts";
import { type Elbow, type ElbowRule, findElbow, runningMeanDistances } from "../elbow/mod.ts";
import type { LpipsSequence } from "../lpips/mod.ts";
import { firstRows } from "../matrix.ts";
import { meanPairwiseAngle } from "../score/mod.ts";
import type { ImageBatch, Size, UnitRecord } from "../types.ts";
import { imageRequests, visualize } from "../visualize/mod.ts";
import { attributionDistances } from "./attribution_distances.ts";
import { chooseFirstImages, clusterAndScore, clusterOptions } from "./cluster_unit.ts";
import type { PipelineContext } from "./context.ts";
import { PAPER } from "./profile.ts";
import { resampleScore } from "./resample_score.ts";

/** Images that a sequence grows by where its elbow is not reached. */
const GROWTH = 8;
/** Smallest first part of a sequence. */
const FIRST = 4;

/** A unit's sequence of images as it grows. */
interface Sequence {
  readonly unit: number;
  readonly lpips: LpipsSequence;
  readonly images: Float32Array[];
  readonly activations: number[];
  readonly gradientless: boolean[];
  readonly distances: number[];
  elbow: Elbow | null;
  literal: Elbow | null;
}

/**
 * Scores units of one layer. A unit's record depends on the context and on the unit, not on which others are scored with it.
 *
 * @param units indices in the layer.
 * @param onProgress called with the share of the job that is done, in [0, 1].
 * @returns a record per unit, in the order of `units`.
 */
export async function scoreUnits(
  context: PipelineContext,
  layer: string,
  units: readonly number[],
  onProgress: (share: number) => void = () => {},
): Promise<UnitRecord[]> {
  const { elbow: rule } = context.profile;
  const literalRule: ElbowRule = { ...PAPER.elbow, maxImages: rule.maxImages };
  const sequences = units.map((unit): Sequence => ({
    unit,
    lpips: context.lpips.createSequence(),
    images: [],
    activations: [],
    gradientless: [],
    distances: [],
    elbow: null,
    literal: null,
  }));
  let made = 0;
  let growing = sequences;
  while (growing.length > 0) {
    const target = Math.min(rule.maxImages, made === 0 ? Math.max(FIRST, rule.minImages) : made + GROWTH);
    await grow(
      context,
      layer,
      growing,
      made,
      target,
      (share) => onProgress((made + share * (target - made)) / rule.maxImages),
    );
    made = target;
    for (const sequence of growing) {
      const means = runningMeanDistances(sequence.distances);
      sequence.elbow = findElbow(means, rule);
      sequence.literal = findElbow(means, literalRule);
    }
    growing = growing.filter((sequence) => !isDead(sequence) && (sequence.elbow === null || sequence.literal === null));
  }
  const records: UnitRecord[] = [];
  for (const sequence of sequences) records.push(await toRecord(context, layer, sequence));
  for (const { lpips } of sequences) lpips.dispose();
  onProgress(1);
  return records;
}

/** A unit is dead when none of the starts tried, at least FIRST, had a gradient to follow; no more are tried then. */
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
): Promise<void> {
  const requests = imageRequests(sequences.map(({ unit }) => unit), from, to);
  const made = await visualize(context.network, layer, requests, context.profile.visualize, {
    seed: context.seed,
    dataset: context.dataset?.train ?? null,
    onProgress,
  });
  const perUnit = to - from;
  const pixels = perUnit * made.images.height * made.images.width * 3;
  for (const [i, sequence] of sequences.entries()) {
    const data = made.images.data.slice(i * pixels, (i + 1) * pixels);
    sequence.images.push(data);
    sequence.activations.push(...made.activations.subarray(i * perUnit, (i + 1) * perUnit));
    sequence.gradientless.push(...made.gradientless.slice(i * perUnit, (i + 1) * perUnit));
    const { height, width } = made.images;
    sequence.distances.push(...await sequence.lpips.add({ count: perUnit, height, width, data }));
  }
}

async function toRecord(context: PipelineContext, layer: string, sequence: Sequence): Promise<UnitRecord> {
  const { network, profile, embedder } = context;
  const { unit, elbow, literal } = sequence;
  const images = joined(sequence.images, network.input);
  const common = {
    layer,
    unit,
    images,
    activations: sequence.activations,
  };
  if (isDead(sequence)) {
    return {
      ...common,
      distances: [],
      pooledDistances: [],
      stopReason: "dead",
      flags: ["dead"],
      embeddings: { rows: 0, cols: embedder.dimensions, data: new Float32Array() },
      score: null,
      scoreInterval: null,
      kShares: null,
      paper: null,
      meanAngle: null,
    };
  }
  const embeddings = await embedder.embed(images);
  const between = {
    distances: sequence.distances,
    pooledDistances: sequence.lpips.pooledDistances(),
    ...await attributionDistances(context, layer, unit, images),
  };
  const counted = chooseFirstImages(embeddings, clusterOptions(context, layer, unit, between), elbow!.I);
  const { options } = counted;
  const own = clusterAndScore(counted);
  const paper = clusterAndScore({
    embeddings: firstRows(embeddings, literal!.I),
    options: { ...PAPER.cluster, seed: options.seed },
  });
  const resampled = resampleScore(counted, own, [context.seed, "interval", layer, unit]);
  const flags = [
    ...(sequence.gradientless.slice(0, own.I).some(Boolean) ? ["some_without_gradient"] : []),
    ...(profile.visualize.start === "dataset" && context.dataset === null ? ["noise_start"] : []),
    ...(profile.cluster.center && context.meanEmbedding === null ? ["uncentred"] : []),
    ...(own.K > 1 && own.K === greatestK(own.I, options) ? ["k_at_limit"] : []),
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

function joined(parts: readonly Float32Array[], { height, width }: Size): ImageBatch {
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { count: data.length / (height * width * 3), height, width, data };
}
