/**
 * How many steps of ascent are enough: activations as ascent goes on.
 *
 * @module
 */
import { meanSimple, median, quantile } from "simple-statistics";
import type { ImageSource } from "../data/mod.ts";
import type { PipelineContext } from "../pipeline/mod.ts";
import type { UnitId } from "../types.ts";
import { datasetActivations, imageRequests, visualize } from "../visualize/mod.ts";

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

/** A unit's images after some steps. */
interface UnitAfterSteps {
  readonly meanActivation: number;
  /** How many of them exceed the dataset's best; 0 without a dataset. */
  readonly above: number;
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
export async function stepsCurve(
  context: PipelineContext,
  units: readonly UnitId[],
  images: number,
  points: readonly number[],
  onProgress: (share: number) => void = () => {},
): Promise<StepsPoint[]> {
  if (units.length === 0) throw new RangeError("there is no unit whose ascent to follow");
  if (!(Number.isInteger(images) && images >= 1)) {
    throw new RangeError(`images per unit must be at least 1, got ${images}`);
  }
  const { network, dataset, profile } = context;
  const last = profile.visualize.steps;
  const measured = [...new Set([...points.filter((step) => step < last), last])].sort((a, b) => a - b);
  const layers = network.layers.map(({ name }) => name).filter((name) => units.some(({ layer }) => layer === name));
  const highest = dataset === null ? null : await highestActivations(context, layers, dataset.test);
  const found = new Map(measured.map((step) => [step, [] as UnitAfterSteps[]]));
  let done = 0;
  for (const layer of layers) {
    const here = units.filter((each) => each.layer === layer).map(({ unit }) => unit);
    const ascent = await followAscent(
      context,
      layer,
      here,
      images,
      measured,
      (share) => onProgress((done + share * here.length) / units.length),
    );
    const bestOfDataset = highest?.get(layer);
    for (const [step, values] of ascent) {
      found.get(step)!.push(...here.map((unit, u) => {
        const own = values.subarray(u * images, (u + 1) * images);
        const best = bestOfDataset?.[unit] ?? Infinity;
        return { meanActivation: meanSimple([...own]), above: own.filter((value) => value > best).length };
      }));
    }
    done += here.length;
  }
  const final = found.get(last)!;
  return measured.map((steps) => {
    const after = found.get(steps)!;
    const shares = after.map(({ meanActivation }, i) => meanActivation / final[i].meanActivation);
    const above = after.reduce((sum, unit) => sum + unit.above, 0);
    return {
      steps,
      medianShare: median(shares),
      lowerQuartileShare: quantile(shares, 0.25),
      exceeding: highest && after.filter((unit) => unit.above === images).length,
      imageShare: highest && above / (units.length * images),
    };
  });
}

/** Activations of units' images after numbers of steps: images of a unit side by side, unit after unit. */
async function followAscent(
  { network, seed, dataset, profile }: PipelineContext,
  layer: string,
  units: readonly number[],
  images: number,
  measured: readonly number[],
  onProgress: (share: number) => void,
): Promise<Map<number, Float32Array>> {
  const requests = imageRequests(units, 0, images);
  const activations = new Map(measured.map((step) => [step, new Float32Array(requests.length)]));
  await visualize(network, layer, requests, profile.visualize, {
    seed,
    dataset: dataset?.train ?? null,
    onProgress,
    onStep: async (step, start, current) => activations.get(step)?.set(await current(), start),
  });
  return activations;
}

/** Images whose activations are in memory at once. */
const CHUNK = 2500;

/** The highest activation of each unit of some layers over the images of a source. */
async function highestActivations(
  { network, profile }: PipelineContext,
  layers: readonly string[],
  source: ImageSource,
): Promise<Map<string, Float64Array>> {
  const readings = layers.map((layer) => ({ layer, options: profile.visualize.activation }));
  const highest = new Map<string, Float64Array>();
  for (let from = 0; from < source.count; from += CHUNK) {
    const range = { from, to: Math.min(source.count, from + CHUNK) };
    const matrices = await datasetActivations(network, readings, source, range);
    for (const [i, { cols, data }] of matrices.entries()) {
      const own = highest.get(layers[i]) ?? new Float64Array(cols).fill(-Infinity);
      data.forEach((value, at) => own[at % cols] = Math.max(own[at % cols], value));
      highest.set(layers[i], own);
    }
  }
  return highest;
}
