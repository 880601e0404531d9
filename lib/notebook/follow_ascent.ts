/**
 * Visualizations as they appear: images and activations after some of the steps of ascent.
 *
 * @module
 */
import { imageRequests, visualize } from "../visualize/mod.ts";
import { showProgress } from "./cell_progress.ts";
import type { UnitImages } from "./make_images.ts";
import type { Workbench } from "./workbench.ts";

/** The first images of a unit after so many steps. */
export interface AscentFrame extends UnitImages {
  readonly step: number;
}

/**
 * Stops the same ascent after each of the given numbers of steps. Steps beyond the profile's are its last one.
 *
 * @param count how many images to follow, at least one.
 * @param steps numbers of steps; 0 shows the starts. In any order, repeats are dropped.
 * @returns a frame for each number of steps, ascending.
 */
export async function followAscent(bench: Workbench, count: number, steps: readonly number[]): Promise<AscentFrame[]> {
  const { network, profile, seed, dataset } = bench.context;
  const { layer, unit } = bench.unit;
  const last = profile.visualize.steps;
  const stops = [...new Set(steps.map((step) => Math.min(step, last)))].sort((a, b) => a - b);
  const total = Math.max(1, stops.reduce((sum, step) => sum + step, 0));
  const progress = await showProgress(`steps of ${count} images of ${bench.name}`, total);
  const frames: AscentFrame[] = [];
  let done = 0;
  for (const step of stops) {
    // movements and starts are drawn in the order of the steps, so a shorter ascent is the beginning of a longer one
    const { images, activations } = await visualize(network, layer, imageRequests([unit], 0, count), {
      ...profile.visualize,
      steps: step,
    }, { seed, dataset: dataset?.train ?? null });
    frames.push({ step, images, activations: [...activations] });
    await progress.update(done += step);
  }
  return frames;
}
