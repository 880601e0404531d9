/**
 * The order in which distances of all pairs of N images stand in a list: those of image j to images 0 .. j - 1, for
 * j = 1, 2, ..., N - 1 in turn. More images only append to the list.
 *
 * @module
 */

/** Number of pairs of N images, N (N - 1) / 2. */
export function pairCount(images: number): number {
  return images * (images - 1) / 2;
}

/** Place of a pair of different images in the list, whichever is named first. */
export function pairIndex(a: number, b: number): number {
  return pairCount(Math.max(a, b)) + Math.min(a, b);
}

/** Number of images N whose pairs make a list of this length, which is N (N - 1) / 2; 1 for an empty list. */
export function imageCount(pairs: number): number {
  return (1 + Math.sqrt(1 + 8 * pairs)) / 2;
}

/** The list for chosen images, in their order; an image that is chosen twice is at 0 from itself. */
export function pairsAmong(distances: ArrayLike<number>, chosen: readonly number[]): Float64Array {
  const between = (a: number, b: number) => a === b ? 0 : distances[pairIndex(a, b)];
  return Float64Array.from(chosen.flatMap((image, j) => chosen.slice(0, j).map((earlier) => between(image, earlier))));
}

/** The list as a symmetric matrix with zeros on its diagonal. */
export function distanceMatrix(distances: ArrayLike<number>): number[][] {
  const count = imageCount(distances.length);
  return Array.from(
    { length: count },
    (_, i) => Array.from({ length: count }, (_, j) => i === j ? 0 : distances[pairIndex(i, j)]),
  );
}
