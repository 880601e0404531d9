/**
 * Visualizations of the workbench's unit, with progress.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";
import { imageRequests, visualize } from "../visualize/mod.ts";
import { showProgress } from "./cell_progress.ts";
import type { Workbench } from "./workbench.ts";

/** Images made at a time, between two signs of progress. */
const AT_A_TIME = 8;

/** The first images of a unit's sequence. */
export interface UnitImages {
  readonly images: ImageBatch;
  /** Activation of each of them, without transforms. */
  readonly activations: readonly number[];
}

/**
 * Makes the first images of the unit's sequence. Where the profile lets images repel each other, those of a batch of eight do
 * so, and a run's, which are made together, are others.
 *
 * @param count how many, at least one; as many as the profile makes at most unless given.
 */
export async function makeImages(bench: Workbench, count?: number): Promise<UnitImages> {
  const { network, profile, seed, dataset } = bench.context;
  const { layer, unit } = bench.unit;
  const total = count ?? profile.elbow.maxImages;
  const { height, width } = network.input;
  const perImage = height * width * 3;
  const data = new Float32Array(total * perImage);
  const activations: number[] = [];
  const progress = await showProgress(`images of ${bench.name}`, total);
  for (let from = 0; from < total; from += AT_A_TIME) {
    const to = Math.min(total, from + AT_A_TIME);
    const made = await visualize(network, layer, imageRequests([unit], from, to), profile.visualize, {
      seed,
      dataset: dataset?.train ?? null,
    });
    data.set(made.images.data, from * perImage);
    activations.push(...made.activations);
    await progress.update(to);
  }
  return { images: { count: total, height, width, data }, activations };
}
