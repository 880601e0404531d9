/**
 * `polysem report RUN`: a run as one page for the browser, `report.html`.
 *
 * @module
 */
import type { Command } from "commander";
import { basename, dirname, extname, join } from "node:path";
import { InputError, messageOf, writeError } from "../../errors.ts";
import { refuseLink } from "../../fresh_file.ts";
import { isStandardOutput } from "../../streams.ts";
import { plannedUnits } from "../../run_data.ts";
import type { AtlasFigure } from "../../report/atlas/mod.ts";
import { exportRun, manifestDifferences, readRun, readRunData } from "../../store/mod.ts";
import { globalOptions, printNote, printWritten, refuseTwoOutputs } from "../console/output.ts";
import { type DataOptions, testImages } from "../options/data.ts";
import { refuseUnwritable } from "../console/out_file.ts";
import { createProgress } from "../console/progress.ts";
import { writeWhole } from "../../whole_file.ts";

/** The figures at the top of a page, in this order. The others show single units, which the page does for each. */
const FIGURES = [/score_by_layer$/, /dataset_check$/, /elbow$/, /two_stops$/];

/** What a report is made of. */
export interface ReportOptions extends DataOptions {
  /** Name under `runs/`, or path, of a run to compare with. */
  readonly compare?: string;
  /** The file to write; `report.html` in the run's folder unless given. */
  readonly out?: string;
}

/** A report that was written. */
export interface WrittenReport {
  readonly file: string;
  /** Folder of the images where they are too many for the page, null where they are in it. */
  readonly images: string | null;
  readonly bytes: number;
  readonly units: number;
  /** Units that the run is to have. */
  readonly planned: number;
}

/** Adds the command to the program. */
export function registerReport(program: Command): void {
  program.command("report")
    .description("Write a run as one page for the browser: summary, figures and every unit; also of a run in progress.")
    .argument("<run>", "name under runs/, or path of a run")
    .option("--compare <run>", "show what changed from this run to another, unit by unit")
    .option("--out <file>", "file to write (default: report.html in the run's folder)")
    .option("--data <dir>", "folder of the run's images (default: CIFAR-10 as `setup` fetched it)")
    .option("--no-data", "leave out the dataset's images")
    .action(async (run: string, options: ReportOptions, command: Command) => {
      refuseTwoOutputs(command, options.out);
      const report = await writeReport(run, options, command);
      const { units, planned, bytes } = report;
      printWritten(
        command,
        report.file,
        report,
        `${
          units < planned ? `partial run, ${units} of ${planned} units` : `${units} unit${units === 1 ? "" : "s"}`
        }, ` +
          `${(bytes / 1e6).toFixed(1)} MB\nreport: ${report.file}` +
          (report.images === null ? "" : `\nimages: ${report.images} (keep it beside the page)`),
      );
    });
}

/**
 * Makes the page of a run, with progress.
 *
 * @param run name under `runs/`, or path of a run's folder.
 * @throws {InputError} when a run cannot be read, has nothing yet, or the file cannot be written.
 */
export async function writeReport(run: string, options: ReportOptions, command: Command): Promise<WrittenReport> {
  using first = await readRunData(run, testImages(run, options));
  using second = options.compare === undefined ? null : await readRunData(options.compare, (manifest) => {
    const isSame = manifest.dataset?.sha256 === first.manifest.dataset?.sha256;
    const data = isSame || options.data === false ? options.data : undefined; // --data is where the first one's images are
    return testImages(options.compare!, { data })(manifest);
  });
  const file = options.out ?? join(first.directory, "report.html");
  const folder = join(dirname(file), `${basename(file, extname(file))}_files`);
  try {
    if (!isStandardOutput(file)) await Deno.mkdir(dirname(file), { recursive: true }); // at once: not after minutes of work
  } catch (error) {
    // a folder that is there is no concern of the command, which may only write the page into it
    if (!(error instanceof Deno.errors.NotCapable)) {
      throw new InputError(`${dirname(file)} cannot be made: ${messageOf(error)}; choose another place with --out`);
    }
  }
  refuseUnwritable(file);
  refuseLink(folder);
  const notices = [
    ...(first.manifest.dataset !== null && first.dataset === null
      ? [
        first.manifest.dataset.kind === undefined
          ? "The dataset is not on this machine: its best images are named, not shown."
          : "The dataset's best images are named, not shown: `--data DIR` was not given to say where they are.",
      ]
      : []),
  ];
  if (options.data !== false) { for (const notice of notices) printNote(command, `note: ${notice}`); }
  // the renderers are loaded when something is there to be drawn
  const { drawFigures, renderSvg } = await import("../../report/mod.ts");
  const { renderAtlas } = await import("../../report/atlas/mod.ts");
  const progress = createProgress({
    title: "report",
    total: first.units.length,
    unit: "units",
    quiet: globalOptions(command).quiet,
  });
  try {
    const drawn = new Map<number, AtlasFigure>();
    for (const { name, title, spec } of drawFigures(first, second === null ? {} : { compare: second })) {
      const place = FIGURES.findIndex((each) => each.test(name));
      if (place >= 0) drawn.set(place, { title, svg: await renderSvg(spec) });
    }
    const figures = FIGURES.flatMap((_, place) => drawn.get(place) ?? []);
    using reader = readRun(first.directory);
    const { html, inline } = await renderAtlas(first, {
      figures,
      csv: new TextDecoder().decode(exportRun(reader, "csv")),
      notices,
      compare: second === null ? undefined : {
        run: second,
        settings: manifestDifferences(first.manifest, second.manifest)
          .map((each) => each.replace(/ there, (.*) asked$/, " → $1")),
      },
      saveImage: async (name, bytes) => {
        if (isStandardOutput(file)) {
          throw new InputError("the images are too many for one page; give a file with --out");
        }
        try {
          await Deno.mkdir(folder, { recursive: true });
        } catch (error) {
          throw writeError(folder, error, "choose another place with --out");
        }
        writeWhole(join(folder, name), bytes);
        return `${encodeURIComponent(basename(folder))}/${name}`;
      },
      onProgress: (done, total) => progress.update(first.units.length * done / total),
    });
    writeWhole(file, html);
    return {
      file,
      images: inline ? null : folder,
      bytes: new TextEncoder().encode(html).length,
      units: first.units.length,
      planned: plannedUnits(first),
    };
  } finally {
    progress.stop();
  }
}
