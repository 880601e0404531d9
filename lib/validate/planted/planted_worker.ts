/**
 * A worker of the planted study: scores planted units by the ordinary pipeline.
 *
 * @module
 */
import { type Backend, useBackend } from "../../engine/mod.ts";
import type { Cifar10, LabelledImages } from "../../data/mod.ts";
import {
  clusterOptions,
  loadContext,
  type LoadedContext,
  type PipelineContext,
  type Profile,
  scoreUnits,
} from "../../pipeline/mod.ts";
import type { Matrix, UnitRecord } from "../../types.ts";
import { datasetActivations } from "../../visualize/mod.ts";
import { serveTasks } from "../../jobs/mod.ts";
import { embedDataset, type MetricKey, METRICS, type UnitMetrics, unitMetrics } from "../metrics/mod.ts";
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
  readonly data: Cifar10;
  /** Profiles by name. */
  readonly profiles: Readonly<Record<string, Profile>>;
  /** The profile whose images the control and the oracle look at. */
  readonly reference: string;
  readonly embedderWeights?: string;
  /** Test images on which other metrics of the reference profile's units are measured; 0 for none. */
  readonly metricImages: number;
  /** Side of the planted units' images in pixels. */
  readonly size: number;
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

serveTasks<PlantedInit, PlantedTask, PlantedResult[]>(async (init) => {
  await useBackend(init.backend);
  const contexts = new Map<string, LoadedContext>();
  let network: { readonly key: string; readonly planted: PlantedNetwork; activations?: Matrix } | undefined;
  const metricImages = firstImages(init.data.test, init.metricImages);
  let metricEmbeddings: Matrix | undefined;
  return async (task, onProgress) => {
    const { seed, family, counts, units, profile } = task;
    const key = JSON.stringify([seed, family, counts]);
    if (network?.key !== key) {
      network?.planted.dispose();
      network = { key, planted: await createPlantedNetwork(family, seed, counts, init.data, init.size) };
    }
    const { planted } = network;
    if (!contexts.has(profile)) {
      contexts.set(
        profile,
        await loadContext({
          model: "lenet5-cifar10", // its embedder and metric are used, its network is not
          profile: init.profiles[profile],
          seed,
          data: init.data,
          embedderWeights: init.embedderWeights,
        }),
      );
    }
    const context = { ...contexts.get(profile)!, seed, network: planted, testActivations: () => null };
    const records = scoreUnits(context, PLANTED_LAYER, units, onProgress);
    let metrics: readonly UnitMetrics[] | undefined;
    if (init.metricImages > 0 && profile === init.reference) {
      metricEmbeddings ??= embedDataset(context.embedder, metricImages);
      network.activations ??= datasetActivations(
        planted,
        PLANTED_LAYER,
        metricImages,
        context.profile.visualize.activation,
      );
      const { activations } = network;
      metrics = unitMetrics(
        { ...context, testActivations: () => activations },
        metricImages,
        metricEmbeddings,
        PLANTED_LAYER,
        records,
      );
    }
    return records.map((record, i): PlantedResult => {
      const { unit, score, meanAngle, images, embeddings } = record;
      const truth = planted.units[unit];
      const scores: Record<string, SettingScore> = {};
      const reached: Record<string, number> = {};
      if (score !== null && score.S !== null) {
        const { I, K, S } = score;
        scores[profile] = { I, K, S };
        const shown = planted.strongestFeatures(unit, images).slice(0, I);
        reached[profile] = reachedFeatures(truth, shown).length;
        if (profile === init.reference) {
          if (meanAngle !== null) scores[CONTROL] = { I, K: null, S: meanAngle };
          scores[ORACLE] = oracleScore(truth, shown, embeddings);
          reached[CONTROL] = reached[ORACLE] = reached[profile];
        }
      }
      for (const { key, sign } of metrics === undefined ? [] : METRICS) {
        const value = metrics![i][key];
        if (!(key in NOT_BESIDE) && value !== null) scores[key] = { I: null, K: null, S: sign * value };
      }
      const paths = task.calibrate && score !== null ? pathsOf(context, record, score.I) : undefined;
      return { ...truth, unit, seed, scores, reached, ...(paths && { paths }) };
    });
  };
});

/** Metrics that are the settings themselves. */
const NOT_BESIDE: Readonly<Partial<Record<MetricKey, true>>> = { S: true, K: true, mean_angle: true };

function firstImages({ pixels, labels }: LabelledImages, count: number): LabelledImages {
  return {
    count,
    pixels: pixels.subarray(0, count * pixels.length / labels.length),
    labels: labels.subarray(0, count),
  };
}

/** The paths of the images that count. */
function pathsOf(context: PipelineContext, record: UnitRecord, I: number): ClusterPath[] {
  const { embeddings, distances, pooledDistances } = record;
  const pairs = I * (I - 1) / 2;
  return clusterPaths(
    { ...embeddings, rows: I, data: embeddings.data.subarray(0, I * embeddings.cols) },
    clusterOptions(context, record.layer, record.unit, record),
    { lpips: distances.slice(0, pairs), pooled: pooledDistances.slice(0, pairs) },
  );
}
