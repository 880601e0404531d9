/**
 * One run of `bench --scaling`, in a process of its own, so that its memory is its own: reads what to do from its argument,
 * scores by score-all's own code into a temporary run, and prints what it took as JSON.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import type { PartSeconds } from "../../lib/cost.ts";
import { kernelsInUse, useBackend } from "../../lib/engine/mod.ts";
import { createPlan, scoreAllInWorkers } from "../../lib/jobs/mod.ts";
import { CALIBRATED, loadContext, manifestOf, type Profile } from "../../lib/pipeline/mod.ts";
import { openRun, RUN_FILE } from "../../lib/store/mod.ts";
import type { Setting } from "./scaling_plan.ts";
import { sampleUnits } from "./workload.ts";
import { peakBytes } from "./peak_bytes.ts";

/** The model of all runs: it takes images of 64 to 224 px and has 1,152 units. */
export const MODEL = "alexnet-imagenet";

/** What a run is told. */
export interface PointTask {
  readonly setting: Setting;
  readonly steps: number;
  /** Folder with the dataset. */
  readonly data: string;
}

/** What a run took. */
export interface PointResult {
  /** Seconds from the first worker's start to the last commit. */
  readonly seconds: number;
  /** Processor time meanwhile, of all threads, in seconds: other programs on the machine change it less. */
  readonly cpuSeconds: number;
  /** Seconds of worker time of each part. */
  readonly parts: PartSeconds;
  /** Most memory that the process had, in bytes. */
  readonly peakBytes: number;
  /** Bytes of the run file. */
  readonly fileBytes: number;
  readonly kernels: string;
}

/** The default profile's work, with so many images of every unit, and fewer steps. */
function profileOf(images: number, steps: number): Profile {
  return {
    ...CALIBRATED,
    visualize: { ...CALIBRATED.visualize, steps },
    elbow: { threshold: 0, patience: 100, minImages: images, maxImages: images },
  };
}

async function measure({ setting, steps, data }: PointTask): Promise<PointResult> {
  const { units, images, side, workers } = setting;
  const backend = await useBackend(undefined, { threads: 1 }); // the cores are for the workers
  const kernels = kernelsInUse(backend);
  const context = await loadContext({
    subject: {
      model: { kind: "shipped", name: MODEL, size: { height: side, width: side } },
      dataset: { kind: "arrays", directory: data },
    },
    instruments: { profile: profileOf(images, steps) },
    seed: 0,
  });
  const { layers } = context.network;
  const jobs = createPlan(layers, sampleUnits(layers, units));
  const folder = await Deno.makeTempDir({ prefix: "polysem-scaling-" });
  try {
    const plan = { profileName: "scaling", jobs, shard: { index: 0, count: 1 } };
    let seconds: number;
    let cpuSeconds: number;
    let parts: PartSeconds;
    {
      using run = openRun(folder, manifestOf(context, plan, backend, kernels));
      const began = performance.now();
      const usedBefore = process.cpuUsage();
      await scoreAllInWorkers(context.ref, backend, workers, jobs, run);
      seconds = (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(usedBefore);
      cpuSeconds = (user + system) / 1e6;
      parts = run.partSeconds();
      const scored = run.units().length;
      if (scored !== units) throw new Error(`${scored} units were scored of ${units}`);
    }
    const fileBytes = Deno.statSync(join(folder, RUN_FILE)).size;
    return { seconds, cpuSeconds, parts, peakBytes: peakBytes(), fileBytes, kernels: kernels ?? "unknown" };
  } finally {
    context.dispose();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const log = console.log;
  console.log = (...parts: unknown[]) => console.error(...parts); // libraries must not write into the result
  const result = await measure(JSON.parse(Deno.args[0]));
  log(JSON.stringify(result));
  Deno.exit(0); // at once, whatever threads the engine left
}
