/**
 * How the score is distributed over the layers of a network, beside the same network where it has learned nothing.
 *
 * @module
 */
import { createRandom } from "../random.ts";
import type { NullTable } from "../store/mod.ts";
import type { UnitId } from "../types.ts";
import { type ByLayer, byLayer, compareWithNull, type MaybeScored, meanOf } from "./stability/mod.ts";

/** A unit of a run; its score is null for a dead one, and S for one of a single image. */
export interface RunUnit extends UnitId {
  readonly score: { readonly K: number; readonly S: number | null } | null;
}

/** Units of a layer. */
export interface ScoredUnits {
  /** S of the units that have one, in the order of the layer. */
  readonly S: readonly number[];
  readonly meanS: number | null;
  /** Share of them with K above 1. */
  readonly several: number | null;
}

/** A layer of a network, and of its null where there is one. */
export interface LayerScores extends ScoredUnits {
  readonly null: ScoredUnits | null;
  /** Chance that a unit has a higher S than one of the null, a tie counting one half; with a 95 % interval over units. */
  readonly auroc: number | null;
  readonly aurocLow: number | null;
  readonly aurocHigh: number | null;
}

/**
 * The scores of a run by layer, in the order of the run, and of all layers together; there the AUROC is of the layers of which
 * a null was scored.
 *
 * @param nulls null where nothing was scored beside the run.
 * @param seed of the intervals.
 */
export function scoresByLayer(
  units: readonly RunUnit[],
  nulls: NullTable | null,
  seed: number,
): ByLayer<LayerScores>[] {
  const own = units.map(({ layer, unit, score }): MaybeScored => ({
    layer,
    unit,
    score: score === null || score.S === null ? null : { K: score.K, S: score.S },
  }));
  const untrained = (nulls?.units ?? []).map(({ layer, unit, K, S }): MaybeScored => ({
    layer,
    unit,
    score: { K, S },
  }));
  const withNull = new Set(untrained.map(({ layer }) => layer));
  const { layers: compared } = compareWithNull(
    own.filter(({ layer }) => withNull.has(layer)),
    untrained,
    createRandom(seed, "layers"),
  );
  const { auroc, aurocLow, aurocHigh } = compared.pop()!; // of all together
  return byLayer(own, (places): LayerScores => {
    const here = places.map((place) => own[place]);
    const layers = new Set(here.map(({ layer }) => layer));
    const against = layers.size > 1 ? { auroc, aurocLow, aurocHigh } : compared.find((each) => layers.has(each.layer));
    return {
      ...scoredUnits(here),
      null: nulls && scoredUnits(untrained.filter(({ layer }) => layers.has(layer))),
      auroc: against?.auroc ?? null,
      aurocLow: against?.aurocLow ?? null,
      aurocHigh: against?.aurocHigh ?? null,
    };
  });
}

function scoredUnits(units: readonly MaybeScored[]): ScoredUnits {
  const scores = units.flatMap(({ score }) => score ?? []);
  return {
    S: scores.map(({ S }) => S),
    meanS: meanOf(scores.map(({ S }) => S)),
    several: meanOf(scores.map(({ K }) => Number(K > 1))),
  };
}
