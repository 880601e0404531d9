/**
 * A small run of the workbench's model, for a notebook that finds no finished one.
 *
 * @module
 */
import { join } from "node:path";
import { kernelsInUse } from "../engine/mod.ts";
import { manifestOf, parseUnits, selectUnits, type UnitSelection } from "../pipeline/mod.ts";
import { createPlan, scoreAll } from "../jobs/mod.ts";
import { openRun } from "../store/mod.ts";
import { showProgress } from "./cell_progress.ts";
import type { Workbench } from "./workbench.ts";

/** Units scored together, between two signs of progress. */
const UNITS_TOGETHER = 4;

/**
 * Scores units into a run of its own in a temporary folder.
 *
 * @param units as people write them, such as `conv1:0-5,fc3:0-1`; or layers and how many units of each are drawn by the seed.
 * @returns the run's folder.
 */
export async function makeSampleRun(bench: Workbench, units: string | UnitSelection): Promise<string> {
  const { context, backend, parameters } = bench;
  const { layers } = context.network;
  const chosen = typeof units === "string"
    ? parseUnits(units, layers)
    : selectUnits(layers, { seed: parameters.seed, ...units });
  const jobs = createPlan(layers, chosen, UNITS_TOGETHER);
  const directory = join(await Deno.makeTempDir({ prefix: "polysem-" }), "sample");
  const plan = { profileName: parameters.profile, jobs, shard: { index: 0, count: 1 } };
  using run = openRun(directory, manifestOf(context, plan, backend, kernelsInUse(backend)));
  const progress = await showProgress("units scored", jobs.reduce((sum, job) => sum + job.units.length, 0));
  let done = 0;
  let shown = Promise.resolve();
  await scoreAll(context, jobs, run, {
    onJob: (_, records) => {
      done += records.length;
      shown = progress.update(done);
    },
  });
  await shown;
  return directory;
}
