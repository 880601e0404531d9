/**
 * `polysem validate metrics RUN`: other metrics beside the score, and how they go together.
 *
 * @module
 */
import type { Command } from "commander";
import { basename, join, resolve } from "node:path";
import type { MetricCorrelation, MetricKey } from "../../../validate/metrics/mod.ts";
import { type DataOptions, withDataOption } from "../../options/data.ts";
import { integerOption } from "../../options/values.ts";
import {
  correlationText,
  formatTable,
  globalOptions,
  printDetail,
  printNote,
  printResult,
} from "../../console/output.ts";
import { createProgress, type Progress } from "../../console/progress.ts";
import { makeFolder } from "../../console/study_files.ts";
import { writeWhole } from "../../../whole_file.ts";

interface MetricsOptions extends DataOptions {
  readonly modelWeights?: string;
  readonly embedderWeights?: string;
  readonly images?: number;
  readonly sheets?: string;
}

/** Fewer test images would not fill the sets of most activating ones. */
const FEWEST_IMAGES = 100;

/** Units on sheets: so many a person can look at. */
const SHEETS = 20;

/** Adds the command to `validate`. */
export function registerValidateMetrics(validate: Command): void {
  withDataOption(
    validate.command("metrics")
      .description(
        "Other metrics of a run's units beside S, and their rank correlations; writes metrics.csv into the run.",
      )
      .argument("<run>", "name under runs/, or path of a run")
      .option(
        "--model-weights <file>",
        "weights of the run's model, .pth or .safetensors, in place of the committed ones, or its .onnx or .ts file",
      )
      .option("--embedder-weights <file>", "weights of the run's embedder, .pth or .safetensors")
      .option("--images <n>", "only the first n test images (default: all)", integerOption(FEWEST_IMAGES))
      .option(
        "--sheets <dir>",
        `folder for sheets of the ${SHEETS} units whose features K, real images and attributions count most differently: ` +
          "visualizations cluster by cluster, then the most activating test images, best first",
      ),
  ).action(async (name: string, options: MetricsOptions, command: Command) => {
    const { readRun, runDirectory } = await import("../../../store/mod.ts");
    const { COUNTS, measureRun, METRICS } = await import("../../../validate/metrics/mod.ts");
    const { encodePng, markForPeople } = await import("../../../images/mod.ts");
    const { fileName } = await import("../../../file_name.ts");
    const labelOf = (key: MetricKey) => METRICS.find((each) => each.key === key)!.label;
    const { toCsv } = await import("../../../csv.ts");
    using run = readRun(runDirectory(name));
    if (options.sheets !== undefined) makeFolder(options.sheets, "--sheets");
    const pending = run.pendingJobs().length;
    if (pending > 0) {
      printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units are measured`);
    }
    const { quiet } = globalOptions(command);
    let embedding: Progress | undefined;
    let measuring: Progress | undefined;
    const { images, units, correlations, layers, agreement, sheets } = await measureRun(run, name, {
      ...options,
      data: options.data || undefined,
      sheets: options.sheets === undefined ? 0 : SHEETS,
    }, {
      onBackend: (backend) => printDetail(command, `engine: ${JSON.stringify(backend)}`),
      onEmbedded: (done, total) => {
        embedding ??= createProgress({ title: "embedding", total, unit: "test images", quiet });
        embedding.update(done);
        if (done === total) embedding.stop();
      },
      onMeasured: (done, total, layer) => {
        measuring ??= createProgress({ title: "metrics", total, unit: "units", quiet });
        measuring.update(done, layer);
        if (done === total) measuring.stop();
      },
    });
    const file = join(run.directory, "metrics.csv");
    writeWhole(file, toCsv(["layer", "unit", ...METRICS.map(({ key }) => key)], units));
    const { embedder } = run.manifest;
    const result = { run: basename(resolve(run.directory)), embedder, images, file, metrics: METRICS, units };
    const files = sheets.map(({ layer, unit, sheet }) => {
      const path = join(options.sheets!, `${fileName(layer)}-${unit}.png`);
      writeWhole(path, markForPeople(encodePng(sheet)));
      return { layer, unit, file: path };
    });
    printResult(command, { ...result, correlations, layers, agreement, sheets: files }, () => {
      const withS = (all: readonly MetricCorrelation[]) => all.filter(({ a }) => a === "S");
      const table = formatTable(
        ["metric", "expected", "rho with S", "95 % interval", "units", ...layers.map(({ layer }) => layer)],
        withS(correlations).map(({ b, rho, low, high, units }) => [
          labelOf(b),
          METRICS.find(({ key }) => key === b)!.sign > 0 ? "+" : "-",
          correlationText(rho),
          low === null ? "-" : `[${correlationText(low)}, ${correlationText(high)}]`,
          units,
          ...layers.map((each) => correlationText(withS(each.correlations).find((pair) => pair.b === b)?.rho ?? null)),
        ]),
      );
      const counts = formatTable(
        [
          "first",
          "second",
          "units",
          "both say one",
          "the second several",
          "the first several",
          "both several",
          "kappa",
        ],
        agreement.map((each) => [
          labelOf(each.a),
          labelOf(each.b),
          each.units,
          each.both_one,
          each.one_several,
          each.several_one,
          each.both_several,
          correlationText(each.kappa),
        ]),
      );
      const odds = formatTable(
        ["unit", ...COUNTS.map(labelOf), "class entropy", "sheet"],
        files.map(({ layer, unit, file }) => {
          const row = units.find((each) => each.layer === layer && each.unit === unit)!;
          return [
            `${layer}:${unit}`,
            ...COUNTS.map((key) => row[key] ?? "-"),
            correlationText(row.class_entropy),
            file,
          ];
        }),
      );
      return `Spearman's rank correlation with S, over all units and within each layer:\n${table}\n` +
        `One feature or several, by three counts:\n${counts}\n` +
        (files.length === 0 ? "" : `Units that these count most differently:\n${odds}\n`) +
        `Metrics of ${units.length} units and ${images} test images in ${file}; all pairs of metrics with --json`;
    });
  });
}
