import { spearman } from "../../statistics/mod.ts";
import { type ByLayer, byLayer, meanOf } from "./agreement.ts";
import { type ClusterSetting, rescore, type StoredUnit } from "./rescore.ts";

/** Scores of the first I images. */
export interface ImageCount {
  readonly I: number;
  /** Units that have as many images. */
  readonly units: number;
  readonly meanS: number | null;
  readonly meanK: number | null;
  /** Spearman's rank correlation of S with the run's S; null with fewer than 2 units, or where S is the same for all. */
  readonly spearman: number | null;
}

/** Numbers of images that are tried. */
export const IMAGE_COUNTS: readonly number[] = [4, 8, 12, 16, 20, 24, 28, 32];

/**
 * S and K of the first I images of each unit, by layer. C has this I, as it would have in a run that stopped there.
 *
 * @param units in the order of the network; a unit with fewer than I images does not count for that I.
 * @param setting the run's.
 * @param counts numbers of images I, each at least 2.
 * @param onUnit called after each unit.
 * @returns a row for each I of `counts` and each layer, in this order; an I that no unit reaches is left out.
 */
export function scoresByImageCount(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  counts: readonly number[] = IMAGE_COUNTS,
  onUnit: () => void = () => {},
): ByLayer<ImageCount>[] {
  const table = units.map((unit) => {
    const row = counts.map((I) => I <= unit.embeddings.rows ? rescore(unit, setting, { I }) : null);
    onUnit();
    return row;
  });
  const reached = counts.map((_, c) => table.some((row) => row[c] !== null));
  return counts.flatMap((I, c) =>
    !reached[c] ? [] : byLayer(units, (places): ImageCount => {
      const have = places.flatMap((place) => {
        const repeat = table[place][c];
        return repeat === null ? [] : [{ own: units[place].score.S, ...repeat }];
      });
      return {
        I,
        units: have.length,
        meanS: meanOf(have.map(({ S }) => S)),
        meanK: meanOf(have.map(({ K }) => K)),
        spearman: spearman(have.map(({ S }) => S), have.map(({ own }) => own)),
      };
    })
  );
}
