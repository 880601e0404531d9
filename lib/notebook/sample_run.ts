/**
 * A small run of the workbench's model, for a notebook that finds no finished one.
 *
 * @module
 */
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { parseUnits, scoreUnits } from "../pipeline/mod.ts";
import { createPlan } from "../jobs/mod.ts";
import { openRun, RUN_SCHEMA } from "../store/mod.ts";
import { showProgress } from "./cell_progress.ts";
import type { Workbench } from "./workbench.ts";

/** Units scored together, between two signs of progress. */
const UNITS_TOGETHER = 4;

/**
 * Scores units into a run of its own in a temporary folder.
 *
 * @param units as people write them, such as `conv1:0-5,fc3:0-1`.
 * @returns the run's folder.
 */
export async function makeSampleRun(bench: Workbench, units: string): Promise<string> {
  const { context, backend, parameters } = bench;
  const { layers } = context.network;
  const jobs = createPlan(layers, parseUnits(units, layers), UNITS_TOGETHER);
  const directory = join(await Deno.makeTempDir({ prefix: "polysem-" }), "sample");
  using run = openRun(directory, {
    schema: RUN_SCHEMA,
    version: config.version,
    model: parameters.model,
    modelSha256: context.modelSha256,
    seed: parameters.seed,
    profileName: parameters.profile,
    profile: context.profile,
    embedder: context.embedder.name,
    embedderSha256: context.embedder.sha256,
    lpips: context.lpips.net,
    lpipsSha256: context.lpips.sha256,
    dataset: context.dataset,
    jobs,
    shard: { index: 0, count: 1 },
    engine: backend.backend,
  });
  const progress = await showProgress("units scored", jobs.reduce((sum, job) => sum + job.units.length, 0));
  let done = 0;
  for (const job of run.pendingJobs()) {
    const { layer, units } = jobs[job];
    const started = performance.now();
    run.commitJob(job, scoreUnits(context, layer, units), (performance.now() - started) / 1000);
    await progress.update(done += units.length);
  }
  return directory;
}
