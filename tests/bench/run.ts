/**
 * `deno task bench`: the same work in our pipeline and in a batched PyTorch script, in turn, and how many times longer
 * PyTorch takes. Times are printed, never asserted.
 *
 * @module
 */
import { cpus } from "node:os";
import { Command } from "commander";
import { integerOption } from "../../lib/cli/options/values.ts";
import { decimals, formatTable } from "../../lib/cli/console/output.ts";
import { writeOut } from "../../lib/streams.ts";
import { InputError, messageOf } from "../../lib/errors.ts";
import { DEFAULT_DATASET, openDataset } from "../../lib/data/mod.ts";
import { loadNetwork } from "../../lib/networks/models.ts";
import { CALIBRATED_1 } from "../../lib/pipeline/profile.ts";
import { runPolysemStages, type StageResults } from "./polysem_stages.ts";
import { benchSteps, formatSteps, type StepRow } from "./ascent_steps.ts";
import { alexNetFlops, ascentStepFlops, resNet18Flops } from "./flops.ts";
import { peakBytes } from "./peak_bytes.ts";
import { preparePyTorch, type PyTorchReport, runPyTorchStages, type Versions } from "./pytorch_environment.ts";
import {
  createWorkload,
  type Layout,
  LAYOUTS,
  layoutsOption,
  setLayout,
  type Stage,
  STAGES,
  startEngine,
  THREADS,
  type Workload,
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

/** Of the larger networks, how many steps are timed. */
const STEPS = { steps: 5 };

/** One stage beside PyTorch with one layout. */
interface Row {
  readonly layout: Layout;
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
  readonly layouts: readonly Layout[];
  readonly model: string;
  readonly processor: string;
  readonly threads: number;
  readonly repeats: number;
  readonly versions: Versions;
  readonly rows: readonly Row[];
  /** Most memory that each side's process had, in bytes. */
  readonly peakBytes: { readonly polysem: number; readonly pytorch: Readonly<Partial<Record<Layout, number>>> };
  /** Floating-point operations a second of a product of large matrices in PyTorch, the most of all runs. */
  readonly sgemmFlops: number;
  /** Of each stage that is convolutions and products, the floating-point operations a second over those. */
  readonly share: Readonly<Partial<Record<Stage, number>>>;
  /** A step of ascent through larger networks, in milliseconds; empty where they were left out. */
  readonly networks: readonly StepRow[];
}

interface BenchOptions extends WorkloadOptions {
  readonly layout: readonly Layout[];
  readonly networks: boolean;
  readonly scaling: boolean;
  readonly quick: boolean;
  readonly out?: string;
  readonly repeats: number;
  readonly json: boolean;
}

async function bench({ repeats, units, images, steps, networks, layout: layouts }: BenchOptions): Promise<Report> {
  const python = await preparePyTorch(note);
  await startEngine();
  const dataset = await openDataset(DEFAULT_DATASET);
  const { network } = await loadNetwork({ kind: "shipped", name: MODEL });
  const workload = createWorkload(network.layers, { units, images, steps });
  const folder = await Deno.makeTempDir({ prefix: "polysem-bench-" });
  const ours: StageResults[] = [];
  const theirs = new Map<Layout, (StageResults & PyTorchReport)[]>();
  try {
    for (let repeat = 1; repeat <= repeats; repeat++) {
      note(`polysem, ${repeat} of ${repeats}`);
      const { handedOver, ...results } = await runPolysemStages(workload, MODEL, dataset);
      ours.push(results);
      if (repeat === 1) await writeJob(folder, workload, handedOver);
      for (const layout of layouts) {
        note(`PyTorch, ${layout}, ${repeat} of ${repeats}`);
        await setLayout(folder, layout);
        try {
          theirs.set(layout, [...theirs.get(layout) ?? [], await runPyTorchStages(python, folder)]);
        } catch (error) {
          if (layout !== "compiled" || !(error instanceof InputError)) throw error;
          note("torch.compile does not work here: PyTorch without it is compared with");
        }
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
    network.dispose();
  }
  const runs = [...theirs.values()].flat();
  const rows = [...theirs].flatMap(([layout, results]) => compare(layout, ours, results));
  const sgemmFlops = Math.max(...runs.map((run) => run.sgemmFlops));
  return {
    model: MODEL,
    units: workload.jobs.reduce((sum, job) => sum + job.units.length, 0),
    images,
    steps,
    layouts: [...theirs.keys()],
    processor: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
    threads: THREADS,
    repeats,
    versions: { deno: Deno.version.deno, ...runs[0].versions },
    rows,
    peakBytes: {
      polysem: peakBytes(),
      pytorch: Object.fromEntries([...theirs].map(([layout, of]) => [layout, Math.max(...of.map((r) => r.peakBytes))])),
    },
    sgemmFlops,
    share: shares(workload, rows, sgemmFlops),
    networks: networks ? await largerNetworks(python, repeats, layouts) : [],
  };
}

/** The larger networks; none where they fail, which costs the stages nothing. */
async function largerNetworks(python: string, repeats: number, layouts: readonly Layout[]): Promise<StepRow[]> {
  try {
    return await benchSteps(python, { ...STEPS, repeats, layouts }, note);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    note(`the larger networks are left out: ${error.message}`);
    return [];
  }
}

/** Floating-point operations a second of our stages over those of a product of matrices. */
function shares({ jobs, images, steps, profile }: Workload, rows: readonly Row[], sgemm: number): Report["share"] {
  const units = jobs.reduce((sum, job) => sum + job.units.length, 0);
  const flops = {
    ascent: images * steps * jobs.reduce((sum, job) => sum + job.units.length * ascentStepFlops(job.layer), 0),
    lpips: images * units * alexNetFlops(profile.lpips.resize ?? 32),
    embedding: images * units * resNet18Flops(224),
  };
  return Object.fromEntries(
    Object.entries(flops).map(([stage, of]) => [stage, of / rows.find((row) => row.stage === stage)!.polysem / sgemm]),
  );
}

function compare(layout: Layout, ours: readonly StageResults[], theirs: readonly StageResults[]): Row[] {
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
    layout,
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

function formatReport(report: Report): string {
  const { model, units, images, steps, layouts, processor, threads, repeats, versions, rows } = report;
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  const gigabytes = (bytes: number) => `${decimals(bytes / 1e9, 1)} GB`;
  const find = (layout: Layout, stage: Row["stage"]) =>
    rows.find((row) => row.layout === layout && row.stage === stage)!;
  const memory = layouts.map((layout) => `${layout} ${gigabytes(report.peakBytes.pytorch[layout]!)}`).join(", ");
  const share = Object.entries(report.share).map(([stage, of]) => `${stage} ${Math.round(100 * of)} %`).join(", ");
  return [
    `${model}: ${units} units, ${images} images, ${steps} steps; least of ${repeats}; ${threads} cores each; ${processor}`,
    libraries,
    formatTable(
      ["stage", "polysem s", ...layouts.flatMap((layout) => [`PyTorch, ${layout}`, "ratio"]), "wanted", "difference"],
      [...STAGES, "whole" as const].map((stage) => {
        const { polysem, wanted, difference } = find(layouts[0], stage);
        return [
          stage,
          decimals(polysem, 2),
          ...layouts.flatMap((layout) => [
            decimals(find(layout, stage).pytorch, 2),
            decimals(find(layout, stage).ratio, 2),
          ]),
          decimals(wanted, 1),
          difference === null ? null : difference.toExponential(1),
        ];
      }),
    ),
    "ratio: PyTorch's time over ours; difference: largest relative difference of the two sides' results",
    `peak memory: polysem ${gigabytes(report.peakBytes.polysem)}; PyTorch ${memory}`,
    `a product of matrices: ${Math.round(report.sgemmFlops / 1e9)} GFLOP/s; of that polysem's ${share}`,
    ...(report.networks.length === 0 ? [] : ["", formatSteps(report.networks, { ...STEPS, repeats, layouts })]),
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
    .option(
      "--layout <layouts>",
      "how PyTorch keeps images in memory, one run each: default, channels-last, or compiled: that and torch.compile",
      layoutsOption,
      LAYOUTS,
    )
    .option("--no-networks", "without a step of ascent through larger networks")
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
