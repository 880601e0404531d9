import { contactSheet, resizeBilinear, selectImages } from "../../images/mod.ts";
import type { ImageBatch } from "../../types.ts";

/** Images side by side. */
const COLUMNS = 16;
/** Pixels that an image is wide at least, by repeating its own. */
const LEAST_WIDTH = 64;
/** Rows of pixels between the visualizations and the real images. */
const GAP = 12;

/**
 * A unit on one page: its visualizations, each cluster from a new row on, and below them the real images that activate it
 * most, best first.
 *
 * @param assignments the cluster of each visualization that counts.
 * @param real of any size; they are shown at the visualizations'.
 * @returns a batch of one image.
 */
export function unitSheet(visualizations: ImageBatch, assignments: readonly number[], real: ImageBatch): ImageBatch {
  const { height, width } = visualizations;
  const scale = Math.max(1, Math.ceil(LEAST_WIDTH / width));
  const rows = (images: ImageBatch) => contactSheet(images, { columns: COLUMNS, scale });
  const clusters = [...new Set(assignments)].sort((a, b) => a - b).map((cluster) =>
    rows(selectImages(visualizations, [...assignments.keys()].filter((i) => assignments[i] === cluster)))
  );
  const below = rows(resizeBilinear(real, height, width));
  const gap = new Float32Array(GAP * below.width * 3).fill(1);
  const parts = [...clusters.map(({ data }) => data), gap, below.data];
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => {
    data.set(part, at);
    return at + part.length;
  }, 0);
  return { count: 1, height: data.length / (below.width * 3), width: below.width, data };
}
