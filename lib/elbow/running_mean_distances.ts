/**
 * Mean pairwise distance d_I of the first I images, for I = 2, 3, ..., N: a new image costs the distances to its predecessors
 * and nothing else.
 *
 *     d_I = (2 / (I (I - 1))) sum over i<j<I of distance(i, j)
 *
 * @param distances distance of image j to images 0 .. j - 1, for j = 1 .. N - 1 in turn: N (N - 1) / 2 numbers, each
 * finite and not negative. None is one image.
 * @returns d_2 .. d_N, N - 1 numbers. Each depends on the images up to its own alone, to the last bit.
 * @throws {RangeError} when the count is not a triangular number, or a distance is negative or not finite.
 * @see Alic et al. (2025), section 2.3
 * @example Three images
 * ```ts
 * runningMeanDistances([0.5, 0.2, 0.2]); // [0.5, 0.3]
 * ```
 */
export function runningMeanDistances(distances: readonly number[]): number[] {
  const means: number[] = [];
  let sum = 0;
  let start = 0;
  for (let image = 1; start < distances.length; image++) {
    if (start + image > distances.length) {
      throw new RangeError(
        `distances must number N (N - 1) / 2 for some N: ${distances.length} end within those of image ${image}`,
      );
    }
    for (let j = 0; j < image; j++) {
      const distance = distances[start + j];
      if (!(distance >= 0 && distance < Infinity)) {
        throw new RangeError(`the distance of images ${image} and ${j} must be finite and at least 0, got ${distance}`);
      }
      sum += distance;
    }
    start += image;
    means.push(sum / start);
  }
  return means;
}
