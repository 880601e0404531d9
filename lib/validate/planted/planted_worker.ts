/**
 * A worker of the planted study: scores planted units by the ordinary pipeline.
 *
 * @module
 */
import { type Backend, useBackend } from "../../engine/mod.ts";
import {
  type Dataset,
  type DatasetRef,
  firstImages,
  type ImageSource,
  indexRange,
  openDataset,
} from "../../data/mod.ts";
import type { EmbedderRef } from "../../embed/mod.ts";
import { resizeBilinear } from "../../images/mod.ts";
import { column, firstRows } from "../../matrix.ts";
import { pairCount } from "../../pair_distances.ts";
import {
  clusterOptions,
  type Instruments,
  loadInstruments,
  type PipelineContext,
  type Profile,
  scoreUnits,
} from "../../pipeline/mod.ts";
import type { LayerActivations } from "../../store/mod.ts";
import type { ImageBatch, Matrix, Size, UnitRecord } from "../../types.ts";
import { serveTasks } from "../../jobs/mod.ts";
import {
  embedDataset,
  layerActivations,
  type MetricKey,
  METRICS,
  type UnitMetrics,
  unitMetrics,
} from "../metrics/mod.ts";
import { type ClusterPath, clusterPaths } from "./calibrate.ts";
import { PHOTOGRAPH_FEATURES } from "./fooling.ts";
import { oracleScore, reachedFeatures } from "./oracle.ts";
import {
  bestPhotographs,
  checkPhotographs,
  greatestCosines,
  type PhotographCheck,
  spreadPhotographs,
  type View,
  viewOf,
} from "./photographs.ts";
import { createPlantedNetwork, PLANTED_LAYER, type PlantedNetwork } from "./planted_network.ts";
import type { Family, UnitCounts } from "./planted_unit.ts";
import { CONTROL, ORACLE, type PlantedResult, type SettingScore } from "./study.ts";

/** What a worker begins with. */
export interface PlantedInit {
  readonly backend: Backend;
  readonly dataset: DatasetRef;
  /** Profiles by name. */
  readonly profiles: Readonly<Record<string, Profile>>;
  /** The profile whose images the control and the oracle look at. */
  readonly reference: string;
  readonly embedder?: EmbedderRef;
  readonly embedderWeights?: string;
  readonly meanEmbedding?: Float32Array | null;
  /** Test images on which other metrics of the reference profile's units are measured; 0 for none. */
  readonly metricImages: number;
  /** Size of the planted units' images. */
  readonly size: Size;
}

/** Some units of one family, by one profile. */
export interface PlantedTask {
  readonly seed: number;
  readonly family: Family;
  readonly counts: UnitCounts;
  readonly units: readonly number[];
  readonly profile: string;
  /** Whether to give cluster paths for a calibration too. */
  readonly calibrate: boolean;
}

/** A network, and what the images of the metrics and photographs do to it once they have been shown. */
interface CurrentNetwork {
  readonly key: string;
  readonly planted: PlantedNetwork;
  activations?: LayerActivations;
  photographed?: LayerActivations;
}

/** Photographs as the reference profile's embedder sees them. */
interface Photographs {
  readonly source: ImageSource;
  readonly embeddings: View;
  readonly pixels: View;
  readonly size: Size;
}

/** Metrics that are settings themselves: the score and the control. */
const SETTINGS: readonly MetricKey[] = ["S", "K", "mean_angle"];

serveTasks<PlantedInit, PlantedTask, PlantedResult[]>(async (init) => {
  await useBackend(init.backend);
  const dataset = await openDataset(init.dataset);
  const instruments = new Map<string, Instruments>();
  const metricImages = firstImages(dataset.test, init.metricImages);
  let metricEmbeddings: Matrix | undefined;
  let photographs: Photographs | undefined;
  let network: CurrentNetwork | undefined;

  /** The network of a task; it is kept until a task needs another. */
  const networkOf = async ({ seed, family, counts }: PlantedTask): Promise<CurrentNetwork> => {
    const key = JSON.stringify([seed, family, counts]);
    if (network?.key === key) return network;
    network?.planted.dispose();
    network = undefined;
    return network = { key, planted: await createPlantedNetwork(family, seed, counts, dataset, init.size) };
  };
  /** The instruments of a profile. */
  const instrumentsOf = async (profile: string): Promise<Instruments> => {
    const { embedder, embedderWeights, meanEmbedding } = init;
    const loaded = instruments.get(profile) ??
      await loadInstruments({ profile: init.profiles[profile], embedder, embedderWeights, meanEmbedding }, dataset);
    instruments.set(profile, loaded);
    return loaded;
  };
  /** The other metrics of units that were scored by the reference. */
  const metricsOf = async (
    context: PipelineContext,
    current: CurrentNetwork,
    records: readonly UnitRecord[],
  ): Promise<UnitMetrics[]> => {
    metricEmbeddings ??= await embedDataset(context.embedder, metricImages);
    current.activations ??= await layerActivations(context, PLANTED_LAYER, metricImages);
    const test = { images: metricImages, embeddings: metricEmbeddings };
    return await unitMetrics(context, test, PLANTED_LAYER, records, current.activations);
  };

  /** What photographs say of a unit that was scored by the reference; asked for beside fooling units alone. */
  const photographsOf = async (
    context: PipelineContext,
    current: CurrentNetwork,
    record: UnitRecord,
  ): Promise<PhotographCheck | undefined> => {
    if (record.score === null) return undefined;
    photographs ??= await embedPhotographs(context, dataset);
    current.photographed ??= await layerActivations(context, PLANTED_LAYER, photographs.source);
    return await askPhotographs(photographs, current.planted, current.photographed, record, record.score.I);
  };

  return async (task, onProgress) => {
    const current = await networkOf(task);
    const { planted } = current;
    const context: PipelineContext = {
      ...await instrumentsOf(task.profile),
      network: planted,
      dataset,
      seed: task.seed,
    };
    const isReference = task.profile === init.reference;
    const records = await scoreUnits(context, PLANTED_LAYER, task.units, onProgress);
    const metrics = init.metricImages > 0 && isReference ? await metricsOf(context, current, records) : null;
    const results: PlantedResult[] = [];
    for (const [i, record] of records.entries()) {
      const { unit, score } = record;
      const judged = await judge(record, planted, task.profile, isReference);
      const paths = task.calibrate && score !== null ? pathsOf(context, record, score.I) : undefined;
      const asked = isReference && (task.counts.fooling ?? 0) > 0
        ? await photographsOf(context, current, record)
        : undefined;
      results.push({
        ...planted.units[unit],
        unit,
        seed: task.seed,
        ...judged,
        scores: { ...judged.scores, ...(metrics === null ? {} : metricScores(metrics[i])) },
        ...(asked && { photographs: asked }),
        ...(paths && { paths }),
      });
    }
    return results;
  };
});

/** What a profile says of a unit and which features its images show; for the reference, control and oracle too. */
async function judge(
  { unit, score, meanAngle, images, embeddings }: UnitRecord,
  planted: PlantedNetwork,
  profile: string,
  isReference: boolean,
): Promise<Pick<PlantedResult, "scores" | "reached" | "active" | "fooled">> {
  if (score === null || score.S === null) return { scores: {}, reached: {} };
  const { I, K, S } = score;
  const truth = planted.units[unit];
  const shown = (await planted.strongestFeatures(unit, images)).slice(0, I);
  const features = reachedFeatures(truth, shown).length;
  const settings = isReference ? [profile, CONTROL, ORACLE] : [profile];
  const forSettings = (value: number) => Object.fromEntries(settings.map((name) => [name, value]));
  const active = truth.kind === "sum" ? (await planted.activeFeatures(unit, images)).slice(0, I) : null;
  return {
    scores: {
      [profile]: { I, K, S },
      ...(isReference && meanAngle !== null ? { [CONTROL]: { I, K: null, S: meanAngle } } : {}),
      ...(isReference ? { [ORACLE]: oracleScore(truth, shown, embeddings) } : {}),
    },
    reached: forSettings(features),
    ...(active && { active: forSettings(active.reduce((sum, each) => sum + each, 0) / I) }),
    ...(truth.kind === "fooling" && {
      fooled: forSettings(shown.filter((feature) => feature === PHOTOGRAPH_FEATURES).length / I),
    }),
  };
}

/** Photographs of the dataset and their embeddings. */
async function embedPhotographs({ embedder }: PipelineContext, { train }: Dataset): Promise<Photographs> {
  const source = spreadPhotographs(train);
  const images = await source.images(indexRange(0, source.count));
  return {
    source,
    embeddings: viewOf(await embedDataset(embedder, source)),
    pixels: viewOf(pixelRows(images)),
    size: images,
  };
}

function pixelRows({ count, height, width, data }: ImageBatch): Matrix {
  return { rows: count, cols: height * width * 3, data };
}

/** What photographs say of a unit, whose first I visualizations count. */
async function askPhotographs(
  { source, embeddings, pixels, size }: Photographs,
  planted: PlantedNetwork,
  photographed: LayerActivations,
  record: UnitRecord,
  I: number,
): Promise<PhotographCheck> {
  const activations = [...column(photographed.activations, record.unit)];
  const { height, width } = planted.input;
  const best = bestPhotographs(activations);
  const shown = best.length === 0
    ? []
    : await planted.strongestFeatures(record.unit, resizeBilinear(await source.images(best), height, width));
  const visualizations = pixelRows(resizeBilinear(record.images, size.height, size.width));
  const similarities = {
    embeddings: await greatestCosines(embeddings, firstRows(record.embeddings, I)),
    pixels: await greatestCosines(pixels, firstRows(visualizations, I)),
  };
  return checkPhotographs({ activations, shown }, record.activations.slice(0, I), similarities);
}

/** The other metrics as settings, signed so that more should mean several features. */
function metricScores(metrics: UnitMetrics): Record<string, SettingScore> {
  return Object.fromEntries(
    METRICS.flatMap(({ key, sign }) => {
      const value = metrics[key];
      return SETTINGS.includes(key) || value === null ? [] : [[key, { I: null, K: null, S: sign * value }] as const];
    }),
  );
}

/** The cluster paths of the images that count. */
function pathsOf(context: PipelineContext, record: UnitRecord, I: number): ClusterPath[] {
  const { embeddings, distances, pooledDistances } = record;
  const pairs = pairCount(I);
  return clusterPaths(
    firstRows(embeddings, I),
    clusterOptions(context, record.layer, record.unit, record),
    { lpips: distances.slice(0, pairs), pooled: pooledDistances.slice(0, pairs) },
  );
}
