import { pearson } from "../../statistics/mod.ts";
import { meanOf } from "./agreement.ts";
import type { FreshUnit } from "./fresh_images.ts";

/** Units whose halves say much the same. */
export interface ForetoldBin {
  /** The shares of halves with several clusters, above `from`, up to and with `to`; the first bin is of those that are 0. */
  readonly from: number;
  readonly to: number;
  readonly units: number;
  /** Mean share of halves with several clusters; null without units. */
  readonly halves: number | null;
  /** Share of fresh sets of images with several clusters; null without units. */
  readonly fresh: number | null;
}

/** How far halves of a run's images foretell whether fresh images have several clusters (K of 2 or more). */
export interface Foretold {
  /** Units of which both are known. */
  readonly units: number;
  /** Pearson's correlation, over units, of the share of halves and the share of fresh sets with several; null where one does not vary. */
  readonly correlation: number | null;
  /**
   * Mean square of the share of halves less what a fresh set says (1 for several, 0 for one): the Brier score, 0 where all is
   * foretold, 1 where all is foretold wrongly; null without units.
   */
  readonly error: number | null;
  /** The same for the run's own K, taken as certain. */
  readonly errorOfOwnK: number | null;
  readonly bins: readonly ForetoldBin[];
}

/** Upper ends of the bins. Most units lie at 0 or 1, so that both have a bin of their own. */
const ENDS: readonly number[] = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1];

/**
 * Compares the halves of the run's images with fresh images, unit by unit.
 *
 * @param units with at least one fresh score each; those without shares of halves do not count.
 * @see Brier (1950), "Verification of forecasts expressed in terms of probability"
 */
export function foretoldClusters(units: readonly FreshUnit[]): Foretold {
  const known = units.flatMap(({ kShares, own, fresh, freshKShares }) =>
    kShares === null ? [] : [{
      halves: 1 - kShares.K1, // exact at both ends, unlike K2 + K3
      fresh: 1 - freshKShares.K1,
      own: Number(own.K > 1),
      said: fresh.map(({ K }) => Number(K > 1)),
    }]
  );
  const error = (foretold: (unit: typeof known[number]) => number) =>
    meanOf(known.flatMap((unit) => unit.said.map((said) => (foretold(unit) - said) ** 2)));
  return {
    units: known.length,
    correlation: pearson(known.map(({ halves }) => halves), known.map(({ fresh }) => fresh)),
    error: error(({ halves }) => halves),
    errorOfOwnK: error(({ own }) => own),
    bins: ENDS.map((to, i) => {
      const from = i === 0 ? 0 : ENDS[i - 1];
      const here = known.filter(({ halves }) => halves <= to && (i === 0 || halves > from));
      return {
        from,
        to,
        units: here.length,
        halves: meanOf(here.map(({ halves }) => halves)),
        fresh: meanOf(here.map(({ fresh }) => fresh)),
      };
    }),
  };
}
