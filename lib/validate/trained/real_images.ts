/**
 * What real images alone say of a unit: those that excite it most, clustered as visualizations are.
 *
 * @module
 */
import type { ImageSource } from "../../data/mod.ts";
import { clusterAndScore, clusterOptions, type ImageDistances, type PipelineContext } from "../../pipeline/mod.ts";
import { createRandom, permutation } from "../../random.ts";
import type { ImageBatch } from "../../types.ts";
import { mostActivating } from "../metrics/mod.ts";
import type { SettingScore } from "../planted/study.ts";

/** Training images, spread over the set, that are looked through. */
export const LOOKED_THROUGH = 10_000;
/** Share of them that counts as exciting a unit most. */
const TOP_SHARE = 0.01;
/** How many of those are clustered: as many as a calibrated unit has visualizations at least. */
const CLUSTERED = 32;

/**
 * Draws images from the hundredth that excites a unit most.
 *
 * @param activations of all images that are looked through.
 * @returns indices among them, at most 32; null where all excite it alike.
 */
export function drawExciting(
  activations: ArrayLike<number>,
  seed: number,
  network: string,
  unit: number,
): number[] | null {
  const top = mostActivating(activations, Math.ceil(TOP_SHARE * activations.length));
  if (top === null) return null;
  const order = permutation(top.length, createRandom(seed, "real images", network, unit));
  return [...order.subarray(0, CLUSTERED)].map((i) => top[i]);
}

/**
 * The score of real images by a profile's rule without attributions.
 *
 * @param indices of the images in the source.
 * @returns null for a single image.
 */
export async function scoreRealImages(
  context: PipelineContext,
  layer: string,
  unit: number,
  source: ImageSource,
  indices: readonly number[],
): Promise<SettingScore | null> {
  if (indices.length === 0) return null;
  const images = await source.images(indices);
  const between = await distancesBetween(context, images);
  const embeddings = await context.embedder.embed(images);
  const { I, K, S } = clusterAndScore({ embeddings, options: clusterOptions(context, layer, unit, between) });
  return S === null ? null : { I, K, S };
}

async function distancesBetween({ lpips }: PipelineContext, images: ImageBatch): Promise<ImageDistances> {
  const sequence = lpips.createSequence();
  try {
    const distances = await sequence.add(images);
    return { distances, pooledDistances: sequence.pooledDistances() };
  } finally {
    sequence.dispose();
  }
}
