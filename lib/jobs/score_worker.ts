/**
 * A worker of `scoreAllInWorkers`: a context of its own, on one thread, that scores the jobs it is given.
 *
 * @module
 */
import { type Backend, useBackend } from "../engine/mod.ts";
import type { UnitRecord } from "../types.ts";
import { serveTasks } from "./worker_pool.ts";
import { type ContextOptions, loadContext, scoreUnits } from "../pipeline/mod.ts";
import type { Job } from "./plan.ts";

/** What a worker begins with. */
export interface ScoreWorkerInit {
  readonly backend: Backend;
  readonly options: ContextOptions;
}

serveTasks<ScoreWorkerInit, Job, UnitRecord[]>(async ({ backend, options }) => {
  await useBackend(backend);
  const context = await loadContext(options);
  return ({ layer, units }, onProgress) => scoreUnits(context, layer, units, onProgress);
});
