/**
 * The table of scores: one row per unit, the same columns in every format.
 *
 * @module
 */
import { join } from "node:path";
import { toCsv } from "../csv.ts";
import { exceedance, type UnitOverview } from "../run_data.ts";
import type { RunReader } from "./run_reader.ts";
import { writeWhole } from "../whole_file.ts";

/** The columns in order, with the type that Parquet gives them. Any but the first two may be empty. */
export const SCORE_COLUMNS = [
  { name: "layer", type: "STRING" },
  { name: "unit", type: "INT32" },
  { name: "I", type: "INT32" },
  { name: "K", type: "INT32" },
  { name: "C", type: "DOUBLE" },
  { name: "D", type: "DOUBLE" },
  { name: "S", type: "DOUBLE" },
  { name: "I_paper", type: "INT32" },
  { name: "K_paper", type: "INT32" },
  { name: "C_paper", type: "DOUBLE" },
  { name: "D_paper", type: "DOUBLE" },
  { name: "S_paper", type: "DOUBLE" },
  { name: "activation_mean", type: "DOUBLE" },
  { name: "activation_min", type: "DOUBLE" },
  { name: "dataset_max", type: "DOUBLE" },
  { name: "exceeds_dataset", type: "BOOLEAN" },
  { name: "stop_reason", type: "STRING" },
  { name: "flags", type: "STRING" },
  { name: "mean_angle", type: "DOUBLE" },
  { name: "exceeds_share", type: "DOUBLE" },
  { name: "S_low", type: "DOUBLE" },
  { name: "S_high", type: "DOUBLE" },
  { name: "K1_share", type: "DOUBLE" },
  { name: "K2_share", type: "DOUBLE" },
  { name: "K3_share", type: "DOUBLE" },
] as const;

/** A column's name. */
export type ScoreColumn = typeof SCORE_COLUMNS[number]["name"];

/** One row of the table. */
export type ScoreRow = Readonly<Record<ScoreColumn, string | number | boolean | null>>;

/**
 * The row of one unit.
 *
 * - The activations are those of the I images that the score counts.
 * - `exceeds_dataset` says whether all of them are above `dataset_max`, `exceeds_share` which share of them is. Both are
 *   empty without a dataset.
 * - `flags` are separated by semicolons.
 * - `S_low` and `S_high` are the 90 % interval of S.
 * - `K1_share`, `K2_share` and `K3_share` are the shares of random halves of the images that have one, two, and three or more
 *   clusters.
 * - A dead unit has no score and no activations.
 */
export function scoreRow(unit: UnitOverview): ScoreRow {
  const { score, paper } = unit;
  const counted = unit.activations.slice(0, score?.I ?? 0);
  const exceeds = exceedance(unit);
  return {
    layer: unit.layer,
    unit: unit.unit,
    I: score?.I ?? null,
    K: score?.K ?? null,
    C: score?.C ?? null,
    D: score?.D ?? null,
    S: score?.S ?? null,
    I_paper: paper?.I ?? null,
    K_paper: paper?.K ?? null,
    C_paper: paper?.C ?? null,
    D_paper: paper?.D ?? null,
    S_paper: paper?.S ?? null,
    activation_mean: counted.length === 0 ? null : counted.reduce((sum, value) => sum + value, 0) / counted.length,
    activation_min: counted.length === 0 ? null : Math.min(...counted),
    dataset_max: unit.datasetMax,
    exceeds_dataset: exceeds?.all ?? null,
    stop_reason: unit.stopReason,
    flags: unit.flags.join(";"),
    mean_angle: unit.meanAngle,
    exceeds_share: exceeds?.share ?? null,
    S_low: unit.scoreInterval?.low ?? null,
    S_high: unit.scoreInterval?.high ?? null,
    K1_share: unit.kShares?.K1 ?? null,
    K2_share: unit.kShares?.K2 ?? null,
    K3_share: unit.kShares?.K3 ?? null,
  };
}

/** The table as CSV, with its header. */
export function scoresCsv(rows: readonly ScoreRow[]): string {
  return toCsv(SCORE_COLUMNS.map(({ name }) => name), rows);
}

/**
 * Writes `scores.csv` of the committed units into the run's folder.
 *
 * @returns the path written.
 */
export function writeScores(run: RunReader): string {
  const path = join(run.directory, "scores.csv");
  writeWhole(path, scoresCsv(run.units().map(scoreRow)));
  return path;
}
