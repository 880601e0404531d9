import { RunningMeanDistance } from "./running_mean_distance.ts";

/**
 * Mean pairwise distance after 2, 3, ..., N images.
 *
 * @param distances distance of image j to images 0 .. j - 1, for j = 1 .. N - 1 in turn: N (N - 1) / 2 numbers, each
 * finite and not negative. None is one image.
 * @returns d_2 .. d_N, N - 1 numbers, equal to the last bit to those of {@linkcode RunningMeanDistance}.
 * @throws {RangeError} when the count is not a triangular number, or a distance is negative or not finite.
 * @example Three images
 * ```ts
 * runningMeanDistances([0.5, 0.2, 0.2]); // [0.5, 0.3]
 * ```
 */
export function runningMeanDistances(distances: readonly number[]): number[] {
  const mean = new RunningMeanDistance();
  const means: number[] = [];
  for (let start = 0; start < distances.length;) {
    const end = start + mean.images;
    if (end > distances.length) {
      throw new RangeError(
        `distances must number N (N - 1) / 2 for some N: ${distances.length} end within those of image ${mean.images}`,
      );
    }
    means.push(mean.add(distances.slice(start, end)));
    start = end;
  }
  return means;
}
