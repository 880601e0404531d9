import { quantileSorted } from "simple-statistics";
import type { Random } from "../../random.ts";
import type { UnitId } from "../../types.ts";
import { auroc, bootstrapInterval } from "../../statistics/mod.ts";
import { type ByLayer, byLayer, meanOf } from "./agreement.ts";
import type { Repeat } from "./rescore.ts";

/** Scores of a trained network beside those of a null: the same network, where it has learned nothing. */
export interface NullScores {
  /** Units of the trained network that have a score. */
  readonly units: number;
  /** Units of the null that have a score, and those that are dead. */
  readonly nullUnits: number;
  readonly nullDead: number;
  readonly meanS: number | null;
  readonly nullMeanS: number | null;
  /** Quartiles of the null's S. */
  readonly nullQuartiles: readonly [number, number, number] | null;
  /** Shares of the null's units with one, two, and three or more clusters. */
  readonly nullK: readonly [number, number, number] | null;
  /** Chance that a trained unit has a higher S than a null unit, a tie counting one half; with a 95 % interval over units. */
  readonly auroc: number | null;
  readonly aurocLow: number | null;
  readonly aurocHigh: number | null;
}

/** A unit against the null units of its layer. */
export interface UnitAgainstNull extends UnitId {
  readonly K: number;
  readonly S: number;
  /** K and S of the null's unit of the same place; null where that is dead. */
  readonly nullK: number | null;
  readonly nullS: number | null;
  /** Share of the layer's null units whose S is at or above the unit's, in [0, 1]; null where no null unit has a score. */
  readonly share: number | null;
}

/** A unit with its score; null for a dead one. */
export interface MaybeScored extends UnitId {
  readonly score: Repeat | null;
}

/**
 * Compares the scores of a network with those of a null.
 *
 * @param trained units of the network.
 * @param nullUnits the same units of the null.
 * @param random for the intervals.
 */
export function compareWithNull(
  trained: readonly MaybeScored[],
  nullUnits: readonly MaybeScored[],
  random: Random,
): { layers: ByLayer<NullScores>[]; units: UnitAgainstNull[] } {
  const nullOf = new Map<string, Repeat | null>(nullUnits.map(({ layer, unit, score }) => [`${layer}:${unit}`, score]));
  const layers = byLayer(trained, (places): NullScores => {
    const here = places.map((place) => trained[place]);
    const own = here.flatMap(({ score }) => score?.S ?? []);
    const counterparts = here.flatMap(({ layer, unit }) => {
      const score = nullOf.get(`${layer}:${unit}`);
      return score === undefined ? [] : [score];
    });
    const nulls = counterparts.filter((score) => score !== null);
    const S = nulls.map(({ S }) => S).sort((a, b) => a - b);
    const all = [...own, ...S];
    const positive = all.map((_, i) => i < own.length);
    const indices = all.map((_, i) => i);
    const interval = own.length === 0 || S.length === 0 ? null : bootstrapInterval(
      [indices.slice(0, own.length), indices.slice(own.length)],
      (drawn) => auroc(drawn.map((i) => all[i]), drawn.map((i) => positive[i])),
      random,
      { resamples: 1000 },
    );
    const shareOfK = (fits: (K: number) => boolean) => nulls.filter(({ K }) => fits(K)).length / nulls.length;
    return {
      units: own.length,
      nullUnits: S.length,
      nullDead: counterparts.length - S.length,
      meanS: meanOf(own),
      nullMeanS: meanOf(S),
      nullQuartiles: S.length === 0 ? null : [quantileSorted(S, 0.25), quantileSorted(S, 0.5), quantileSorted(S, 0.75)],
      nullK: S.length === 0 ? null : [shareOfK((K) => K === 1), shareOfK((K) => K === 2), shareOfK((K) => K >= 3)],
      auroc: auroc(all, positive),
      aurocLow: interval?.low ?? null,
      aurocHigh: interval?.high ?? null,
    };
  });
  const nullByLayer = Map.groupBy(nullUnits, ({ layer }) => layer);
  const units = trained.flatMap(({ layer, unit, score }): UnitAgainstNull[] => {
    if (score === null) return [];
    const S = (nullByLayer.get(layer) ?? []).flatMap((each) => each.score?.S ?? []);
    const above = S.filter((value) => value >= score.S).length;
    const counterpart = nullOf.get(`${layer}:${unit}`) ?? null;
    return [{
      layer,
      unit,
      K: score.K,
      S: score.S,
      nullK: counterpart?.K ?? null,
      nullS: counterpart?.S ?? null,
      share: S.length === 0 ? null : above / S.length,
    }];
  });
  return { layers, units };
}
