/**
 * The main job in this process, on a graphics adapter that may fail meanwhile.
 *
 * @module
 */
import { refuseFailedAdapter, surviveAdapter } from "../engine/mod.ts";
import { loadContext, type LoadedContext } from "../pipeline/mod.ts";
import type { Job } from "./plan.ts";
import { type JobStore, scoreAll, type ScoreAllEvents } from "./score_all.ts";

/**
 * Does what `scoreAll` does. Where a graphics adapter fails meanwhile, what is pending is done on the next backend, by a context
 * that is loaded anew; what was committed stays, and the store is told what computed the rest.
 *
 * @param context stays the caller's to free.
 * @param jobs the whole plan; the store's job numbers index it.
 * @param groups as of `scoreAll`.
 */
export async function scoreAllHere(
  context: LoadedContext,
  jobs: readonly Job[],
  store: JobStore,
  events: ScoreAllEvents = {},
  groups: readonly (readonly number[])[] = [],
): Promise<void> {
  await surviveAdapter(async (instead) => {
    if (instead === null) return await scoreAll(context, jobs, guarded(store), events, groups);
    const { failure, backend } = instead;
    events.onAdapterFailure?.({ why: failure.message, backend: backend.backend });
    const again = await loadContext(context.ref);
    try {
      await scoreAll(again, jobs, guarded(store, [backend.backend]), events);
    } finally {
      again.dispose();
    }
  });
}

/** A store that takes nothing from an adapter that has failed. */
function guarded(store: JobStore, kernels?: readonly string[]): JobStore {
  return {
    pendingJobs: () => store.pendingJobs(),
    pendingChunks: () => store.pendingChunks(),
    commitJob: (job, records, seconds, cost) => {
      refuseFailedAdapter();
      store.commitJob(job, records, seconds, { ...cost, ...(kernels && { kernels }) });
    },
    commitChunk: (chunk, seconds) => {
      refuseFailedAdapter();
      store.commitChunk(chunk, seconds, kernels);
    },
    addSeconds: (part, seconds) => store.addSeconds?.(part, seconds),
  };
}
