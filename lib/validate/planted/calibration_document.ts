import { calibrate, type Calibration, type CalibrationUnit } from "./calibrate.ts";
import type { Family } from "./planted_unit.ts";
import type { PlantedResult } from "./study.ts";

/** What a calibration was made with. */
export interface CalibrationOrigin {
  readonly embedder: string;
  readonly embedder_sha256: string;
  /** Which tensor of a file is the embedding, where it was named. */
  readonly embedder_tensor?: string;
  /** How its positions or tokens become one embedding, where that was said. */
  readonly embedder_pool?: string;
  /** Network of LPIPS. */
  readonly lpips: string;
  readonly seeds: readonly number[];
  readonly families: readonly Family[];
  /** The command that makes the same again. */
  readonly command: string;
}

/** A calibration as its file holds it. */
export interface CalibrationDocument extends CalibrationOrigin, Calibration {
  /** What a profile takes from it. */
  readonly cluster: { readonly beta: number; readonly lpipsWeight: number; readonly pooledWeight: number };
}

/**
 * The calibration that a planted study gives.
 *
 * @param results of a study with `calibrate`; units without a score have no paths and do not count.
 * @throws {RangeError} when no unit of one feature, or none of several, has a score.
 */
export function calibrationDocument(
  results: readonly PlantedResult[],
  origin: CalibrationOrigin,
): CalibrationDocument {
  const found = calibrate(results.filter((each): each is PlantedResult & CalibrationUnit => each.paths !== undefined));
  const { lpips, pooled, beta } = found.best;
  return {
    ...origin,
    cluster: { beta: Number(beta.toPrecision(3)), lpipsWeight: lpips, pooledWeight: pooled },
    ...found,
  };
}
