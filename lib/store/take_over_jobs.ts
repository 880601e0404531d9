/**
 * What one run can take from another that scores a different choice of units by the same settings.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunManifest } from "../types.ts";
import { settingDifferences } from "./manifest.ts";
import { recordsOf } from "./merge_runs.ts";
import type { Run } from "./run.ts";
import { readRun } from "./run_reader.ts";
import { RUN_FILE, RUN_SCHEMA } from "./schema.ts";

/** What a run has in common with the one that a folder holds. */
export type Kinship = "same" | "other units" | "other";

/**
 * What a folder's run has in common with a manifest: `same` where there is no run yet, or it is the one that is described;
 * `other units` where only the choice of units differs; `other` else.
 *
 * @throws {InputError} when the run there cannot be read.
 */
export function kinship(directory: string, manifest: RunManifest): Kinship {
  if (!existsSync(join(directory, RUN_FILE))) return "same";
  using there = readRun(directory);
  if (there.schema !== RUN_SCHEMA || settingDifferences(there.manifest, manifest, ["jobs"]).length > 0) return "other";
  return settingDifferences(there.manifest, manifest).length === 0 ? "same" : "other units";
}

/**
 * Copies finished jobs from a run of the same settings into one of another choice of units, as far as both plans have the
 * same job: the same units of a layer, as where both score the whole layer.
 *
 * @param directory of the run that is read.
 * @returns the number of units that were copied.
 */
export function takeOverJobs(directory: string, run: Run): number {
  using from = readRun(directory);
  const { jobs } = run.manifest;
  const pending = new Map(
    run.pendingJobs().map((job) => [keyOf(jobs[job]), job]),
  );
  let units = 0;
  for (const job of from.completedJobs()) {
    const here = pending.get(keyOf(from.manifest.jobs[job]));
    if (here === undefined) continue;
    run.commitJob(here, recordsOf(from, job), from.jobSeconds(job)!, {
      kernels: from.manifest.kernels,
      parts: from.jobParts(job),
    });
    units += jobs[here].units.length;
  }
  return units;
}

function keyOf(job: RunManifest["jobs"][number]): string {
  return JSON.stringify([job.layer, job.units]);
}
