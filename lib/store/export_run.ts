/**
 * A run's scores in a format for other programs.
 *
 * @module
 */
import { parquetWriteBuffer } from "hyparquet-writer";
import { candidatesForJson } from "../run_data.ts";
import type { ClusteringRecord } from "../types.ts";
import type { RunReader } from "./run_reader.ts";
import { SCORE_COLUMNS, scoreRow, scoresCsv } from "./scores.ts";

/** Formats of an export. */
export const EXPORT_FORMATS = ["csv", "parquet", "json"] as const;

/** A format of an export. */
export type ExportFormat = typeof EXPORT_FORMATS[number];

/**
 * The committed units of a run as the bytes of a file.
 *
 * @param onUnit called before each unit that is read in full, as `json` does; what it throws ends the export.
 *
 * - `csv`: as `scores.csv`.
 * - `parquet`: the same columns and rows, typed: INT32, DOUBLE, BOOLEAN and STRING, empty fields null.
 * - `json`: `{manifest, units}`. A unit has the same columns, but its flags are a list; its activations; and the two
 *   clusterings `profile` and `paper` in full: assignments, theta, b, and the candidates for K. A number that JSON cannot
 *   write is null.
 */
export function exportRun(run: RunReader, format: ExportFormat, onUnit: () => void = () => {}): Uint8Array {
  const units = run.units();
  const rows = units.map(scoreRow);
  switch (format) {
    case "csv":
      return new TextEncoder().encode(scoresCsv(rows));
    case "parquet":
      return new Uint8Array(parquetWriteBuffer({
        columnData: SCORE_COLUMNS.map(({ name, type }) => ({
          name,
          type,
          data: rows.map((row) => row[name]),
          nullable: name !== "layer" && name !== "unit",
        })),
        kvMetadata: [{ key: "polysem.manifest", value: JSON.stringify(run.manifest) }],
        createdBy: `polysem ${run.manifest.version}`,
      }));
    case "json": {
      const groups = (record: ClusteringRecord | null) =>
        record && (({ assignments, theta, b, candidates }) => ({
          assignments,
          theta,
          b,
          candidates: candidatesForJson(candidates),
        }))(record);
      const document = {
        manifest: run.manifest,
        units: units.map((unit, i) => {
          onUnit();
          const record = run.unit(unit.layer, unit.unit)!;
          return {
            ...rows[i],
            flags: unit.flags,
            activations: unit.activations,
            profile: groups(record.score),
            paper: groups(record.paper),
          };
        }),
      };
      return new TextEncoder().encode(`${JSON.stringify(document)}\n`);
    }
  }
}
