/**
 * A worker of `scoreAllInWorkers`: a context of its own, on one thread, that does the tasks it is given.
 *
 * @module
 */
import { createStopwatch, type JobSeconds } from "../cost.ts";
import { type Backend, onNote, setBatchLimits, surviveAdapter, useBackend, useDevice } from "../engine/mod.ts";
import { type ContextRef, loadContext, scoreUnits } from "../pipeline/mod.ts";
import type { ChunkRange } from "../store/mod.ts";
import type { DatasetChunk, UnitRecord } from "../types.ts";
import { passDataset } from "./dataset_pass.ts";
import type { WorkerCard } from "./device_plan.ts";
import type { Job } from "./plan.ts";
import type { AdapterFailure } from "./score_all.ts";
import { serveTasks } from "./worker_pool.ts";

/** What a worker begins with: all of it plain data. */
export interface ScoreWorkerInit {
  readonly backend: Backend;
  readonly context: ContextRef;
  /** The whole plan. */
  readonly jobs: readonly Job[];
  /** Where cards compute; `next`, shared by all, counts the workers that have taken their card. */
  readonly card?: WorkerCard & { readonly next: Int32Array };
}

/** Jobs of one layer that are done together, or part of their units. */
export interface UnitTask {
  readonly kind: "units";
  readonly jobs: readonly number[];
  /** Which of their units, counted through all of them: `from` .. `to` - 1. */
  readonly from: number;
  readonly to: number;
}

/** What a worker is given to do: units, or a stretch of the dataset. */
export type ScoreTask =
  | UnitTask
  | { readonly kind: "dataset"; readonly range: ChunkRange };

/** What comes of a task; with what became of the graphics adapter, if it has failed in the worker. */
export type ScoreResult =
  & { readonly failure?: AdapterFailure }
  & (
    | { readonly kind: "units"; readonly records: readonly UnitRecord[]; readonly parts: JobSeconds }
    | { readonly kind: "dataset"; readonly chunk: DatasetChunk }
  );

serveTasks<ScoreWorkerInit, ScoreTask, ScoreResult>(async ({ backend, context: ref, jobs, card }, say) => {
  await useBackend(backend);
  onNote(say);
  if (card !== undefined) {
    if (card.cards > 1) useDevice(card.type ?? "GPU", Atomics.add(card.next, 0, 1) % card.cards);
    setBatchLimits(card.limits);
  }
  let context = await loadContext(ref);
  let failure: AdapterFailure | undefined;
  return (task, onProgress) =>
    surviveAdapter(async (instead) => {
      if (instead !== null) {
        failure = { why: instead.failure.message, backend: instead.backend.backend };
        context = await loadContext(ref);
      }
      if (task.kind === "dataset") {
        return { kind: "dataset", chunk: await passDataset(context, jobs, task.range, onProgress), failure };
      }
      const { layer } = jobs[task.jobs[0]];
      const units = task.jobs.flatMap((job) => jobs[job].units).slice(task.from, task.to);
      const watch = createStopwatch();
      const records = await scoreUnits(context, layer, units, onProgress, watch);
      return { kind: "units", records, parts: watch.seconds, failure };
    });
});
