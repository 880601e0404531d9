/**
 * Visualizations of the workbench's unit, with progress.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";
import { makeFirstImages } from "../pipeline/mod.ts";
import { showProgress } from "./cell_progress.ts";
import type { Workbench } from "./workbench.ts";

/** The first images of a unit's sequence. */
export interface UnitImages {
  readonly images: ImageBatch;
  /** Activation of each of them, without transforms. */
  readonly activations: readonly number[];
}

/**
 * Makes the first images of the unit's sequence, those of a run.
 *
 * @param count how many, at least one; as many as the profile makes at most unless given.
 */
export async function makeImages(bench: Workbench, count?: number): Promise<UnitImages> {
  const { network, profile, seed, dataset } = bench.context;
  const { layer, unit } = bench.unit;
  const total = count ?? profile.elbow.maxImages;
  const progress = await showProgress(`images of ${bench.name}`, total);
  let shown = Promise.resolve();
  let last = 0;
  const made = await makeFirstImages(network, layer, unit, total, profile, {
    seed,
    dataset: dataset?.train ?? null,
    onProgress: (share) => {
      const done = Math.floor(share * total);
      if (done === last) return;
      last = done;
      shown = shown.then(() => progress.update(done));
    },
  });
  await shown;
  await progress.update(total);
  return { images: made.images, activations: [...made.activations] };
}
