/**
 * Runs the jobs in several workers, one thread each: the small operations of a step of ascent gain nothing from a second
 * thread, whole jobs side by side gain all of it.
 *
 * @module
 */
import process from "node:process";
import { memoryLimit } from "./memory_limit.ts";
import type { BackendReport } from "../engine/mod.ts";
import { createWorkerPool } from "./worker_pool.ts";
import type { ContextRef } from "../pipeline/mod.ts";
import type { Job } from "./plan.ts";
import type { JobStore, ScoreAllEvents } from "./score_all.ts";
import type { ScoreResult, ScoreTask, ScoreWorkerInit } from "./score_worker.ts";

/** Memory that a worker may come to need: its networks, a batch of images, and their feature maps. */
const WORKER_BYTES = 1e9;

/** What workers share. */
export interface Machine {
  readonly cores: number;
  /** Memory that nothing uses, of the machine or of the container, whichever has less. */
  readonly freeBytes: number;
}

function thisMachine(): Machine {
  return {
    cores: navigator.hardwareConcurrency,
    // the container's files may only be read with all rights; its limit alone is told to scoring, too, and 0 is none
    freeBytes: Math.min(
      Deno.systemMemoryInfo().available,
      memoryLimit()?.freeBytes ?? Infinity,
      process.constrainedMemory() || Infinity,
    ),
  };
}

/**
 * How many workers are worth starting: one for each core of the processor, no more than there are jobs or than the
 * memory that is free holds at 1 GB each. Just one where a graphics card computes, which they would share.
 *
 * @param jobs number of jobs that are to do.
 * @returns at least 1.
 */
export function suggestWorkers(
  { device }: Pick<BackendReport, "device">,
  jobs: number,
  { cores, freeBytes }: Machine = thisMachine(),
): number {
  if (device === "cuda") return 1;
  return Math.max(1, Math.min(cores, jobs, Math.floor(freeBytes / WORKER_BYTES)));
}

/**
 * Does all that is pending as `scoreAll` does, to the same results, in workers. Tasks are begun in the order of the plan, the
 * dataset's first, and committed as they are done, by the calling thread alone.
 *
 * @param context what each worker loads; a dataset's shared memory is shared, not copied.
 * @param backend the backend of the workers, as `useBackend` reported it, called with `threads: 1`.
 * @param workers the most workers, at least 1; no more are started than tasks are pending.
 * @param jobs the whole plan; the store's job numbers index it.
 * @throws what a worker or the store threw; what is under way is then cut off. What is committed stays so.
 */
export async function scoreAllInWorkers(
  context: ContextRef,
  { backend }: Pick<BackendReport, "backend">,
  workers: number,
  jobs: readonly Job[],
  store: JobStore,
  events: ScoreAllEvents = {},
): Promise<void> {
  const chunks = store.pendingChunks();
  const tasks: ScoreTask[] = [
    ...chunks.map((range) => ({ kind: "dataset", range } as const)),
    ...store.pendingJobs().map((job) => ({ kind: "units", job } as const)),
  ];
  if (tasks.length === 0) return;
  const pool = await createWorkerPool<ScoreWorkerInit, ScoreTask, ScoreResult>(
    new URL("./score_worker.ts", import.meta.url),
    Math.min(workers, tasks.length),
    { backend, context, jobs },
  );
  const shares = tasks.map(() => 0);
  const done = (kind: ScoreTask["kind"]) =>
    tasks.reduce((sum, task, i) => {
      if (task.kind !== kind) return sum;
      return sum + shares[i] * (task.kind === "units" ? jobs[task.job].units.length : 1 / chunks.length);
    }, 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    const task = tasks[index];
    if (task.kind === "units") events.onProgress?.(done("units"), jobs[task.job].layer);
    else events.onDataset?.(done("dataset"));
  };
  try {
    await pool.run(tasks, {
      onProgress: report,
      onResult: (index, result, seconds) => {
        const task = tasks[index];
        if (result.kind === "dataset") {
          store.commitChunk(result.chunk, seconds);
          report(index, 1);
        } else if (task.kind === "units") {
          store.commitJob(task.job, result.records, seconds);
          report(index, 1);
          events.onJob?.(task.job, result.records);
        }
      },
    });
  } finally {
    pool.close();
  }
}
