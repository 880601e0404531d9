/**
 * One job: a few units of one layer through all five rooms.
 *
 * @see Alic et al. (2025), section 2
 * @module
 */
import { clusterEmbeddings, type ClusterOptions, greatestK } from "../cluster/mod.ts";
import { type Elbow, type ElbowRule, findElbow, runningMeanDistances } from "../elbow/mod.ts";
import type { Embedder } from "../embed/mod.ts";
import { InputError } from "../errors.ts";
import type { LabelledImages } from "../data/mod.ts";
import type { Lpips, LpipsSequence } from "../lpips/mod.ts";
import type { Network } from "../networks/mod.ts";
import { deriveSeed } from "../random.ts";
import { meanPairwiseAngle, score } from "../score/mod.ts";
import type { ClusteringRecord, ImageBatch, Matrix, UnitRecord } from "../types.ts";
import { imageRequests, visualize } from "../visualize/mod.ts";
import { bootstrapScore } from "./bootstrap_score.ts";
import { partOfImages } from "./part_of_images.ts";
import { PAPER, type Profile } from "./profile.ts";

/** What every job of a run shares. */
export interface PipelineContext {
  readonly network: Network;
  readonly profile: Profile;
  readonly seed: number;
  readonly lpips: Lpips;
  readonly embedder: Embedder;
  /** Mean embedding of the training images; null when the profile does not centre, or where none is known. */
  readonly meanEmbedding: Float32Array | null;
  /** Training images to start from; null without a dataset. */
  readonly train: LabelledImages | null;
  /** Activations of all units of a layer on the dataset's test images, [N, units]; null without a dataset. */
  readonly testActivations: (layer: string) => Matrix | null;
}

/** Images that a sequence grows by where its elbow is not reached. */
const GROWTH = 8;
/** Smallest first part of a sequence. */
const FIRST = 4;
/** How many of the dataset's best images are kept. */
const DATASET_BEST = 9;

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
export function scoreUnits(
  context: PipelineContext,
  layer: string,
  units: readonly number[],
  onProgress: (share: number) => void = () => {},
): UnitRecord[] {
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
    grow(
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
  const records = sequences.map((sequence) => toRecord(context, layer, sequence));
  for (const { lpips } of sequences) lpips.dispose();
  onProgress(1);
  return records;
}

/** A unit is dead when none of the starts tried, at least FIRST, had a gradient to follow; no more are tried then. */
function isDead({ gradientless }: Sequence): boolean {
  return gradientless.every(Boolean);
}

/** Makes images `from` .. `to` - 1 of every sequence and their distances to all earlier ones. */
function grow(
  context: PipelineContext,
  layer: string,
  sequences: readonly Sequence[],
  from: number,
  to: number,
  onProgress: (share: number) => void,
): void {
  const requests = imageRequests(sequences.map(({ unit }) => unit), from, to);
  const made = visualize(context.network, layer, requests, context.profile.visualize, {
    seed: context.seed,
    dataset: context.train,
    onProgress,
  });
  const perUnit = to - from;
  const pixels = perUnit * made.images.height * made.images.width * 3;
  sequences.forEach((sequence, i) => {
    const data = made.images.data.slice(i * pixels, (i + 1) * pixels);
    sequence.images.push(data);
    sequence.activations.push(...made.activations.subarray(i * perUnit, (i + 1) * perUnit));
    sequence.gradientless.push(...made.gradientless.slice(i * perUnit, (i + 1) * perUnit));
    const { height, width } = made.images;
    sequence.distances.push(...sequence.lpips.add({ count: perUnit, height, width, data }));
  });
}

function toRecord(context: PipelineContext, layer: string, sequence: Sequence): UnitRecord {
  const { network, profile, embedder } = context;
  const { unit, elbow, literal } = sequence;
  const images = joined(sequence.images, network.inputSize);
  const dataset = bestOfDataset(context.testActivations(layer), unit);
  const common = {
    layer,
    unit,
    images,
    activations: sequence.activations,
    ...dataset,
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
      paper: null,
      meanAngle: null,
    };
  }
  const embeddings = embedder.embed(images);
  const between = { distances: sequence.distances, pooledDistances: sequence.lpips.pooledDistances() };
  const counted = partOfImages(embeddings, clusterOptions(context, layer, unit, between), first(elbow!.I));
  const { options } = counted;
  const own = clusterAndScore(counted.embeddings, options);
  const paper = clusterAndScore(firstRows(embeddings, literal!.I), { ...PAPER.cluster, seed: options.seed });
  const flags = [
    ...(sequence.gradientless.slice(0, own.I).some(Boolean) ? ["some_without_gradient"] : []),
    ...(profile.visualize.start === "dataset" && context.train === null ? ["noise_start"] : []),
    ...(profile.cluster.center && context.meanEmbedding === null ? ["uncentred"] : []),
    ...(own.K > 1 && own.K === greatestK(own.I, options) ? ["k_at_limit"] : []),
    ...(belowDataset(sequence.activations, own.I, dataset.datasetMax) ? ["dataset_higher"] : []),
  ];
  return {
    ...common,
    ...between,
    stopReason: elbow!.reason,
    flags,
    embeddings,
    score: own,
    scoreInterval: bootstrapScore(counted.embeddings, own, options, [context.seed, "interval", layer, unit]),
    paper,
    meanAngle: meanPairwiseAngle(counted.embeddings),
  };
}

/**
 * How a unit's embeddings are clustered in a run: by its profile, seeded for the unit.
 *
 * @param between the distances of all its images.
 */
export function clusterOptions(
  { profile, seed, meanEmbedding }: Pick<PipelineContext, "profile" | "seed" | "meanEmbedding">,
  layer: string,
  unit: number,
  between: ImageDistances,
): ClusterOptions {
  return {
    ...profile.cluster,
    perceptual: perceptualDistances(profile.cluster, between),
    seed: deriveSeed(seed, "cluster", layer, unit),
    mean: profile.cluster.center ? meanEmbedding ?? undefined : undefined,
  };
}

/** Distances of a unit's images beside those of their embeddings. */
export type ImageDistances = Pick<UnitRecord, "distances" | "pooledDistances">;

/** What a profile adds to the squared distances of embeddings: LPIPS and pooled features, weighted. */
function perceptualDistances(
  { lpipsWeight, pooledWeight }: Profile["cluster"],
  { distances, pooledDistances }: ImageDistances,
): ClusterOptions["perceptual"] {
  if (lpipsWeight === 0 && pooledWeight === 0) return undefined;
  if (pooledWeight > 0 && pooledDistances.length !== distances.length) {
    throw new InputError(
      `${pooledDistances.length} pooled distances stand beside ${distances.length} of LPIPS, and the profile weighs both: a ` +
        "run made by an older polysem has none; score its units again into another run",
    );
  }
  const pooled = (i: number) => pooledWeight === 0 ? 0 : pooledWeight * pooledDistances[i];
  return { distances: distances.map((lpips, i) => lpipsWeight * lpips + pooled(i)), weight: 1 };
}

/** Indices of the first images. */
function first(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Clusters embeddings and scores the centres. */
export function clusterAndScore(embeddings: Matrix, options: ClusterOptions): ClusteringRecord {
  const { assignments, candidates, centers } = clusterEmbeddings(embeddings, options);
  return { ...score(centers, embeddings.rows), assignments, candidates };
}

/** Whether some of the first I images fall short of the dataset's best. */
function belowDataset(activations: readonly number[], I: number, datasetMax: number | null): boolean {
  return datasetMax !== null && activations.slice(0, I).some((activation) => activation <= datasetMax);
}

function firstRows({ cols, data }: Matrix, rows: number): Matrix {
  return { rows, cols, data: data.subarray(0, rows * cols) };
}

function joined(parts: readonly Float32Array[], size: number): ImageBatch {
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { count: data.length / (size * size * 3), height: size, width: size, data };
}

/** The test images that activate a unit most. Ties go to the lower index. */
function bestOfDataset(activations: Matrix | null, unit: number): Pick<UnitRecord, "datasetMax" | "datasetBest"> {
  if (activations === null) return { datasetMax: null, datasetBest: [] };
  const { rows, cols, data } = activations;
  const order = Array.from({ length: rows }, (_, index) => ({ index, activation: data[index * cols + unit] }))
    .sort((a, b) => b.activation - a.activation || a.index - b.index);
  return { datasetMax: order[0].activation, datasetBest: order.slice(0, DATASET_BEST) };
}
