/**
 * The units that a study of a run is about, and what the run holds of them.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import { selectUnits } from "../../pipeline/mod.ts";
import { unitName } from "../../run_data.ts";
import type { RunReader } from "../../store/mod.ts";
import type { LayerInfo, UnitId } from "../../types.ts";
import { type StoredUnit, storedUnit } from "./rescore.ts";

/** Which units of a run are meant; all that it holds when nothing is said. */
export interface UnitChoice {
  /** Layers separated by commas, such as `conv1,conv2`. */
  readonly layers?: string;
  /** Units separated by commas, such as `conv2:0-7,fc1:3`; the run must hold all of them. */
  readonly units?: string;
  /** At most this many of them, the first in the order of the network. */
  readonly limit?: number;
}

/**
 * The units that a run holds, of those that are asked for, in the order of the network.
 *
 * @param name what the user calls the run, for errors.
 * @param layers of the run's model.
 * @returns at least one; dead ones are among them.
 * @throws {InputError} when the run holds none of them, or lacks one that was asked for by name.
 */
export function heldUnits(
  run: RunReader,
  name: string,
  layers: readonly LayerInfo[],
  choice: UnitChoice,
): UnitId[] {
  const held = new Set(run.units().map(unitName));
  if (held.size === 0) throw new InputError(`run ${name} has none of its units yet; let score-all commit some first`);
  const asked = selectUnits(layers, { layers: choice.layers, units: choice.units });
  const absent = asked.find((unit) => !held.has(unitName(unit)));
  if (choice.units !== undefined && absent !== undefined) {
    throw new InputError(`unit ${unitName(absent)} is not in run ${name}; score it, or leave it out of --units`);
  }
  const chosen = asked.filter((unit) => held.has(unitName(unit))).slice(0, choice.limit);
  if (chosen.length === 0) {
    throw new InputError(`run ${name} has no unit of ${choice.layers}; score some, or name other layers`);
  }
  return chosen;
}

/**
 * Reads units of a run; dead ones are left out.
 *
 * @param name what the user calls the run, for errors.
 * @param chosen units that the run holds, at least one.
 * @returns at least one.
 * @throws {InputError} when all of them are dead, or the run lacks embeddings of one.
 */
export function readStoredUnits(run: RunReader, name: string, chosen: readonly UnitId[]): StoredUnit[] {
  const stored = chosen.flatMap(({ layer, unit }) =>
    storedUnit(run.unit(layer, unit)!, () => run.unit(layer, unit)!.images) ?? []
  );
  if (stored.length === 0) {
    const none = chosen.length === 1
      ? "the unit asked for has no score"
      : `none of its ${chosen.length} units has a score`;
    throw new InputError(`run ${name}: ${none}; there is nothing to repeat of dead units, so choose others`);
  }
  return stored;
}
