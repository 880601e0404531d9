/**
 * A worker of the planted study: scores planted units by the ordinary pipeline.
 *
 * @module
 */
import { type Backend, useBackend } from "../../engine/mod.ts";
import { type DatasetRef, firstImages, openDataset } from "../../data/mod.ts";
import type { EmbedderRef } from "../../embed/mod.ts";
import { firstRows } from "../../matrix.ts";
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
import type { Matrix, Size, UnitRecord } from "../../types.ts";
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
import { oracleScore, reachedFeatures } from "./oracle.ts";
import {
  createPlantedNetwork,
  type Family,
  PLANTED_LAYER,
  type PlantedNetwork,
  type UnitCounts,
} from "./planted_network.ts";
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

/** A network, and what the images of the metrics do to it once they have been shown. */
interface CurrentNetwork {
  readonly key: string;
  readonly planted: PlantedNetwork;
  activations?: LayerActivations;
}

/** Metrics that are settings themselves: the score and the control. */
const SETTINGS: readonly MetricKey[] = ["S", "K", "mean_angle"];

serveTasks<PlantedInit, PlantedTask, PlantedResult[]>(async (init) => {
  await useBackend(init.backend);
  const dataset = await openDataset(init.dataset);
  const instruments = new Map<string, Instruments>();
  const metricImages = firstImages(dataset.test, init.metricImages);
  let metricEmbeddings: Matrix | undefined;
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
      const { scores, reached } = await judge(record, planted, task.profile, isReference);
      const paths = task.calibrate && score !== null ? pathsOf(context, record, score.I) : undefined;
      results.push({
        ...planted.units[unit],
        unit,
        seed: task.seed,
        scores: { ...scores, ...(metrics === null ? {} : metricScores(metrics[i])) },
        reached,
        ...(paths && { paths }),
      });
    }
    return results;
  };
});

/** What a profile says of a unit and which features its images reached; for the reference, control and oracle too. */
async function judge(
  { unit, score, meanAngle, images, embeddings }: UnitRecord,
  planted: PlantedNetwork,
  profile: string,
  isReference: boolean,
): Promise<Pick<PlantedResult, "scores" | "reached">> {
  if (score === null || score.S === null) return { scores: {}, reached: {} };
  const { I, K, S } = score;
  const truth = planted.units[unit];
  const shown = (await planted.strongestFeatures(unit, images)).slice(0, I);
  const features = reachedFeatures(truth, shown).length;
  if (!isReference) return { scores: { [profile]: { I, K, S } }, reached: { [profile]: features } };
  return {
    scores: {
      [profile]: { I, K, S },
      ...(meanAngle === null ? {} : { [CONTROL]: { I, K: null, S: meanAngle } }),
      [ORACLE]: oracleScore(truth, shown, embeddings),
    },
    reached: { [profile]: features, [CONTROL]: features, [ORACLE]: features },
  };
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
