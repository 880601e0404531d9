import type { BackendReport } from "../../engine/mod.ts";
import { type ContextRef, loadContext } from "../../pipeline/mod.ts";
import { createPlan, type JobStore, scoreAll, scoreAllInWorkers } from "../../jobs/mod.ts";
import type { UnitId } from "../../types.ts";
import { describeModel } from "../../networks/mod.ts";
import type { MaybeScored } from "./null_scores.ts";

/**
 * Takes units through the whole pipeline again, images and all, and keeps nothing but their scores.
 *
 * @param context what to score by: the run's with another seed, or with other weights of the model.
 * @param units at least one.
 * @param workers jobs under way at a time.
 * @param onProgress called with the units done, fractions of a job included.
 * @returns in the order of the network.
 * @throws {InputError} when something that is loaded is missing or wrong.
 */
export async function scoreUnitsAgain(
  context: ContextRef,
  units: readonly UnitId[],
  backend: Pick<BackendReport, "backend">,
  workers: number,
  onProgress: (unitsDone: number) => void = () => {},
): Promise<MaybeScored[]> {
  const { layers } = await describeModel(context.subject.model);
  const jobs = createPlan(layers, units);
  const scored: MaybeScored[][] = jobs.map(() => []);
  const store: JobStore = {
    pendingJobs: () => jobs.map((_, job) => job),
    commitJob: (job, records) => {
      scored[job] = records.map(({ layer, unit, score }) => ({
        layer,
        unit,
        score: score === null || score.S === null ? null : { K: score.K, S: score.S },
      }));
    },
    pendingChunks: () => [], // what the dataset does to the units is not asked
    commitChunk: () => {},
  };
  if (workers > 1) {
    await scoreAllInWorkers(context, backend, workers, jobs, store, { onProgress });
  } else {
    const loaded = await loadContext(context);
    try {
      await scoreAll(loaded, jobs, store, { onProgress });
    } finally {
      loaded.dispose();
    }
  }
  return scored.flat();
}
