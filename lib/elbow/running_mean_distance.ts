/**
 * Mean pairwise distance d_I of the first I images, kept up to date as images arrive: a new image costs the distances to
 * its predecessors and nothing else.
 *
 *     d_I = (2 / (I (I - 1))) sum over i<j<I of distance(i, j)
 *
 * @see Alic et al. (2025), section 2.3
 * @example Three images
 * ```ts
 * const mean = new RunningMeanDistance();
 * mean.add([0.5]); // 0.5, the distance of the first two
 * mean.add([0.2, 0.2]); // 0.3
 * ```
 */
export class RunningMeanDistance {
  #images = 1;
  #sum = 0;

  /** Number of images I so far: 1 before the first call of {@linkcode add}. */
  get images(): number {
    return this.#images;
  }

  /**
   * Takes in the next image.
   *
   * @param distances its distance to each earlier image, in order: as many as there are, each finite and not negative.
   * @returns d_I over all images so far, the new one included.
   * @throws {RangeError} when the count is wrong, or a distance is negative or not finite.
   */
  add(distances: readonly number[]): number {
    if (distances.length !== this.#images) {
      throw new RangeError(
        `image ${this.#images} has ${this.#images} earlier images, got ${distances.length} distances`,
      );
    }
    let sum = this.#sum;
    for (const [j, distance] of distances.entries()) {
      if (!(distance >= 0 && distance < Infinity)) {
        throw new RangeError(
          `the distance of images ${this.#images} and ${j} must be finite and at least 0, got ${distance}`,
        );
      }
      sum += distance;
    }
    this.#sum = sum;
    this.#images++;
    return sum / (this.#images * (this.#images - 1) / 2);
  }
}
