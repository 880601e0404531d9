/**
 * `deno task bench --scaling`: how time and memory of a run grow with what it is given, each thing alone.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { decimals, formatTable } from "../../lib/cli/console/output.ts";
import { PARTS } from "../../lib/cost.ts";
import { toCsv } from "../../lib/csv.ts";
import { createRandom } from "../../lib/random.ts";
import { growthPanels } from "../../lib/report/charts/mod.ts";
import { renderPng, renderSvg } from "../../lib/report/mod.ts";
import { fitGrowth, type Growth } from "./fit.ts";
import {
  AXES,
  type Axis,
  keyOf,
  PLAN,
  type Point,
  pointsOf,
  QUICK_PLAN,
  type Setting,
  settingsOf,
} from "./scaling_plan.ts";
import { MODEL, type PointResult, type PointTask } from "./scaling_point.ts";

/** Images to start from, and the side of the dataset's images: they are made larger for the network. */
const STARTS = 256;
const DATASET_SIDE = 32;

/** A run that was measured. */
export interface MeasuredPoint extends Point, Omit<PointResult, "kernels"> {}

/** What was measured along one axis, and how it grows. */
export interface AxisGrowth {
  readonly axis: Axis;
  readonly seconds: Growth;
  readonly cpuSeconds: Growth;
  readonly peakBytes: Growth;
}

/** The result, as `--json` prints it. */
export interface ScalingReport {
  readonly model: string;
  readonly steps: number;
  readonly base: Setting;
  readonly processor: string;
  readonly kernels: string;
  readonly deno: string;
  /** Runs of each setting in turn; the least time counts, and its memory. */
  readonly repeats: number;
  readonly points: readonly MeasuredPoint[];
  readonly growth: readonly AxisGrowth[];
}

/** How much is measured. */
export interface ScalingOptions {
  /** Whether in little, which only shows that it works. */
  readonly quick: boolean;
  /** At least 1. */
  readonly repeats: number;
}

/**
 * Measures, each run in a process of its own.
 *
 * @param note is told what is under way.
 * @throws {Error} when a run fails, with what it said.
 */
export async function measureScaling(
  { quick, repeats }: ScalingOptions,
  note: (text: string) => void = () => {},
): Promise<ScalingReport> {
  const plan = quick ? QUICK_PLAN : PLAN;
  const points = pointsOf(plan);
  const settings = settingsOf(points);
  const results = new Map<string, PointResult>();
  const folder = await Deno.makeTempDir({ prefix: "polysem-scaling-" });
  try {
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (const [i, setting] of settings.entries()) {
        note(`${i + 1} of ${settings.length}, ${repeat} of ${repeats}: ${JSON.stringify(setting)}`);
        const data = await writeDataset(folder, setting.dataset);
        const result = await measurePoint({ setting, steps: plan.steps, data });
        const before = results.get(keyOf(setting));
        if (before === undefined || result.seconds < before.seconds) results.set(keyOf(setting), result);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const measured = points.map((point): MeasuredPoint => {
    const { seconds, cpuSeconds, parts, peakBytes, fileBytes } = results.get(keyOf(point.setting))!;
    return { ...point, seconds, cpuSeconds, parts, peakBytes, fileBytes };
  });
  return {
    model: MODEL,
    steps: plan.steps,
    base: plan.base,
    processor: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
    kernels: [...results.values()][0].kernels,
    deno: Deno.version.deno,
    repeats,
    points: measured,
    growth: growthOf(measured),
  };
}

/** How time and memory grow along each axis. */
export function growthOf(points: readonly MeasuredPoint[]): AxisGrowth[] {
  return AXES.map((axis): AxisGrowth => {
    const along = points.filter((point) => point.axis === axis);
    const x = along.map((point) => point.x);
    return {
      axis,
      seconds: fitGrowth(x, along.map(({ seconds }) => seconds)),
      cpuSeconds: fitGrowth(x, along.map(({ cpuSeconds }) => cpuSeconds)),
      peakBytes: fitGrowth(x, along.map(({ peakBytes }) => peakBytes)),
    };
  });
}

/** A folder with a dataset of random images, as `--data` takes it; made where it is not there yet. */
export async function writeDataset(folder: string, images: number): Promise<string> {
  const directory = join(folder, `dataset-${images}`);
  try {
    await Deno.mkdir(directory);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return directory;
    throw error;
  }
  for (const [part, count] of [["train", STARTS], ["test", images]] as const) {
    const random = createRandom("scaling", part);
    const bytes = Uint8Array.from({ length: count * DATASET_SIDE ** 2 * 3 }, () => random.integer(0, 255));
    await Deno.writeFile(join(directory, `${part}_images.npy`), encodeBytes(bytes, count));
  }
  return directory;
}

/** Images of bytes as a NumPy file, version 1.0. */
function encodeBytes(bytes: Uint8Array, count: number): Uint8Array {
  const shape = [count, DATASET_SIDE, DATASET_SIDE, 3].join(", ");
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const start = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length % 256, Math.floor(length / 256)];
  const all = new Uint8Array(10 + length + bytes.length);
  all.set(start);
  all.set(new TextEncoder().encode(`${header.padEnd(length - 1)}\n`), 10);
  all.set(bytes, 10 + length);
  return all;
}

/**
 * Measures one run, in a process of its own.
 *
 * @throws {Error} when it fails, with what it said.
 */
export async function measurePoint(task: PointTask): Promise<PointResult> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", join(import.meta.dirname!, "scaling_point.ts"), JSON.stringify(task)],
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`a run failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What each axis is called where it is drawn. */
const AXIS_NAMES: Readonly<Record<Axis, string>> = {
  units: "units",
  images: "images a unit",
  pixels: "pixels of an image",
  dataset: "test images",
  workers: "workers",
};

/** An exponent with its standard error, such as `0.98 ± 0.02`. */
function exponentText({ exponent, exponentError }: Growth): string {
  return exponent.toFixed(2) + (exponentError === null ? "" : ` ± ${exponentError.toFixed(2)}`);
}

/** The table of points and that of fits, for reading. */
export function formatScaling(
  { model, steps, base, processor, kernels, deno, repeats, points, growth }: ScalingReport,
): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return [
    `${model}, ${steps} steps; where not said otherwise ${base.units} units, ${base.images} images a unit, ` +
    `${base.side} px, ${base.dataset} test images, ${base.workers} workers; least of ${repeats}`,
    `${processor}; ${kernels}; Deno ${deno}`,
    formatTable(
      ["axis", "at", "seconds", "processor seconds", "peak MB", "run file MB"],
      points.map(({ axis, x, seconds, cpuSeconds, peakBytes, fileBytes }) => [
        AXIS_NAMES[axis],
        x,
        decimals(seconds, 2),
        decimals(cpuSeconds, 2),
        megabytes(peakBytes),
        (fileBytes / 1e6).toFixed(1),
      ]),
    ),
    formatTable(
      [
        "axis",
        "time grows as x^p, p",
        "line: seconds at 0",
        "and for one more",
        "processor time, p",
        "memory, p",
        "line: MB at 0",
        "and for one more",
      ],
      growth.map(({ axis, seconds, cpuSeconds, peakBytes }) => [
        AXIS_NAMES[axis],
        exponentText(seconds),
        decimals(seconds.linear.intercept, 2),
        seconds.linear.slope.toPrecision(3),
        exponentText(cpuSeconds),
        exponentText(peakBytes),
        megabytes(peakBytes.linear.intercept),
        (peakBytes.linear.slope / 1e6).toPrecision(3),
      ]),
    ),
  ].join("\n");
}

/**
 * Writes `scaling.json`, `scaling.csv`, `scaling.svg` and `scaling.png`.
 *
 * @param folder made where it is missing.
 * @returns the paths.
 */
export async function writeScaling(folder: string, report: ScalingReport): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const { points, growth, base } = report;
  const columns = [
    ...[
      "axis",
      "x",
      "units",
      "images",
      "side",
      "dataset",
      "workers",
      "seconds",
      "cpu_seconds",
      "peak_bytes",
      "file_bytes",
    ],
    ...PARTS.map((part) => `${part}_seconds`),
  ];
  const rows = points.map(({ axis, x, setting, seconds, cpuSeconds, peakBytes, fileBytes, parts }) => ({
    ...setting,
    axis,
    x,
    seconds,
    cpu_seconds: cpuSeconds,
    peak_bytes: peakBytes,
    file_bytes: fileBytes,
    ...Object.fromEntries(PARTS.map((part) => [`${part}_seconds`, parts[part]])),
  }));
  const panels = (value: (point: MeasuredPoint) => number, fit: (growth: AxisGrowth) => Growth, unit: number) =>
    growth.map((each) => {
      const { intercept, slope } = fit(each).linear;
      return {
        name: AXIS_NAMES[each.axis],
        note: `x^p, p = ${exponentText(fit(each))}`,
        points: points.filter(({ axis }) => axis === each.axis).map((point) => ({
          x: point.x,
          y: value(point) / unit,
        })),
        line: { intercept: intercept / unit, slope: slope / unit },
      };
    });
  const svg = await renderSvg(growthPanels([
    { title: "seconds of a run", panels: panels(({ seconds }) => seconds, ({ seconds }) => seconds, 1) },
    { title: "peak memory, MB", panels: panels(({ peakBytes }) => peakBytes, ({ peakBytes }) => peakBytes, 1e6) },
  ], {
    text: "What a run takes, as it grows in one thing alone",
    subtitle: [
      `Dashed: the straight line fitted. p: slope of log y against log x, with its standard error.`,
      `${report.model}, ${report.steps} steps; else ${base.units} units, ${base.images} images a unit, ${base.side} px, ` +
      `${base.dataset} test images, ${base.workers} workers`,
      report.processor,
    ],
  }));
  const files: Readonly<Record<string, string | Uint8Array>> = {
    "scaling.json": `${JSON.stringify(report, null, 2)}\n`,
    "scaling.csv": toCsv(columns, rows),
    "scaling.svg": svg,
    "scaling.png": await renderPng(svg),
  };
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    paths.push(path);
  }
  return paths;
}
