/**
 * The main job: every planned unit, job by job, into a store that is handed in.
 *
 * @module
 */
import type { UnitRecord } from "../types.ts";
import type { Job } from "./plan.ts";
import { type PipelineContext, scoreUnits } from "../pipeline/mod.ts";

/** Where finished jobs go: the part of a run that the pipeline needs. */
export interface JobStore {
  /** Jobs of the plan that are still to do. */
  pendingJobs(): readonly number[];
  /** Keeps a finished job, whole or not at all. */
  commitJob(job: number, records: readonly UnitRecord[], seconds: number): void;
}

/** What a caller may watch. */
export interface ScoreAllEvents {
  /** Called with the units done so far, fractions of a job included. */
  readonly onProgress?: (unitsDone: number, layer: string) => void;
  /** Called when a job is committed. */
  readonly onJob?: (job: number, records: readonly UnitRecord[]) => void;
}

/**
 * Scores all pending jobs in the order of the plan.
 *
 * @param jobs the whole plan; the store's job numbers index it.
 */
export function scoreAll(
  context: PipelineContext,
  jobs: readonly Job[],
  store: JobStore,
  events: ScoreAllEvents = {},
): void {
  let done = 0;
  for (const job of store.pendingJobs()) {
    const { layer, units } = jobs[job];
    const started = performance.now();
    const records = scoreUnits(
      context,
      layer,
      units,
      (share) => events.onProgress?.(done + share * units.length, layer),
    );
    store.commitJob(job, records, (performance.now() - started) / 1000);
    done += units.length;
    events.onJob?.(job, records);
  }
}
