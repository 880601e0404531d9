/**
 * Merges runs that hold shards of one plan.
 *
 * @module
 */
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../errors.ts";
import { DATASET_HIGHER } from "../run_data.ts";
import type { RunManifest } from "../types.ts";
import { datasetChunks } from "./dataset_chunks.ts";
import { joinKernels, otherKernels, settingDifferences } from "./manifest.ts";
import { openRun, type Run } from "./run.ts";
import { readRun, type RunReader, type StoredUnit } from "./run_reader.ts";
import { RUN_SCHEMA } from "./schema.ts";

/** What a merge did. */
export interface MergeResult {
  /** Jobs in the whole plan. */
  readonly planned: number;
  /** Jobs that the merged run now holds. */
  readonly completed: number;
  /** Jobs that this merge added. */
  readonly added: number;
  /** Jobs of the plan that are in no source. */
  readonly missing: readonly number[];
  /** The kernels that computed the merged run, where there are several. */
  readonly kernels?: readonly string[];
}

/** How runs are merged. */
export interface MergeOptions {
  /** Whether runs that lack a job of the plan or a stretch of the dataset are refused. */
  readonly complete?: boolean;
  /**
   * Called, while the sources are read and after each job that is copied, with how many of their jobs the merged run holds, and
   * how many they are. What it throws ends the merge; what was copied stays, and the same merge does the rest.
   */
  readonly onJob?: (merged: number, jobs: number) => void;
}

/**
 * Copies every committed job and chunk of the dataset of the sources into one run of the whole plan, which is created, or added to.
 *
 * @param sources folders of runs whose manifests agree in everything but the shard and the kernels.
 * @param into folder of the merged run; none of the sources.
 * @throws {InputError} when the manifests differ (saying in what), a job is in two runs with different results, or something is
 *   missing of what is to be complete; then nothing is written.
 */
export function mergeRuns(
  sources: readonly string[],
  into: string,
  { complete = false, onJob = () => {} }: MergeOptions = {},
): MergeResult {
  if (sources.length === 0) throw new InputError("there is no run to merge; give the runs that hold the shards");
  if (sources.some((source) => resolve(source) === resolve(into))) {
    throw new InputError(`${into} is both a source and the target of the merge; give the target another name`);
  }
  const runs: RunReader[] = [];
  try {
    for (const source of sources) runs.push(readRun(source));
    const [first] = runs;
    const old = runs.find(({ manifest }) => manifest.schema !== RUN_SCHEMA);
    if (old !== undefined) {
      throw new InputError(
        `run ${old.directory} was made by an older polysem (schema ${old.manifest.schema}, this one writes ` +
          `${RUN_SCHEMA}); convert it with \`deno task polysem migrate ${old.directory}\` to merge it`,
      );
    }
    for (const other of runs.slice(1)) {
      const differences = settingDifferences(first.manifest, other.manifest, ["shard"]);
      if (differences.length > 0) {
        throw new InputError(
          `runs ${first.directory} and ${other.directory} differ in more than their shard: ` +
            `${differences.join("; ").replaceAll(" asked", " here")}; merge only shards of one run`,
        );
      }
    }
    const kernels = runs.map(({ manifest }) => manifest.kernels).reduce(joinKernels);
    const manifest: RunManifest = { ...first.manifest, shard: { index: 0, count: 1 }, kernels };
    const holders = holdersOf(runs);
    if (complete) refuseIncomplete(manifest, holders, runs);
    for (const [job, holder] of holders) { // all is read once before anything is written
      recordsOf(holder, job);
      onJob(0, holders.size);
    }
    const merged = openRun(into, manifest);
    try {
      merged.keepLock();
      const present = new Set(merged.completedJobs());
      for (const job of present) {
        const holder = holders.get(job);
        if (holder) refuseDifferent(job, holder, merged);
      }
      const toAdd = [...holders].filter(([job]) => !present.has(job)).sort(([a], [b]) => a - b);
      let added = 0;
      for (const [job, holder] of toAdd) {
        merged.commitJob(job, recordsOf(holder, job), holder.jobSeconds(job)!, { parts: holder.jobParts(job) });
        added++;
        onJob(holders.size - toAdd.length + added, holders.size);
      }
      for (const run of runs) {
        copyChunks(run, merged);
        merged.copySeconds(run);
      }
      return {
        planned: manifest.jobs.length,
        completed: merged.completedJobs().length,
        added,
        missing: merged.pendingJobs(),
        ...((merged.manifest.kernels?.length ?? 0) > 1 ? { kernels: merged.manifest.kernels } : {}),
      };
    } finally {
      merged.close();
    }
  } finally {
    for (const run of runs) run.close();
  }
}

/** @throws {InputError} when no run has some job or some stretch of the dataset, naming runs that have not done their own. */
function refuseIncomplete(manifest: RunManifest, holders: ReadonlyMap<number, RunReader>, runs: readonly RunReader[]) {
  const chunks = new Set(runs.flatMap((run) => run.completedChunks().map(({ from }) => from)));
  const jobs = manifest.jobs.filter((_, job) => !holders.has(job)).length;
  const images = datasetChunks(manifest).filter(({ from }) => !chunks.has(from))
    .reduce((sum, { from, to }) => sum + to - from, 0);
  if (jobs === 0 && images === 0) return;
  const unfinished = runs.filter((run) => run.pendingJobs().length > 0).map(({ directory }) => directory);
  const some = unfinished.length > 3 ? [...unfinished.slice(0, 3), `${unfinished.length - 3} more`] : unfinished;
  throw new InputError(
    `the runs lack ${jobs} of ${manifest.jobs.length} jobs and ${images} of ${
      manifest.dataset?.images ?? 0
    } images of the ` +
      `dataset; finish ${
        some.length > 0 ? `${some.join(", ")} first` : "or add the shards that have them"
      }, or merge what ` +
      "there is without --complete",
  );
}

/** The units of a committed job, as they are stored. */
export function recordsOf(run: RunReader, job: number): StoredUnit[] {
  const { layer, units } = run.manifest.jobs[job];
  return units.map((unit) => run.unit(layer, unit)!);
}

/** A unit without what follows from the dataset's part of its run. */
function withoutDataset(unit: StoredUnit): StoredUnit {
  const flags = unit.flags.filter((flag) => flag !== DATASET_HIGHER);
  return { ...unit, flags, datasetMax: null, datasetBest: [] };
}

/**
 * Whether two runs agree on a unit. Only one of them may know the dataset's best images yet, or know them from other kernels;
 * the unit is then the same.
 */
function isSame(a: StoredUnit, b: StoredUnit, alike: boolean): boolean {
  const bothKnow = alike && a.datasetBest.length > 0 && b.datasetBest.length > 0;
  return bothKnow ? isDeepStrictEqual(a, b) : isDeepStrictEqual(withoutDataset(a), withoutDataset(b));
}

function refuseDifferent(job: number, a: RunReader, b: RunReader): void {
  const [left, right] = [recordsOf(a, job), recordsOf(b, job)];
  const alike = areComputedAlike(a, b);
  const index = left.findIndex((unit, i) => !isSame(unit, right[i], alike));
  if (index === -1) return;
  const { layer, unit } = left[index];
  throw new InputError(
    `unit ${layer}:${unit} differs between ${a.directory} and ${b.directory} ` +
      (alike
        ? "though their settings agree; score it again and leave out the wrong run"
        : `since other kernels computed them (${a.manifest.kernels!.join("; ")} there, ` +
          `${b.manifest.kernels!.join("; ")} here); leave out one of the two runs`),
  );
}

/** Whether two runs must agree to the last bit: both by the same kernels, or by some that are not known. */
function areComputedAlike({ manifest: a }: RunReader, { manifest: b }: RunReader): boolean {
  return otherKernels(a.kernels, b.kernels).length === 0 && otherKernels(b.kernels, a.kernels).length === 0;
}

/** For each committed job a run that holds it; runs that hold the same job must hold the same results. */
function holdersOf(runs: readonly RunReader[]): Map<number, RunReader> {
  const holders = new Map<number, RunReader>();
  for (const run of runs) {
    for (const job of run.completedJobs()) {
      const holder = holders.get(job);
      if (holder) refuseDifferent(job, holder, run);
      else holders.set(job, run);
    }
  }
  return holders;
}

/**
 * Copies the committed chunks of the dataset from one run into another of the same plan and dataset. Of a chunk that both hold
 * by different kernels, which differs in its last bits, the one that is there stays.
 *
 * @returns how many were copied.
 * @throws {InputError} when a chunk that both hold differs.
 */
export function copyChunks(from: RunReader, into: Run): number {
  const present = new Map(into.completedChunks().map((range) => [range.from, range]));
  let copied = 0;
  for (const range of from.completedChunks()) {
    const chunk = from.chunk(range);
    if (!present.has(range.from)) {
      into.commitChunk(chunk, from.chunkSeconds(range)!);
      copied++;
    } else if (areComputedAlike(from, into) && !isDeepStrictEqual(chunk, into.chunk(range))) {
      throw new InputError(
        `what the dataset's images ${range.from} to ${range.to} do to the units differs between ${from.directory} and ` +
          `${into.directory} though their settings agree; score the wrong run again`,
      );
    }
  }
  return copied;
}
