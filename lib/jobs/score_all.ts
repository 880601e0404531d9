/**
 * The main job: the dataset and every planned unit, job by job, into a store that is handed in. Only what is pending is done,
 * so this is where a run that was cut goes on.
 *
 * @module
 */
import { createStopwatch, type JobSeconds, type RunPart } from "../cost.ts";
import type { DatasetChunk, UnitRecord } from "../types.ts";
import { type PipelineContext, scoreUnits } from "../pipeline/mod.ts";
import type { ChunkRange } from "../store/mod.ts";
import { type Backend, onNote } from "../engine/mod.ts";
import { passDataset } from "./dataset_pass.ts";
import { pendingGroups } from "./group_jobs.ts";
import type { Job } from "./plan.ts";

/** Where finished jobs go: the part of a run that scoring needs. */
export interface JobStore {
  /** Jobs of the plan that are still to do. */
  pendingJobs(): readonly number[];
  /**
   * Keeps a finished job, whole or not at all, with the seconds that it and its parts took.
   *
   * @param cost its parts, and what computed it, where that is not what the store expects.
   */
  commitJob(job: number, records: readonly UnitRecord[], seconds: number, cost?: JobCost): void;
  /** Stretches of the dataset that are still to do. */
  pendingChunks(): readonly ChunkRange[];
  /** Keeps a finished stretch of the dataset, whole or not at all; `kernels` as in `JobCost`. */
  commitChunk(chunk: DatasetChunk, seconds: number, kernels?: readonly string[]): void;
  /** Adds seconds to what the run took beside its jobs; a store without it keeps none. */
  addSeconds?(part: RunPart, seconds: number): void;
}

/** What a caller may watch. */
export interface ScoreAllEvents {
  /** Called with the share of the dataset's pending images that is done, before the first unit. */
  readonly onDataset?: (share: number) => void;
  /** Called with the units done so far, fractions of a job included. */
  readonly onProgress?: (unitsDone: number, layer: string) => void;
  /** Called when a job is committed. */
  readonly onJob?: (job: number, records: readonly UnitRecord[]) => void;
  /** Called with a sentence, without its stop, about how the run computes; each once. */
  readonly onNote?: (text: string) => void;
  /** Called once, when a graphics adapter has failed and what was under way is done again on another backend. */
  readonly onAdapterFailure?: (failure: AdapterFailure) => void;
}

/** What became of a graphics adapter, as plain data. */
export interface AdapterFailure {
  /** Which adapter, and what happened to it. */
  readonly why: string;
  /** What computes now. */
  readonly backend: Backend;
}

/** What is kept of a job beside its units. */
export interface JobCost {
  /** Seconds of its parts. */
  readonly parts?: JobSeconds;
  /** What computed it; not there where that is what the store expects. */
  readonly kernels?: readonly string[];
}

/** Commits the jobs that were done together, each by itself, with its share of the time and of what the parts took. */
export function commitGroup(
  group: readonly number[],
  jobs: readonly Job[],
  records: readonly UnitRecord[],
  seconds: number,
  cost: JobCost,
  store: JobStore,
  { onJob }: ScoreAllEvents,
): void {
  let at = 0;
  for (const job of group) {
    const own = group.length === 1 ? records : records.slice(at, at + jobs[job].units.length);
    at += own.length;
    const share = own.length / records.length;
    const ownParts = Object.fromEntries(Object.entries(cost.parts ?? {}).map(([part, each]) => [part, each * share]));
    store.commitJob(job, own, seconds * share, { ...cost, parts: ownParts });
    onJob?.(job, own);
  }
}

/**
 * Passes over what is pending of the dataset, then scores all pending jobs in the order of the plan.
 *
 * @param jobs the whole plan; the store's job numbers index it.
 * @param groups jobs of one layer that are done together, and committed each by itself; by default each is done by itself.
 */
export async function scoreAll(
  context: PipelineContext,
  jobs: readonly Job[],
  store: JobStore,
  events: ScoreAllEvents = {},
  groups: readonly (readonly number[])[] = [],
): Promise<void> {
  onNote((_about, text) => events.onNote?.(text));
  const chunks = store.pendingChunks();
  for (const [i, range] of chunks.entries()) {
    const started = performance.now();
    const chunk = await passDataset(context, jobs, range, (share) => events.onDataset?.((i + share) / chunks.length));
    store.commitChunk(chunk, (performance.now() - started) / 1000);
  }
  let done = 0;
  for (const group of pendingGroups(groups, store.pendingJobs())) {
    const { layer } = jobs[group[0]];
    const units = group.flatMap((job) => jobs[job].units);
    const started = performance.now();
    const watch = createStopwatch();
    const records = await scoreUnits(
      context,
      layer,
      units,
      (share) => events.onProgress?.(done + share * units.length, layer),
      watch,
    );
    commitGroup(group, jobs, records, (performance.now() - started) / 1000, { parts: watch.seconds }, store, events);
    done += units.length;
  }
}
