import type { ScoreInterval, UnitId } from "../../types.ts";
import { type Agreement, agreement, type ByLayer, byLayer, meanOf } from "./agreement.ts";
import type { Repeat, StoredUnit } from "./rescore.ts";

/** Agreement of whole repeats of the pipeline. */
export interface FreshAgreement extends Agreement {
  /** Share of the fresh scores within the run's interval of S, over units that have one; null where none has. */
  readonly withinInterval: number | null;
}

/** A unit's scores in the run and with fresh images. */
export interface FreshUnit extends UnitId {
  readonly own: Repeat;
  readonly interval: ScoreInterval | null;
  /** Its score by each seed. */
  readonly fresh: readonly Repeat[];
}

/**
 * Units that were scored with every seed. One that is dead for some seed has no score to compare, and is left out.
 *
 * @param scores of the units by `layer:unit`, for each seed.
 */
export function freshUnits(
  units: readonly Pick<StoredUnit, "layer" | "unit" | "score" | "interval">[],
  scores: readonly ReadonlyMap<string, Repeat>[],
): FreshUnit[] {
  return units.flatMap(({ layer, unit, score, interval }) => {
    const fresh = scores.flatMap((each) => each.get(`${layer}:${unit}`) ?? []);
    return fresh.length < scores.length ? [] : [{ layer, unit, own: score, interval, fresh }];
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
    const within = here.flatMap(({ interval, fresh }) =>
      interval === null ? [] : fresh.map(({ S }) => Number(interval.low <= S && S <= interval.high))
    );
    return { ...agreement(here.map(({ own, fresh }) => [own, ...fresh])), withinInterval: meanOf(within) };
  });
}
