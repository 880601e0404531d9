/**
 * A worker of the planted study: scores planted units by the ordinary pipeline.
 *
 * @module
 */
import { type Backend, useBackend } from "../../engine/mod.ts";
import type { Cifar10 } from "../../images/cifar10.ts";
import { loadContext, type LoadedContext, type Profile, scoreUnits } from "../../pipeline/mod.ts";
import { serveTasks } from "../../worker_pool.ts";
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
}

/** Some units of one family, by one profile. */
export interface PlantedTask {
  readonly seed: number;
  readonly family: Family;
  readonly counts: UnitCounts;
  readonly units: readonly number[];
  readonly profile: string;
}

serveTasks<PlantedInit, PlantedTask, PlantedResult[]>(async (init) => {
  await useBackend(init.backend);
  const contexts = new Map<string, LoadedContext>();
  let network: { readonly key: string; readonly planted: PlantedNetwork } | undefined;
  return async (task, onProgress) => {
    const { seed, family, counts, units, profile } = task;
    const key = JSON.stringify([seed, family, counts]);
    if (network?.key !== key) {
      network?.planted.dispose();
      network = { key, planted: await createPlantedNetwork(family, seed, counts, init.data) };
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
    return scoreUnits(context, PLANTED_LAYER, units, onProgress).map((record): PlantedResult => {
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
      return { ...truth, unit, seed, scores, reached };
    });
  };
});
