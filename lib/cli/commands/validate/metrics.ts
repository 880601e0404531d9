/**
 * `polysem validate metrics RUN`: other metrics beside the score, and how they go together.
 *
 * @module
 */
import type { Command } from "commander";
import { basename, join, resolve } from "node:path";
import { InputError } from "../../../errors.ts";
import type { LabelledImages } from "../../../data/mod.ts";
import type { LoadedContext, PipelineContext } from "../../../pipeline/mod.ts";
import type { RunReader } from "../../../store/mod.ts";
import type { RunManifest } from "../../../types.ts";
import type { MetricCorrelation, UnitMetrics } from "../../../validate/metrics/mod.ts";
import { type DataOptions, withDataOption } from "../../options/data.ts";
import { integerOption } from "../../options/values.ts";
import { decimals, formatTable, globalOptions, printDetail, printNote, printResult } from "../../console/output.ts";
import { createProgress } from "../../console/progress.ts";

interface MetricsOptions extends DataOptions {
  readonly modelWeights?: string;
  readonly embedderWeights?: string;
  readonly images?: number;
}

/** Fewer test images would not fill the sets of most activating ones. */
const FEWEST_IMAGES = 100;

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
        "weights of the run's model, .pth or .safetensors, in place of the committed ones",
      )
      .option("--embedder-weights <file>", "weights of the run's embedder, .pth or .safetensors")
      .option("--images <n>", "only the first n test images (default: all)", integerOption(FEWEST_IMAGES)),
  ).action(async (name: string, options: MetricsOptions, command: Command) => {
    const { readRun, runDirectory, writeWhole } = await import("../../../store/mod.ts");
    const { correlateMetrics, FEWEST_CORRELATED, METRICS } = await import("../../../validate/metrics/mod.ts");
    const { createRandom } = await import("../../../random.ts");
    const { toCsv } = await import("../../../csv.ts");
    using run = readRun(runDirectory(name));
    const scored = run.units().filter(({ score }) => score !== null).length;
    if (scored < FEWEST_CORRELATED) {
      throw new InputError(
        `run ${name} has ${scored} scored units, and rank correlations need at least ${FEWEST_CORRELATED}; score more`,
      );
    }
    const pending = run.pendingJobs().length;
    if (pending > 0) {
      printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units are measured`);
    }
    const { rows, images } = await measure(run, name, options, command);
    const keys = METRICS.map(({ key }) => key);
    const file = join(run.directory, "metrics.csv");
    writeWhole(file, toCsv(["layer", "unit", ...keys], rows));
    const { seed, embedder } = run.manifest;
    const correlations = correlateMetrics(rows, createRandom(seed, "metrics"));
    const layers = [...new Set(rows.map(({ layer }) => layer))].map((layer) => {
      const units = rows.filter((row) => row.layer === layer);
      return {
        layer,
        units: units.length,
        correlations: units.length < FEWEST_CORRELATED
          ? []
          : correlateMetrics(units, createRandom(seed, "metrics", layer)),
      };
    });
    const result = { run: basename(resolve(run.directory)), embedder, images, file, metrics: METRICS, units: rows };
    printResult(command, { ...result, correlations, layers }, () => {
      const withS = (all: readonly MetricCorrelation[]) => all.filter(({ a }) => a === "S");
      const table = formatTable(
        ["metric", "expected", "rho with S", "95 % interval", "units", ...layers.map(({ layer }) => layer)],
        withS(correlations).map(({ b, rho, low, high, units }) => [
          METRICS.find(({ key }) => key === b)!.label,
          METRICS.find(({ key }) => key === b)!.sign > 0 ? "+" : "-",
          two(rho),
          low === null ? "-" : `[${two(low)}, ${two(high)}]`,
          units,
          ...layers.map((each) => two(withS(each.correlations).find((pair) => pair.b === b)?.rho ?? null)),
        ]),
      );
      return `Spearman's rank correlation with S, over all units and within each layer:\n${table}\n` +
        `Metrics of ${rows.length} units and ${images} test images in ${file}; all pairs of metrics with --json`;
    });
  });
}

/** A correlation with two decimals; what rounds to nothing has no sign. */
function two(rho: number | null): string {
  return decimals(rho, 2).replace(/^-0\.00$/, "0.00");
}

/** The metrics of all committed units of a run, in the order of its plan, and of how many test images. */
async function measure(
  run: RunReader,
  name: string,
  options: MetricsOptions,
  command: Command,
): Promise<{ readonly rows: UnitMetrics[]; readonly images: number }> {
  const { manifest } = run;
  if (manifest.dataset === null) {
    throw new InputError(
      `run ${name} was made without a dataset, and these metrics compare with one; score again with one, into another ` +
        "run (`deno task setup` fetches it)",
    );
  }
  const { readCifar10, CIFAR10_SHA256 } = await import("../../../data/mod.ts");
  refuseOther(
    name,
    "dataset",
    manifest.dataset.name,
    manifest.dataset.sha256,
    CIFAR10_SHA256,
    "there is no other here",
  );
  const { loadContext, parseProfile } = await import("../../../pipeline/mod.ts");
  const { useBackend } = await import("../../../engine/mod.ts");
  const { embedDataset, unitMetrics } = await import("../../../validate/metrics/mod.ts");
  // a field that profiles have gained since the run was made is as in `paper`, where what is new is off
  const profile = parseProfile({ extends: "paper", ...manifest.profile }, `of run ${name}`);
  const data = await readCifar10(typeof options.data === "string" ? options.data : undefined);
  printDetail(command, `engine: ${JSON.stringify(await useBackend())}`);
  const { model, seed } = manifest;
  const { modelWeights, embedderWeights } = options;
  const context = await loadContext({ model, modelWeights, embedderWeights, profile, seed, data });
  try {
    refuseOtherWeights(name, manifest, context);
    const { quiet } = globalOptions(command);
    const test = firstImages(data.test, options.images);
    const measured: PipelineContext = { ...context, testActivations: () => null }; // of these images, not of all
    const embedding = createProgress({ title: "embedding", total: test.count, unit: "test images", quiet });
    const embeddings = embedDataset(context.embedder, test, (images) => embedding.update(images));
    embedding.stop();
    const units = run.units();
    const progress = createProgress({ title: "metrics", total: units.length, unit: "units", quiet });
    const rows = [...new Set(units.map(({ layer }) => layer))].flatMap((layer) => {
      const records = units.filter((unit) => unit.layer === layer).map(({ unit }) => run.unit(layer, unit)!);
      const metrics = unitMetrics(measured, test, embeddings, layer, records);
      progress.increment(records.length, layer);
      return metrics;
    });
    progress.stop();
    return { rows, images: test.count };
  } finally {
    context.dispose();
  }
}

function firstImages({ count, pixels, labels }: LabelledImages, most = count): LabelledImages {
  const kept = Math.min(count, most);
  return { count: kept, pixels: pixels.subarray(0, kept * pixels.length / count), labels: labels.subarray(0, kept) };
}

function refuseOtherWeights(name: string, manifest: RunManifest, context: LoadedContext): void {
  refuseOther(name, "model", manifest.model, manifest.modelSha256, context.modelSha256, "give --model-weights FILE");
  const { embedder, embedderSha256 } = manifest;
  refuseOther(name, "embedder", embedder, embedderSha256, context.embedder.sha256, "give --embedder-weights FILE");
}

/** Refuses what is not, to the byte, what the run was made with: its metrics would be of something else. */
function refuseOther(name: string, what: string, called: string, stored: string, found: string, remedy: string): void {
  if (stored === found) return;
  throw new InputError(
    `run ${name} was made with another ${what} ${called} (sha256 ${stored.slice(0, 12)}...) than the one at hand ` +
      `(${found.slice(0, 12)}...); ${remedy}, or score again into another run`,
  );
}
