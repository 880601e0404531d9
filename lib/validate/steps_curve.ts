/**
 * How many steps of ascent are enough: activations as ascent goes on.
 *
 * @module
 */
import { median, quantile } from "simple-statistics";
import type { PipelineContext } from "../pipeline/mod.ts";
import type { UnitId } from "../types.ts";
import { imageRequests, visualize } from "../visualize/mod.ts";

/** Activations after so many steps. */
export interface StepsPoint {
  readonly steps: number;
  /** Median over units of the mean activation of their images, as a share of that after the last step. */
  readonly medianShare: number;
  /** First quartile of the same. */
  readonly lowerQuartileShare: number;
  /** Units of which every image exceeds the dataset's best; null without a dataset. */
  readonly exceeding: number | null;
  /** Share of images that exceed the dataset's best for their unit; null without a dataset. */
  readonly imageShare: number | null;
}

/**
 * Follows the ascent of units.
 *
 * @param context a run's context; its profile's number of steps is the last one measured.
 * @param units at least one.
 * @param images images per unit, at least one.
 * @param points numbers of steps to measure after; those from the profile's on are passed over.
 * @throws {RangeError} when there is no unit or no image.
 */
export function stepsCurve(
  context: PipelineContext,
  units: readonly UnitId[],
  images: number,
  points: readonly number[],
  onProgress: (share: number) => void = () => {},
): StepsPoint[] {
  const { network, seed, train: dataset, profile } = context;
  if (units.length === 0) throw new RangeError("there is no unit whose ascent to follow");
  if (!(Number.isInteger(images) && images >= 1)) {
    throw new RangeError(`images per unit must be at least 1, got ${images}`);
  }
  const last = profile.visualize.steps;
  const measured = [...new Set([...points.filter((step) => step < last), last])].sort((a, b) => a - b);
  const means = new Map(measured.map((step) => [step, [] as number[]]));
  const above = new Map(measured.map((step) => [step, { units: 0, images: 0 }]));
  let known = false;
  let done = 0;
  for (const { name: layer } of network.layers) {
    const here = units.filter((each) => each.layer === layer).map(({ unit }) => unit);
    if (here.length === 0) continue;
    const requests = imageRequests(here, 0, images);
    const activations = new Map(measured.map((step) => [step, new Float32Array(requests.length)]));
    const test = context.testActivations(layer);
    known = test !== null;
    visualize(network, layer, requests, profile.visualize, {
      seed,
      dataset,
      onProgress: (share) => onProgress((done + share * here.length) / units.length),
      onStep: (step, start, current) => activations.get(step)?.set(current(), start),
    });
    for (const [step, values] of activations) {
      here.forEach((unit, u) => {
        const own = values.subarray(u * images, (u + 1) * images);
        means.get(step)!.push(own.reduce((sum, value) => sum + value, 0) / images);
        if (test === null) return;
        let highest = -Infinity;
        for (let i = 0; i < test.rows; i++) highest = Math.max(highest, test.data[i * test.cols + unit]);
        const count = own.filter((value) => value > highest).length;
        above.get(step)!.images += count;
        above.get(step)!.units += Number(count === images);
      });
    }
    done += here.length;
  }
  const final = means.get(last)!;
  return measured.map((steps) => {
    const shares = means.get(steps)!.map((value, i) => value / final[i]);
    const { units: exceeding, images: exceedingImages } = above.get(steps)!;
    return {
      steps,
      medianShare: median(shares),
      lowerQuartileShare: quantile(shares, 0.25),
      exceeding: known ? exceeding : null,
      imageShare: known ? exceedingImages / (units.length * images) : null,
    };
  });
}
