import { kSharesOf, meanKShares } from "../../run_data.ts";
import type { KShares, ScoreInterval, UnitId } from "../../types.ts";
import { type Agreement, agreement, type ByLayer, byLayer, meanOf } from "./agreement.ts";
import type { Repeat, StoredUnit } from "./rescore.ts";

/** Agreement of whole repeats of the pipeline. */
export interface FreshAgreement extends Agreement {
  /** Share of the fresh scores within the run's interval of S, over units that have one; null where none has. */
  readonly withinInterval: number | null;
  /** The same over those units alone that have S > 0 in the run or with some fresh images. */
  readonly withinIntervalWhereSeveral: number | null;
  /** Mean shares of halves of the run's images with so many clusters, over units where they are known; null where of none. */
  readonly halvesK: KShares | null;
  /** Shares of the fresh sets of images with so many clusters, over all units; null without units. */
  readonly freshK: KShares | null;
}

/** A unit's scores in the run and with fresh images. */
export interface FreshUnit extends UnitId {
  readonly own: Repeat;
  readonly interval: ScoreInterval | null;
  /** K of halves of the run's images; null where the run does not know it. */
  readonly kShares: KShares | null;
  /** Its score by each seed. */
  readonly fresh: readonly Repeat[];
  /** K of the fresh sets of images. */
  readonly freshKShares: KShares;
}

/**
 * Units that were scored with every seed. One that is dead for some seed has no score to compare, and is left out.
 *
 * @param scores of the units by `layer:unit`, for each seed; at least one.
 */
export function freshUnits(
  units: readonly Pick<StoredUnit, "layer" | "unit" | "score" | "interval" | "kShares">[],
  scores: readonly ReadonlyMap<string, Repeat>[],
): FreshUnit[] {
  return units.flatMap(({ layer, unit, score, interval, kShares }) => {
    const fresh = scores.flatMap((each) => each.get(`${layer}:${unit}`) ?? []);
    if (fresh.length < scores.length) return [];
    return [{ layer, unit, own: score, interval, kShares, fresh, freshKShares: kSharesOf(fresh.map(({ K }) => K))! }];
  });
}

/**
 * Agreement of the run with repeats of the whole pipeline, by layer. Other seeds make other starts, hence other images.
 *
 * @param units in the order of the network, each with as many fresh scores, at least 1.
 */
export function agreementOfFreshImages(units: readonly FreshUnit[]): ByLayer<FreshAgreement>[] {
  return byLayer(units, (places) => {
    const here = places.map((place) => units[place]);
    const several = here.filter(({ own, fresh }) => [own, ...fresh].some(({ S }) => S > 0));
    return {
      ...agreement(here.map(({ own, fresh }) => [own, ...fresh])),
      withinInterval: meanOf(here.flatMap(within)),
      withinIntervalWhereSeveral: meanOf(several.flatMap(within)),
      halvesK: meanKShares(here.flatMap(({ kShares }) => kShares ?? [])),
      freshK: meanKShares(here.map(({ freshKShares }) => freshKShares)),
    };
  });
}

/** Of each fresh score whether it is in the run's interval; nothing where there is none. */
function within({ interval, fresh }: FreshUnit): number[] {
  return interval === null ? [] : fresh.map(({ S }) => Number(interval.low <= S && S <= interval.high));
}
