/**
 * A worker of `ascent_steps.ts`: one batch of ascent at a time, on one thread.
 *
 * @module
 */
import { useBackend } from "../../lib/engine/mod.ts";
import { serveTasks } from "../../lib/jobs/worker_pool.ts";
import { loadNetwork, type ModelRef } from "../../lib/networks/models.ts";
import { CALIBRATED_1 } from "../../lib/pipeline/profile.ts";
import { imageRequests, visualize } from "../../lib/visualize/mod.ts";

/** A batch of images of unit 0, from noise. */
export interface AscentTask {
  readonly images: number;
  readonly steps: number;
}

serveTasks<{ model: ModelRef; layer: string }, AscentTask, number>(async ({ model, layer }) => {
  await useBackend("native", { threads: 1 });
  const { network } = await loadNetwork(model);
  return async ({ images, steps }) => {
    const options = { ...CALIBRATED_1.visualize, start: "noise", startFade: 0, steps } as const;
    const made = await visualize(network, layer, imageRequests([0], 0, images), options, { seed: 0, dataset: null });
    return made.activations[0];
  };
});
