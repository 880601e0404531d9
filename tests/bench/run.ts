/**
 * `deno task bench`: the same work in our pipeline and in a batched PyTorch script, in turn, and how many times longer
 * PyTorch takes. Times are printed, never asserted.
 *
 * @module
 */
import { cpus } from "node:os";
import { Command, Option } from "commander";
import { integerOption } from "../../lib/cli/options/values.ts";
import { decimals, formatTable } from "../../lib/cli/console/output.ts";
import { writeOut } from "../../lib/streams.ts";
import { InputError, messageOf } from "../../lib/errors.ts";
import { DEFAULT_DATASET, openDataset } from "../../lib/data/mod.ts";
import { loadNetwork } from "../../lib/networks/models.ts";
import { CALIBRATED_1 } from "../../lib/pipeline/profile.ts";
import { runPolysemStages, type StageResults } from "./polysem_stages.ts";
import { preparePyTorch, runPyTorchStages, type Versions } from "./pytorch_environment.ts";
import {
  createWorkload,
  LAYOUTS,
  type Stage,
  STAGES,
  startEngine,
  THREADS,
  type WorkloadOptions,
  writeJob,
} from "./workload.ts";

const MODEL = "lenet5-cifar10";

/** What is wanted of the ratios. */
const WANTED: Readonly<Record<Stage | "whole", number>> = {
  ascent: 1.5,
  lpips: 1,
  embedding: 1,
  clustering: 1,
  whole: 1.5,
};

/** One line of the result. */
interface Row {
  readonly stage: Stage | "whole";
  /** Seconds, the least of the repeats. */
  readonly polysem: number;
  readonly pytorch: number;
  /** PyTorch's seconds over ours. */
  readonly ratio: number;
  readonly wanted: number;
  /** Largest relative difference between the two sides' results; null for the whole. */
  readonly difference: number | null;
}

/** The result, as `--json` prints it. */
interface Report extends WorkloadOptions {
  readonly model: string;
  readonly processor: string;
  readonly threads: number;
  readonly repeats: number;
  readonly versions: Versions;
  readonly rows: readonly Row[];
}

interface BenchOptions extends WorkloadOptions {
  readonly scaling: boolean;
  readonly quick: boolean;
  readonly out?: string;
  readonly repeats: number;
  readonly json: boolean;
}

async function bench({ repeats, units, images, steps, layout }: BenchOptions): Promise<Report> {
  const python = await preparePyTorch(note);
  await startEngine();
  const dataset = await openDataset(DEFAULT_DATASET);
  const { network } = await loadNetwork({ kind: "shipped", name: MODEL });
  const workload = createWorkload(network.layers, { units, images, steps, layout });
  const folder = await Deno.makeTempDir({ prefix: "polysem-bench-" });
  const ours: StageResults[] = [];
  const theirs: StageResults[] = [];
  let versions: Versions = {};
  try {
    for (let repeat = 1; repeat <= repeats; repeat++) {
      note(`polysem, ${repeat} of ${repeats}`);
      const { handedOver, ...results } = await runPolysemStages(workload, MODEL, dataset);
      ours.push(results);
      if (repeat === 1) await writeJob(folder, workload, handedOver);
      note(`PyTorch, ${repeat} of ${repeats}`);
      const { versions: found, ...others } = await runPyTorchStages(python, folder);
      theirs.push(others);
      versions = found;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
    network.dispose();
  }
  return {
    model: MODEL,
    units: workload.jobs.reduce((sum, job) => sum + job.units.length, 0),
    images,
    steps,
    layout,
    processor: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
    threads: THREADS,
    repeats,
    versions: { deno: Deno.version.deno, ...versions },
    rows: compare(ours, theirs),
  };
}

function compare(ours: readonly StageResults[], theirs: readonly StageResults[]): Row[] {
  const least = (results: readonly StageResults[], stage: Stage) =>
    Math.min(...results.map(({ seconds }) => seconds[stage]));
  const [a, b] = [ours[0], theirs[0]];
  const differences: Readonly<Record<Stage, number>> = {
    ascent: largestDifference(a.activations, b.activations, "each"),
    lpips: largestDifference(a.distances, b.distances, "largest"),
    embedding: largestDifference(a.embeddings, b.embeddings, "largest"),
    clustering: largestDifference(a.inertias.flat(), b.inertias.flat(), "each"),
  };
  const row = (stage: Row["stage"], polysem: number, pytorch: number, difference: number | null): Row => ({
    stage,
    polysem,
    pytorch,
    ratio: pytorch / polysem,
    wanted: WANTED[stage],
    difference,
  });
  const rows = STAGES.map((stage) => row(stage, least(ours, stage), least(theirs, stage), differences[stage]));
  const total = (side: "polysem" | "pytorch") => rows.reduce((sum, each) => sum + each[side], 0);
  return [...rows, row("whole", total("polysem"), total("pytorch"), null)];
}

/** Largest difference of corresponding numbers, relative to each number of ours or to the largest of them. */
function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>, relativeTo: "each" | "largest"): number {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} results here, ${theirs.length} there`);
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < ours.length; i++) {
    const gap = Math.abs(ours[i] - theirs[i]);
    largest = Math.max(largest, Math.abs(ours[i]));
    difference = Math.max(difference, relativeTo === "largest" || gap === 0 ? gap : gap / Math.abs(ours[i]));
  }
  return relativeTo === "largest" ? difference / largest : difference;
}

function formatReport(
  { model, units, images, steps, layout, processor, threads, repeats, versions, rows }: Report,
): string {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return [
    `${model}: ${units} units, ${images} images, ${steps} steps; least of ${repeats}; ${threads} cores each; ${processor}`,
    `${libraries}; PyTorch's memory layout: ${layout}`,
    formatTable(
      ["stage", "polysem s", "PyTorch s", "ratio", "wanted", "difference"],
      rows.map(({ stage, polysem, pytorch, ratio, wanted, difference }) => [
        stage,
        decimals(polysem, 2),
        decimals(pytorch, 2),
        decimals(ratio, 2),
        decimals(wanted, 1),
        difference === null ? null : difference.toExponential(1),
      ]),
    ),
    "ratio: PyTorch's time over ours; difference: largest relative difference of the two sides' results",
  ].join("\n");
}

/** How cost grows, here alone. */
async function scaling({ quick, repeats, out, json }: BenchOptions): Promise<void> {
  const { formatScaling, measureScaling, writeScaling } = await import("./scaling.ts");
  const report = await measureScaling({ quick, repeats }, note);
  const paths = out === undefined ? [] : await writeScaling(out, report);
  writeOut(`${json ? JSON.stringify(report, null, 2) : [formatScaling(report), ...paths].join("\n")}\n`);
}

/** Says what is under way, with the time of day. */
function note(text: string): void {
  console.error(`${new Date().toTimeString().slice(0, 8)} ${text}`);
}

if (import.meta.main) {
  const program = new Command("bench")
    .description("Times the stages of the pipeline against batched PyTorch, one after the other.")
    .option("--units <count>", "units, spread over the layers (236 for all)", integerOption(1), 72)
    .option("--images <count>", "images of a unit", integerOption(2), 32)
    .option("--steps <count>", "steps of ascent", integerOption(1), CALIBRATED_1.visualize.steps)
    .option("--repeats <count>", "runs of each side in turn; the least time of each stage counts", integerOption(1), 1)
    .addOption(
      new Option("--layout <layout>", "how PyTorch keeps images in memory; channels-last is faster on a CPU")
        .choices(LAYOUTS).default(LAYOUTS[0]),
    )
    .option(
      "--scaling",
      "instead: how time and memory of a run grow with units, images, pixels, dataset and workers",
      false,
    )
    .option("--quick", "with --scaling: in little, which only shows that it works", false)
    .option("--out <dir>", "with --scaling: folder for scaling.json, .csv, .svg and .png")
    .option("--json", "print one JSON document", false)
    .action(async (options: BenchOptions) => {
      if (options.scaling) return await scaling(options);
      if (options.quick || options.out !== undefined) {
        throw new InputError("--quick and --out go with --scaling; add it, or leave them out");
      }
      const report = await bench(options);
      writeOut(`${options.json ? JSON.stringify(report, null, 2) : formatReport(report)}\n`);
    });
  try {
    await program.parseAsync(Deno.args, { from: "user" });
    Deno.exit(0); // at once, whatever threads the engine left
  } catch (error) {
    console.error(`error: ${messageOf(error)}`);
    if (!(error instanceof InputError) && error instanceof Error) console.error(error.stack);
    Deno.exit(error instanceof InputError ? 2 : 1);
  }
}
