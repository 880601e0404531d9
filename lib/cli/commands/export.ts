/**
 * `polysem export RUN --format csv`: a run's scores in a format for other programs.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { join } from "node:path";
import {
  EXPORT_FORMATS,
  type ExportFormat,
  exportRun,
  readRun,
  runDirectory,
  type RunReader,
} from "../../store/mod.ts";
import { refuseUnwritable } from "../console/out_file.ts";
import { Interrupted } from "../console/interruption.ts";
import { globalOptions, printWritten, refuseTwoOutputs } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";
import { writeWhole } from "../../whole_file.ts";

/** Adds the command to the program. */
export function registerExport(program: Command): void {
  program.command("export")
    .description("Write the scores of a run as CSV, Parquet or JSON; also of a run in progress.")
    .argument("<run>", "name under runs/, or path of a run")
    .addOption(
      new Option("--format <format>", "csv and parquet: the columns of scores.csv; json: all but images and embeddings")
        .choices(EXPORT_FORMATS).default("csv"),
    )
    .option("--out <file>", "file to write, - for standard output (default: scores.FORMAT in the run's folder)")
    .action((run: string, options: { format: ExportFormat; out?: string }, command: Command) => {
      refuseTwoOutputs(command, options.out);
      using reader = readRun(runDirectory(run));
      const file = options.out ?? join(reader.directory, `scores.${options.format}`);
      refuseUnwritable(file);
      const units = reader.units().length;
      writeWhole(file, exportWithProgress(reader, options.format, units, file, command));
      printWritten(
        command,
        file,
        { file, format: options.format, units },
        `${units} ${units === 1 ? "unit" : "units"} written to ${file}`,
      );
    });
}

function exportWithProgress(
  reader: RunReader,
  format: ExportFormat,
  units: number,
  file: string,
  command: Command,
): Uint8Array {
  const { quiet } = globalOptions(command);
  const progress = createProgress({ title: "export", total: units, unit: "units", quiet });
  try {
    const bytes = exportRun(reader, format, () => progress.increment());
    progress.update(units); // a signal that comes later finds the file whole
    return bytes;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(error.signal, `${file} was left as it was; the same command begins anew`);
  } finally {
    progress.stop();
  }
}
