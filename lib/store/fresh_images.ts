/**
 * The table of what fresh images made of a run's units: `fresh_images.csv` in the run's folder, written by
 * `validate stability --images-seeds` and read by the page and the figures.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromCsv, toCsv } from "../csv.ts";
import { InputError } from "../errors.ts";
import { type FreshShares, unitName } from "../run_data.ts";
import type { KShares, ScoreInterval, UnitId } from "../types.ts";
import { writeWhole } from "../whole_file.ts";

/** Name of the file. */
const FRESH_FILE = "fresh_images.csv";

/** The columns in order. Those of `scores.csv` have their names there; `fresh_*` are of the fresh sets of images alone. */
export const FRESH_COLUMNS = [
  "layer",
  "unit",
  "K",
  "S",
  "S_low",
  "S_high",
  "K1_share",
  "K2_share",
  "K3_share",
  "fresh_sets",
  "fresh_K1_share",
  "fresh_K2_share",
  "fresh_K3_share",
  "fresh_S_mean",
  "fresh_S_min",
  "fresh_S_max",
] as const;

/** A unit in the run and with fresh images. */
export interface FreshRow extends UnitId {
  readonly own: { readonly K: number; readonly S: number };
  readonly interval: ScoreInterval | null;
  readonly kShares: KShares | null;
  /** Its score with each set of fresh images, at least one. */
  readonly fresh: readonly { readonly K: number; readonly S: number }[];
  readonly freshKShares: KShares;
}

/**
 * Writes `fresh_images.csv` into a run's folder.
 *
 * @returns the path written.
 * @throws {InputError} when it cannot be written.
 */
export function writeFreshImages(directory: string, rows: readonly FreshRow[]): string {
  const path = join(directory, FRESH_FILE);
  const table = rows.map(({ layer, unit, own, interval, kShares, fresh, freshKShares }) => {
    const S = fresh.map((score) => score.S);
    return {
      layer,
      unit,
      K: own.K,
      S: own.S,
      S_low: interval?.low,
      S_high: interval?.high,
      K1_share: kShares?.K1,
      K2_share: kShares?.K2,
      K3_share: kShares?.K3,
      fresh_sets: fresh.length,
      fresh_K1_share: freshKShares.K1,
      fresh_K2_share: freshKShares.K2,
      fresh_K3_share: freshKShares.K3,
      fresh_S_mean: S.reduce((sum, value) => sum + value, 0) / S.length,
      fresh_S_min: Math.min(...S),
      fresh_S_max: Math.max(...S),
    };
  });
  writeWhole(path, toCsv(FRESH_COLUMNS, table));
  return path;
}

/**
 * Reads how many clusters fresh images of a run's units have, by `layer:unit`; nothing where there is no table.
 *
 * @throws {InputError} when the file is there and is no such table.
 */
export function readFreshShares(directory: string): Map<string, FreshShares> {
  const path = join(directory, FRESH_FILE);
  if (!existsSync(path)) return new Map();
  const refused = (what: string) =>
    new InputError(`${path} ${what}; make it anew by \`validate stability --images-seeds\`, or remove it`);
  const rows = fromCsv(readFileSync(path, "utf8"));
  if (rows === null) throw refused("is not CSV");
  return new Map(rows.map((row, i) => {
    const number = (name: typeof FRESH_COLUMNS[number]) => {
      const value = row[name] === undefined || row[name] === "" ? NaN : Number(row[name]);
      if (!(value >= 0)) throw refused(`has no number ${name} in row ${i + 1}`);
      return value;
    };
    const shares: FreshShares = {
      sets: number("fresh_sets"),
      K1: number("fresh_K1_share"),
      K2: number("fresh_K2_share"),
      K3: number("fresh_K3_share"),
    };
    if (!(Math.abs(shares.K1 + shares.K2 + shares.K3 - 1) < 1e-9)) {
      throw refused(`has shares that do not add up to 1 in row ${i + 1}`);
    }
    return [unitName({ layer: row.layer ?? "", unit: number("unit") }), shares];
  }));
}
