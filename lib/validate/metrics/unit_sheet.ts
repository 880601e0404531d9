import { contactSheet, resizeBilinear, selectImages, stackSheets } from "../../images/mod.ts";
import type { ImageBatch } from "../../types.ts";

/** Images side by side. */
const COLUMNS = 16;
/** Pixels that an image is wide at least, by repeating its own. */
const LEAST_WIDTH = 64;
/** Rows of pixels between two clusters, and between the last one and the real images. */
const BETWEEN_CLUSTERS = 12;
const ABOVE_REAL = 36;

/**
 * A unit on one page: its visualizations, each cluster in rows of its own, and below them the real images that activate it
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
  return stackSheets([stackSheets(clusters, BETWEEN_CLUSTERS), rows(resizeBilinear(real, height, width))], ABOVE_REAL);
}
