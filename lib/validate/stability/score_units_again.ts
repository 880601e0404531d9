import type { BackendReport } from "../../engine/mod.ts";
import { type ContextOptions, loadContext } from "../../pipeline/mod.ts";
import { createPlan, type JobStore, scoreAll, scoreAllInWorkers } from "../../jobs/mod.ts";
import type { UnitId } from "../../types.ts";
import { modelLayers } from "../../networks/mod.ts";
import type { MaybeScored } from "./null_scores.ts";

/**
 * Units through the whole pipeline, images and all, keeping nothing but their scores.
 *
 * @param options what to score by: the run's with another seed, or with other weights of the model.
 * @param units at least one.
 * @param workers jobs under way at a time.
 * @param onProgress called with the units done, fractions of a job included.
 * @returns in the order of the network.
 * @throws {InputError} when something that is loaded is missing or wrong.
 */
export async function scoreUnitsAgain(
  options: ContextOptions,
  units: readonly UnitId[],
  backend: Pick<BackendReport, "backend">,
  workers: number,
  onProgress: (unitsDone: number) => void = () => {},
): Promise<MaybeScored[]> {
  const jobs = createPlan(modelLayers(options.model), units);
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
  };
  if (workers > 1) {
    await scoreAllInWorkers(options, backend, workers, jobs, store, { onProgress });
  } else {
    const context = await loadContext(options);
    try {
      scoreAll(context, jobs, store, { onProgress });
    } finally {
      context.dispose();
    }
  }
  return scored.flat();
}
