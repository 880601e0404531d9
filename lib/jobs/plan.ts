/**
 * Cuts the chosen units into jobs. The result depends on the units only, so resumed and sharded runs have the same jobs.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { Shard } from "../shards.ts";
import type { LayerInfo, UnitId } from "../types.ts";

/** A few units of one layer, visualized together and committed together. */
export interface Job {
  readonly layer: string;
  readonly units: readonly number[];
}

/** Units of one job, unless said otherwise. */
export const UNITS_PER_JOB = 8;

/**
 * Cuts units into jobs of at most `unitsPerJob` units of one layer, in the order of the network, units ascending.
 *
 * @param layers the layers of the model, in the order of the network.
 * @param units the chosen units; a repeated one counts once.
 * @throws {RangeError} when `unitsPerJob` is not a positive integer or a unit is not of these layers.
 */
export function createPlan(
  layers: readonly LayerInfo[],
  units: readonly UnitId[],
  unitsPerJob: number = UNITS_PER_JOB,
): Job[] {
  if (!(Number.isInteger(unitsPerJob) && unitsPerJob >= 1)) throw new RangeError(`unitsPerJob is ${unitsPerJob}`);
  for (const { layer, unit } of units) {
    const info = layers.find((each) => each.name === layer);
    if (!info || !(Number.isInteger(unit) && unit >= 0 && unit < info.units)) {
      throw new RangeError(`no unit ${layer}:${unit}`);
    }
  }
  return layers.flatMap((layer) => {
    const chosen = [...new Set(units.filter((each) => each.layer === layer.name).map((each) => each.unit))];
    chosen.sort((a, b) => a - b);
    return Array.from({ length: Math.ceil(chosen.length / unitsPerJob) }, (_, i) => ({
      layer: layer.name,
      units: chosen.slice(i * unitsPerJob, (i + 1) * unitsPerJob),
    }));
  });
}

/** The shard that a word such as `0/2` means. */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim());
  const [index, count] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
  if (!match || index >= count) {
    throw new InputError(`shard ${JSON.stringify(text)} is not i/n with 0 <= i < n; write 0/2 and 1/2 for two halves`);
  }
  return { index, count };
}
