/**
 * A worker of `scoreAllInWorkers`: a context of its own, on one thread, that does the tasks it is given.
 *
 * @module
 */
import { type Backend, useBackend } from "../engine/mod.ts";
import { type ContextRef, loadContext, scoreUnits } from "../pipeline/mod.ts";
import type { ChunkRange } from "../store/mod.ts";
import type { DatasetChunk, UnitRecord } from "../types.ts";
import { passDataset } from "./dataset_pass.ts";
import type { Job } from "./plan.ts";
import { serveTasks } from "./worker_pool.ts";

/** What a worker begins with: all of it plain data. */
export interface ScoreWorkerInit {
  readonly backend: Backend;
  readonly context: ContextRef;
  /** The whole plan. */
  readonly jobs: readonly Job[];
}

/** A job of the plan, or a stretch of the dataset. */
export type ScoreTask =
  | { readonly kind: "units"; readonly job: number }
  | { readonly kind: "dataset"; readonly range: ChunkRange };

/** What comes of a task. */
export type ScoreResult =
  | { readonly kind: "units"; readonly records: readonly UnitRecord[] }
  | { readonly kind: "dataset"; readonly chunk: DatasetChunk };

serveTasks<ScoreWorkerInit, ScoreTask, ScoreResult>(async ({ backend, context: ref, jobs }) => {
  await useBackend(backend);
  const context = await loadContext(ref);
  return async (task, onProgress) => {
    if (task.kind === "dataset") {
      return { kind: "dataset", chunk: await passDataset(context, jobs, task.range, onProgress) };
    }
    const { layer, units } = jobs[task.job];
    return { kind: "units", records: await scoreUnits(context, layer, units, onProgress) };
  };
});
