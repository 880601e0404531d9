/**
 * LPIPS between a unit's images, with progress.
 *
 * @module
 */
import type { ImageBatch } from "../types.ts";
import { showProgress } from "./cell_progress.ts";
import type { Workbench } from "./workbench.ts";

const AT_A_TIME = 8;

/** The images `from` .. `to` - 1 of a batch. */
function part({ height, width, data }: ImageBatch, from: number, to: number): ImageBatch {
  const size = height * width * 3;
  return { count: to - from, height, width, data: data.subarray(from * size, to * size) };
}

/**
 * The perceptual distance of every pair of images.
 *
 * @returns distance of image j to images 0 .. j - 1, for j = 1 .. N - 1 in turn: N (N - 1) / 2 numbers.
 */
export async function pairDistances(bench: Workbench, images: ImageBatch): Promise<number[]> {
  const sequence = bench.context.lpips.createSequence();
  try {
    const progress = await showProgress(`images compared of ${bench.name}`, images.count);
    const distances: number[] = [];
    for (let from = 0; from < images.count; from += AT_A_TIME) {
      const to = Math.min(images.count, from + AT_A_TIME);
      distances.push(...await sequence.add(part(images, from, to)));
      await progress.update(to);
    }
    return distances;
  } finally {
    sequence.dispose();
  }
}
