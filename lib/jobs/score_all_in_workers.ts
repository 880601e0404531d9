/**
 * The main job on several cores: a worker for each, one thread a worker. The small operations of a step of ascent gain
 * nothing from a second thread; whole jobs side by side gain all of it.
 *
 * @module
 */
import type { BackendReport } from "../engine/mod.ts";
import type { UnitRecord } from "../types.ts";
import { createWorkerPool } from "./worker_pool.ts";
import type { ContextOptions } from "../pipeline/mod.ts";
import type { Job } from "./plan.ts";
import type { JobStore, ScoreAllEvents } from "./score_all.ts";
import type { ScoreWorkerInit } from "./score_worker.ts";

/** Memory that a worker may come to need: its networks, a batch of images, and their feature maps. */
const WORKER_BYTES = 1e9;

/** What workers share. */
export interface Machine {
  readonly cores: number;
  /** Memory that nothing uses. */
  readonly freeBytes: number;
}

function thisMachine(): Machine {
  return { cores: navigator.hardwareConcurrency, freeBytes: Deno.systemMemoryInfo().available };
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
 * Scores all pending jobs as `scoreAll` does, to the same results, in workers. Jobs are begun in the order of the plan and
 * committed as they are done, by the calling thread alone.
 *
 * @param options what each worker loads; a dataset of `readCifar10` is shared, not copied.
 * @param backend the backend of the workers, as `useBackend` reported it, called with `threads: 1`.
 * @param workers the most workers, at least 1; no more are started than jobs are pending.
 * @param jobs the whole plan; the store's job numbers index it.
 * @throws what a worker or the store threw; what is under way is then cut off. Jobs that are committed stay so.
 */
export async function scoreAllInWorkers(
  options: ContextOptions,
  { backend }: Pick<BackendReport, "backend">,
  workers: number,
  jobs: readonly Job[],
  store: JobStore,
  events: ScoreAllEvents = {},
): Promise<void> {
  const pending = store.pendingJobs();
  if (pending.length === 0) return;
  const init: ScoreWorkerInit = { backend, options };
  const pool = await createWorkerPool<ScoreWorkerInit, Job, UnitRecord[]>(
    new URL("./score_worker.ts", import.meta.url),
    Math.min(workers, pending.length),
    init,
  );
  const shares = pending.map(() => 0);
  const report = (index: number, share: number) => {
    shares[index] = share;
    const done = shares.reduce((sum, each, i) => sum + each * jobs[pending[i]].units.length, 0);
    events.onProgress?.(done, jobs[pending[index]].layer);
  };
  try {
    await pool.run(pending.map((job) => jobs[job]), {
      onProgress: report,
      onResult: (index, records, seconds) => {
        store.commitJob(pending[index], records, seconds);
        report(index, 1);
        events.onJob?.(pending[index], records);
      },
    });
  } finally {
    pool.close();
  }
}
