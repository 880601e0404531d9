/**
 * The paper's section 3 on a run: how its units' images compare with the dataset.
 *
 * @module
 */
import { mean } from "simple-statistics";
import { InputError } from "../../errors.ts";
import type { RunReader } from "../../store/mod.ts";
import type { RunManifest, UnitId } from "../../types.ts";
import { type ActivationCheck, activationCheck } from "./activation_check.ts";

/** A unit against the dataset. */
export interface CheckedUnit extends UnitId, ActivationCheck {}

/** The units of a layer against the dataset. */
export interface CheckedLayer {
  readonly layer: string;
  /** Units that have a score and a dataset's best to compare with. */
  readonly units: number;
  /** Units of which every image exceeds the dataset's best. */
  readonly exceeding: number;
  /** Units of which the best image does. */
  readonly best_exceeding: number;
  /** Mean over units of the share of their images that exceed it; null without units. */
  readonly mean_share: number | null;
}

/** A run against its dataset. */
export interface RunCheck {
  readonly dataset: NonNullable<RunManifest["dataset"]>;
  /** In the order of the plan. */
  readonly layers: readonly CheckedLayer[];
  readonly units: readonly CheckedUnit[];
}

/**
 * Compares the images that the scores of a run count with the dataset's test images.
 *
 * @param name what the user calls the run, for errors.
 * @throws {InputError} when the run was made without a dataset.
 * @see Alic et al. (2025), section 3
 */
export function checkRun(run: RunReader, name: string): RunCheck {
  const { dataset } = run.manifest;
  if (dataset === null) {
    throw new InputError(
      `run ${name} was made without a dataset, so there is nothing to compare with; ` +
        "score again with one, into another run (`deno task setup` fetches it)",
    );
  }
  const units = run.units().flatMap(({ layer, unit, score, activations, datasetMax }): CheckedUnit[] =>
    score === null || datasetMax === null
      ? []
      : [{ layer, unit, ...activationCheck(activations.slice(0, score.I), datasetMax) }]
  );
  const layers = run.summary().layers.map(({ layer }): CheckedLayer => {
    const here = units.filter((each) => each.layer === layer);
    return {
      layer,
      units: here.length,
      exceeding: here.filter(({ exceeds }) => exceeds).length,
      best_exceeding: here.filter(({ max, datasetMax }) => max > datasetMax).length,
      mean_share: here.length === 0 ? null : mean(here.map(({ share }) => share)),
    };
  });
  return { dataset, layers, units };
}
