/**
 * Real images that lie nearest to given embeddings: what the embedder takes a visualization for.
 *
 * @module
 */
import type { ImageBatch, Matrix } from "../types.ts";
import { halfTurns, rowDirections } from "./angles.ts";
import { showProgress } from "./cell_progress.ts";
import type { Workbench } from "./workbench.ts";

const AT_A_TIME = 128;

/** The nearest images of one embedding. */
export interface NearestImages {
  /** The images, nearest first. */
  readonly images: ImageBatch;
  /** Angle between the embeddings over pi, in [0, 1]. */
  readonly angles: readonly number[];
}

/**
 * Compares embeddings with those of training images spread evenly over the set, by the angle between them.
 *
 * @param among how many training images to look at.
 * @param count how many of them to give for each embedding.
 * @returns as many as there are embeddings; none without a dataset.
 */
export async function nearestImages(
  bench: Workbench,
  embeddings: Matrix,
  among: number,
  count: number,
): Promise<NearestImages[]> {
  const { embedder, dataset } = bench.context;
  if (dataset === null) return [];
  const { train } = dataset;
  const indices = Array.from({ length: among }, (_, i) => Math.floor(i * train.count / among));
  const real: Float64Array[] = [];
  const progress = await showProgress("training images embedded", among);
  for (let from = 0; from < among; from += AT_A_TIME) {
    const images = await train.images(indices.slice(from, from + AT_A_TIME));
    real.push(...rowDirections(await embedder.embed(images)));
    await progress.update(real.length);
  }
  return await Promise.all(
    rowDirections(embeddings).map(async (direction) => {
      const angles = real.map((other) => halfTurns(direction, other));
      const order = angles.map((_, i) => i).sort((a, b) => angles[a] - angles[b] || a - b).slice(0, count);
      return { images: await train.images(order.map((i) => indices[i])), angles: order.map((i) => angles[i]) };
    }),
  );
}
