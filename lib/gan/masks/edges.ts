/**
 * Edges of images.
 *
 * @module
 */
import { IMAGE, PIXELS, requireLength, SIZE, smooth } from "./planes.ts";
import type { Mask } from "./shapes.ts";

/**
 * Quantile of the gradients that becomes 1. The strongest twentieth is cut off, since single pixels would set the scale
 * otherwise.
 */
const EDGE_PERCENTILE = 0.95;
/**
 * Smallest gradient that may become 1, where a step of one channel from 0 to 1 is 1: the noise of an image without
 * edges is not enlarged.
 */
const LEAST_EDGE = 0.1;

/**
 * The edges of an image: the length of its gradient over the three channels by Sobel's kernels, smoothed over
 * neighbouring pixels, then divided by its 95th percentile and cut off at 1.
 *
 * @param image shape [32, 32, 3], in [0, 1].
 * @returns shape [32, 32], in [0, 1]; all 0 for an image of one colour.
 * @throws {RangeError} when the image has another size.
 */
export function edgeMap(image: Float32Array): Mask {
  requireLength(image, IMAGE);
  const edges = new Float32Array(PIXELS);
  for (let row = 0; row < SIZE; row++) {
    const above = (row > 0 ? row - 1 : row) * SIZE;
    const below = (row < SIZE - 1 ? row + 1 : row) * SIZE;
    for (let column = 0; column < SIZE; column++) {
      const left = column > 0 ? column - 1 : column;
      const right = column < SIZE - 1 ? column + 1 : column;
      let squared = 0;
      for (let c = 0; c < 3; c++) {
        const at = (start: number, place: number) => image[(start + place) * 3 + c];
        const [topLeft, topRight] = [at(above, left), at(above, right)];
        const [bottomLeft, bottomRight] = [at(below, left), at(below, right)];
        const across = topRight + bottomRight - topLeft - bottomLeft +
          2 * (at(row * SIZE, right) - at(row * SIZE, left));
        const down = bottomLeft + bottomRight - topLeft - topRight + 2 * (at(below, column) - at(above, column));
        squared += across * across + down * down;
      }
      edges[row * SIZE + column] = Math.sqrt(squared) / 4; // 1 for a step of one channel from 0 to 1
    }
  }
  smooth(edges);
  const strong = Math.max(LEAST_EDGE, edges.slice().sort()[Math.floor(EDGE_PERCENTILE * (PIXELS - 1))]);
  for (let i = 0; i < PIXELS; i++) edges[i] = Math.min(1, edges[i] / strong);
  return edges;
}
