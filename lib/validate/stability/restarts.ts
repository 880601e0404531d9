import { deriveSeed } from "../../random.ts";
import { type Difference, difference } from "./agreement.ts";
import { type ClusterSetting, rescore, type StoredUnit } from "./rescore.ts";

/** Numbers of starts of k-means that are tried. */
export const RESTART_COUNTS: readonly number[] = [1, 2, 5, 10, 20, 50];

/**
 * S by the number of starts of k-means for each K, against the run's. The starts have another seed than the run's: the row of
 * the run's own number then shows what chance alone does.
 *
 * @param units in the order of the network.
 * @param setting the run's.
 * @param counts numbers of starts, each at least 1.
 * @param onUnit called after each unit.
 */
export function differenceByRestarts(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  counts: readonly number[] = RESTART_COUNTS,
  onUnit: () => void = () => {},
): (Difference & { readonly restarts: number })[] {
  const other = { ...setting, seed: deriveSeed(setting.seed, "restarts") };
  const table = units.map((unit) => {
    const row = counts.map((restarts) => rescore(unit, other, { restarts }));
    onUnit();
    return row;
  });
  return counts.map((restarts, c) => ({
    restarts,
    ...difference(units.map(({ score }) => score), table.map((row) => row[c])),
  }));
}
