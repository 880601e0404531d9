/**
 * A worker of the benchmark: one stage of one job at a time, on one thread, as a worker of a run does them.
 *
 * @module
 */
import { clusterEmbeddings, type ClusterOptions } from "../../lib/cluster/mod.ts";
import { createEmbedder } from "../../lib/embed/mod.ts";
import { useBackend } from "../../lib/engine/mod.ts";
import { type DatasetRef, openDataset } from "../../lib/data/mod.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";
import { loadNetwork } from "../../lib/networks/models.ts";
import type { Job } from "../../lib/jobs/plan.ts";
import type { ImageBatch, Matrix } from "../../lib/types.ts";
import { imageRequests, type Visualizations, visualize } from "../../lib/visualize/mod.ts";
import { serveTasks } from "../../lib/jobs/worker_pool.ts";
import type { Workload } from "./workload.ts";

/** What a worker begins with. */
export interface StageInit {
  readonly model: string;
  readonly workload: Workload;
  readonly dataset: DatasetRef;
}

/** One stage of one job; later stages are given each unit's images or embeddings. */
export type StageTask =
  | { readonly stage: "ascent"; readonly job: Job; readonly steps: number }
  | { readonly stage: "lpips"; readonly units: readonly ImageBatch[] }
  | { readonly stage: "embedding"; readonly units: readonly ImageBatch[] }
  | { readonly stage: "clustering"; readonly units: readonly Matrix[]; readonly options: ClusterOptions };

/** What comes of a task, unit by unit. */
export type StageResult =
  | Visualizations
  | readonly (readonly number[])[]
  | readonly Matrix[];

serveTasks<StageInit, StageTask, StageResult>(async ({ model, workload, dataset }) => {
  const { profile, seed, images } = workload;
  await useBackend("native");
  const { network } = await loadNetwork({ kind: "shipped", name: model });
  const { train } = await openDataset(dataset);
  const lpips = await loadLpips(profile.lpips.net, { resize: profile.lpips.resize });
  const embedder = createEmbedder(profile.embed.embedder, workload.resnet18, "made-up ResNet-18");
  return async (task) => {
    switch (task.stage) {
      case "ascent":
        return await visualize(network, task.job.layer, imageRequests(task.job.units, 0, images), {
          ...profile.visualize,
          steps: task.steps,
        }, { seed, dataset: train });
      case "lpips":
        return await inTurn(task.units, async (batch) => {
          const sequence = lpips.createSequence();
          const distances = await sequence.add(batch);
          sequence.dispose();
          return distances;
        });
      case "embedding":
        return await inTurn(task.units, (batch) => embedder.embed(batch));
      case "clustering":
        return task.units.map((matrix) =>
          clusterEmbeddings(matrix, task.options).candidates.map(({ inertia }) => inertia)
        );
    }
  };
});

/** One unit after the other, as a run does them. */
async function inTurn<T, R>(units: readonly T[], work: (unit: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const unit of units) results.push(await work(unit));
  return results;
}
