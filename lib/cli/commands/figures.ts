/**
 * `polysem figures RUN`: the figures of a run, with their data.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import { refuseLink } from "../../fresh_file.ts";
import { isPartial, plannedUnits, type RunData, unitName } from "../../run_data.ts";
import { readRunData } from "../../store/mod.ts";
import type { UnitId } from "../../types.ts";
import { type DataOptions, testImages, withDataOptions } from "../options/data.ts";
import { globalOptions, printNote, printResult } from "../console/output.ts";
import { makeFolder } from "../console/study_files.ts";
import { createProgress } from "../console/progress.ts";
import { writeWhole } from "../../whole_file.ts";

interface FiguresOptions extends DataOptions {
  readonly out?: string;
  readonly unit?: string;
  readonly compare?: string;
}

/** Adds the command to the program. */
export function registerFigures(program: Command): void {
  const command = program.command("figures")
    .description("Draw the figures of a run as SVG and as PNG at print size, each with its data as CSV.")
    .argument("<run>", "name under runs/, or path of a run, finished or not")
    .option("--out <dir>", "folder to write into (default: figures/ in the run's folder)")
    .option("--unit <unit>", "unit of the block diagram, such as conv2:3 (default: one that has several clusters)")
    .addOption(
      new Option("--compare <run>", "run whose S the last figure compares with, such as one of the paper profile"),
    );
  withDataOptions(command, "its images are not counted in the figure of section 3").action(
    async (name: string, options: FiguresOptions, command: Command) => {
      using run = await readRunData(name, testImages(name, options));
      using compare = options.compare === undefined
        ? null
        : await readRunData(options.compare, () => Promise.resolve(null));
      const unit = options.unit === undefined ? undefined : unitOf(run, options.unit);
      const folder = options.out ?? join(run.directory, "figures");
      if (options.out === undefined) refuseLink(folder);
      makeFolder(folder);
      if (isPartial(run)) {
        printNote(
          command,
          `run ${run.name} is partial: the figures show ${run.units.length} of ${plannedUnits(run)} units`,
        );
      }
      const { drawFigures, FIGURE_NAMES, renderPng, renderSvg } = await import("../../report/mod.ts");
      const progress = createProgress({
        title: "drawing",
        total: FIGURE_NAMES.length,
        unit: "figures",
        quiet: globalOptions(command).quiet,
      });
      const files: string[] = [];
      try {
        for (const figure of drawFigures(run, { unit, compare: compare ?? undefined })) {
          const svg = await renderSvg(figure.spec);
          const write = (ending: string, content: string | Uint8Array) => {
            const file = join(folder, `${figure.name}.${ending}`);
            writeWhole(file, content);
            files.push(file);
          };
          write("svg", svg);
          write("png", await renderPng(svg));
          write("csv", figure.csv);
          progress.increment(1, figure.name);
        }
      } finally {
        progress.stop();
      }
      printResult(
        command,
        { run: run.name, units: run.units.length, planned: plannedUnits(run), folder, files },
        `${FIGURE_NAMES.length} figures in ${folder}: ${FIGURE_NAMES.join(", ")} (.svg, .png, .csv)`,
      );
    },
  );
}

/** @throws {InputError} when it is no unit, or none that the run has. */
function unitOf(run: RunData, text: string): UnitId {
  const found = run.units.find((unit) => unitName(unit) === text);
  if (found) return { layer: found.layer, unit: found.unit };
  const [first, last] = [run.units[0], run.units.at(-1)!].map(unitName);
  throw new InputError(
    `${
      JSON.stringify(text)
    } is not a unit of run ${run.name}; give one of its ${run.units.length}, from ${first} to ${last}`,
  );
}
