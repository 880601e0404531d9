import { deriveSeed } from "../../random.ts";
import { type Agreement, agreement, type ByLayer, byLayer } from "./agreement.ts";
import { type ClusterSetting, rescore, type StoredUnit } from "./rescore.ts";

/**
 * Agreement of scores that differ in the seed of clustering alone, by layer.
 *
 * @param units in the order of the network.
 * @param setting the run's; seeds are derived from its own.
 * @param seeds number of repeats, at least 2.
 * @param onUnit called after each unit.
 * @throws {RangeError} when there are fewer than 2 seeds.
 */
export function agreementOfSeeds(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  seeds: number,
  onUnit: () => void = () => {},
): ByLayer<Agreement>[] {
  if (!(Number.isInteger(seeds) && seeds >= 2)) throw new RangeError(`seeds must be at least 2, got ${seeds}`);
  const table = units.map((unit) => {
    const row = Array.from(
      { length: seeds },
      (_, i) => rescore(unit, { ...setting, seed: deriveSeed(setting.seed, "stability", i) }),
    );
    onUnit();
    return row;
  });
  return byLayer(units, (places) => agreement(places.map((place) => table[place])));
}
