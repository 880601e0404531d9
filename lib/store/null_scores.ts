/**
 * The table of a run's units beside those of a network that has learned nothing: `null_scores.csv` in the run's folder,
 * written by `validate stability --null` and read by `validate layers`.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromCsv, toCsv } from "../csv.ts";
import { InputError } from "../errors.ts";
import type { UnitId } from "../types.ts";
import { writeWhole } from "../whole_file.ts";

/** Name of the file. */
const NULL_FILE = "null_scores.csv";

/** The columns in order; `null` is what the network learned nothing from. */
export const NULL_COLUMNS = ["layer", "unit", "K", "S", "null", "null_K", "null_S"] as const;

/** A unit of a run, and the unit in its place of a network that has learned nothing. */
export interface NullRow extends UnitId {
  readonly K: number;
  readonly S: number;
  /** Null where that unit is dead. */
  readonly nullK: number | null;
  readonly nullS: number | null;
}

/**
 * Writes `null_scores.csv` into a run's folder.
 *
 * @param kind of null, such as `random`.
 * @returns the path written.
 * @throws {InputError} when it cannot be written.
 */
export function writeNullScores(directory: string, kind: string, rows: readonly NullRow[]): string {
  const path = join(directory, NULL_FILE);
  const table = rows.map(({ layer, unit, K, S, nullK, nullS }) => ({
    layer,
    unit,
    K,
    S,
    null: kind,
    null_K: nullK,
    null_S: nullS,
  }));
  writeWhole(path, toCsv(NULL_COLUMNS, table));
  return path;
}

/** S of a null's units. */
export interface NullTable {
  /** Such as `random`. */
  readonly kind: string;
  /** Those that are not dead. */
  readonly units: readonly (UnitId & { readonly S: number; readonly K: number })[];
}

/**
 * Reads the table of a run's folder.
 *
 * @returns null where there is none.
 * @throws {InputError} when the file is there and is no such table.
 */
export function readNullScores(directory: string): NullTable | null {
  const path = join(directory, NULL_FILE);
  if (!existsSync(path)) return null;
  const refused = (what: string) =>
    new InputError(`${path} ${what}; make it anew by \`validate stability --null\`, or remove it`);
  const rows = fromCsv(readFileSync(path, "utf8"));
  if (rows === null) throw refused("is not CSV");
  const units = rows.flatMap((row, i) => {
    if (row.null_S === "") return []; // dead
    const number = (name: typeof NULL_COLUMNS[number], highest: number) => {
      const value = row[name] === undefined || row[name] === "" ? NaN : Number(row[name]);
      if (!(value >= 0 && value <= highest)) throw refused(`has no number ${name} in row ${i + 1}`);
      return value;
    };
    return [{
      layer: row.layer ?? "",
      unit: number("unit", Infinity),
      K: number("null_K", Infinity),
      S: number("null_S", 1),
    }];
  });
  return { kind: rows[0]?.null ?? "", units };
}
