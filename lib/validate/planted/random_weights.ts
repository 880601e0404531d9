/**
 * A control that has learned nothing: units of a network of random weights, scored like planted ones. Nobody knows how many
 * features they have; a method that calls them polysemantic wholesale finds clusters anywhere.
 *
 * @module
 */
import type { DatasetRef } from "../../data/mod.ts";
import type { EmbedderRef } from "../../embed/mod.ts";
import type { BackendReport } from "../../engine/mod.ts";
import { describeModel, type ModelRef } from "../../networks/mod.ts";
import type { Profile } from "../../pipeline/mod.ts";
import { createRandom, permutation } from "../../random.ts";
import { initialWeights } from "../../training/mod.ts";
import type { LayerInfo, UnitId } from "../../types.ts";
import { scoreUnitsAgain } from "../stability/mod.ts";
import { share } from "./controls.ts";

/** The network: as large as the one that is scored by default, and as quick. */
const MODEL = "lenet5-cifar10";

/** What to score. */
export interface RandomWeightsPlan {
  /** Seeds; each gives its own weights. */
  readonly seeds: readonly number[];
  /** Units of each seed, of its layers in turn. */
  readonly units: number;
  /** Profiles by name. */
  readonly profiles: Readonly<Record<string, Profile>>;
  /** The embedder of all profiles, where it comes from a file. */
  readonly embedder?: EmbedderRef;
  /** Weights of the profiles' embedder in place of the default ones. */
  readonly embedderWeights?: string;
  /** The mean embedding of the dataset by `embedder`, where it is known. */
  readonly meanEmbedding?: Float32Array | null;
}

/** A unit of random weights, and its score by each profile; null where it is dead. */
export interface RandomUnit extends UnitId {
  readonly seed: number;
  readonly model: string;
  readonly scores: Readonly<Record<string, { readonly K: number; readonly S: number } | null>>;
}

/** What one profile says of units of random weights. */
export interface RandomWeightsSummary {
  readonly name: string;
  readonly model: string;
  /** Units that were scored. */
  readonly units: number;
  /** Units without a gradient, which were not. */
  readonly dead: number;
  /** How many units have K = 1. */
  readonly one: number;
  readonly mean_k: number | null;
  readonly mean_s: number | null;
}

/** Units of layers in turn, drawn without replacement within each; all units where there are not as many. */
export function unitsInTurn(layers: readonly LayerInfo[], count: number, seed: number): UnitId[] {
  const orders = layers.map(({ name, units }) => permutation(units, createRandom(seed, "random weights", name)));
  const most = Math.max(...orders.map(({ length }) => length));
  const turns = Array.from(
    { length: most },
    (_, turn) =>
      layers.flatMap(({ name }, l) => turn < orders[l].length ? [{ layer: name, unit: orders[l][turn] }] : []),
  );
  return turns.flat().slice(0, count);
}

/**
 * Scores units of networks of random weights by the ordinary pipeline.
 *
 * @param backend of the workers.
 * @param workers jobs under way at a time.
 * @param onProgress called with the share done.
 * @returns in the order of seeds and layers.
 */
export async function scoreRandomWeights(
  { seeds, units: count, profiles, embedder, embedderWeights, meanEmbedding }: RandomWeightsPlan,
  backend: Pick<BackendReport, "backend">,
  dataset: DatasetRef,
  workers: number,
  onProgress: (share: number, detail: string) => void = () => {},
): Promise<RandomUnit[]> {
  const results: RandomUnit[] = [];
  const names = Object.keys(profiles);
  for (const [s, seed] of seeds.entries()) {
    const weights = await Deno.makeTempFile({ prefix: "polysem-random-", suffix: ".safetensors" });
    try {
      await Deno.writeFile(weights, initialWeights(MODEL, seed));
      const model: ModelRef = { kind: "shipped", name: MODEL, weights };
      const units = unitsInTurn((await describeModel(model)).layers, count, seed);
      const byUnit = new Map<string, RandomUnit>();
      for (const [p, name] of names.entries()) {
        const context = {
          subject: { model, dataset },
          instruments: { profile: profiles[name], embedder, embedderWeights, meanEmbedding },
          seed,
        };
        const scored = await scoreUnitsAgain(
          context,
          units,
          backend,
          workers,
          (done) => onProgress((s + (p + done / units.length) / names.length) / seeds.length, name),
        );
        for (const { layer, unit, score } of scored) {
          const key = `${layer}:${unit}`;
          const before = byUnit.get(key) ?? { seed, model: MODEL, layer, unit, scores: {} };
          byUnit.set(key, { ...before, scores: { ...before.scores, [name]: score } });
        }
      }
      results.push(...byUnit.values());
    } finally {
      await Deno.remove(weights);
    }
  }
  return results;
}

/** Sums up units of random weights, a line for each profile. */
export function summarizeRandomWeights(
  units: readonly RandomUnit[],
  names: readonly string[],
): RandomWeightsSummary[] {
  return names.filter((name) => units.some(({ scores }) => name in scores)).map((name) => {
    const scores = units.map((unit) => unit.scores[name]);
    const scored = scores.filter((score) => score !== null);
    return {
      name,
      model: MODEL,
      units: scored.length,
      dead: scores.length - scored.length,
      one: scored.filter(({ K }) => K === 1).length,
      mean_k: share(scored, ({ K }) => K),
      mean_s: share(scored, ({ S }) => S),
    };
  });
}
