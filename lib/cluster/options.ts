import type { Matrix } from "../types.ts";
import { CRITERIA, type Criterion } from "./choose_k.ts";
import { squaredDistance } from "./distances.ts";
import { coordinatesOfDistances } from "./rotate_to_span.ts";

/** How to cluster the embeddings of one unit. */
export interface ClusterOptions {
  /** What chooses K. */
  readonly criterion: Criterion;
  /** Price of one more cluster for `sse-penalty`, which needs it: at least 0, in units of the inertia. */
  readonly beta?: number;
  /** Factor on the penalty of `pelleg-moore` and `spherical`, at least 0; default 1, the plain BIC. */
  readonly lambda?: number;
  /** Greatest K to try, at least 1; `"I-1"` as the paper does. K never exceeds I - 1, except that one image is one cluster. */
  readonly kMax: number | "I-1";
  /** Whether K is at most floor(I / 2) too, so that a cluster holds two images on average. */
  readonly halfCap: boolean;
  /** Starts of k-means for each K, at least 1; default 10. */
  readonly restarts?: number;
  /** Seed of the starts and of the reference sets of `gap`, a 32-bit integer. */
  readonly seed: number;
  /** Whether to scale each embedding to unit length, after `mean` is subtracted. One without length stays at the origin. */
  readonly normalize: boolean;
  /** What to subtract from each embedding before clustering, length D: the mean embedding of the training images. */
  readonly mean?: ArrayLike<number>;
  /**
   * Fewest images of a cluster, at least 1, the default: once K is chosen, the images of smaller ones join the nearest of the
   * others, and K is what is left.
   */
  readonly minClusterSize?: number;
  /** Another squared distance of the images, added to that of the embeddings; none if absent. */
  readonly perceptual?: PerceptualDistances;
}

/** Squared Euclidean distances in a space beside that of the embeddings: LPIPS is one. */
export interface PerceptualDistances {
  /** Distances of image j to images 0 .. j - 1, for j = 1 .. I - 1 in turn: I (I - 1) / 2 numbers, none negative. */
  readonly distances: ArrayLike<number>;
  /** What one unit of it counts in squared distances of the clustered embeddings, at least 0; 0 leaves it out. */
  readonly weight: number;
}

/**
 * Rejects options that are out of range.
 *
 * @throws {RangeError} naming the option and its value.
 */
export function checkOptions(options: Omit<ClusterOptions, "criterion"> & { criterion?: Criterion }): void {
  const { criterion, beta, lambda = 1, kMax, restarts = 10, seed, minClusterSize = 1, perceptual } = options;
  if (criterion !== undefined && !CRITERIA.includes(criterion)) {
    throw new RangeError(`criterion must be one of ${CRITERIA.join(", ")}, got ${criterion}`);
  }
  if (criterion === "sse-penalty" && beta === undefined) throw new RangeError("criterion sse-penalty needs beta");
  if (beta !== undefined && !(beta >= 0 && beta < Infinity)) {
    throw new RangeError(`beta must be finite and at least 0, got ${beta}`);
  }
  if (!(lambda >= 0 && lambda < Infinity)) throw new RangeError(`lambda must be finite and at least 0, got ${lambda}`);
  if (kMax !== "I-1" && !(Number.isInteger(kMax) && kMax >= 1)) {
    throw new RangeError(`kMax must be an integer of at least 1, or "I-1", got ${kMax}`);
  }
  if (!(Number.isInteger(restarts) && restarts >= 1)) {
    throw new RangeError(`restarts must be an integer of at least 1, got ${restarts}`);
  }
  if (!(Number.isInteger(minClusterSize) && minClusterSize >= 1)) {
    throw new RangeError(`minClusterSize must be an integer of at least 1, got ${minClusterSize}`);
  }
  if (perceptual !== undefined && !(perceptual.weight >= 0 && perceptual.weight < Infinity)) {
    throw new RangeError(`the perceptual weight must be finite and at least 0, got ${perceptual.weight}`);
  }
  if (seed !== (seed | 0) && seed !== seed >>> 0) throw new RangeError(`seed must be a 32-bit integer, got ${seed}`);
}

/** Greatest K to try for I images. */
export function greatestK(images: number, { kMax, halfCap }: Pick<ClusterOptions, "kMax" | "halfCap">): number {
  const caps = [images - 1, halfCap ? Math.floor(images / 2) : Infinity, kMax === "I-1" ? Infinity : kMax];
  return Math.max(1, Math.min(...caps));
}

/** Sums of squares that are smaller may have lost digits to the smallest numbers there are. */
const SMALLEST_SQUARES = 1e-280;

/** Relative error of distances in 32 bits. */
const SINGLE_PRECISION = 1e-7;

/**
 * The points to cluster: the embeddings less `mean`, scaled to unit length if `normalize` says so; with `perceptual`
 * distances, points whose squared distances are those of the embeddings plus the weighted others: the two spaces side by
 * side, in coordinates of their own. In 64-bit numbers.
 *
 * @throws {RangeError} when there is no embedding, one is not finite, or the shapes disagree.
 */
export function clusteredSpace(
  embeddings: Matrix,
  { mean, normalize, perceptual }: Pick<ClusterOptions, "mean" | "normalize" | "perceptual">,
): number[][] {
  const points = embeddingSpace(embeddings, { mean, normalize });
  if (perceptual === undefined || perceptual.weight === 0) return points;
  const { distances, weight } = perceptual;
  const pairs = points.length * (points.length - 1) / 2;
  if (distances.length !== pairs) {
    throw new RangeError(`${points.length} images have ${pairs} perceptual distances, got ${distances.length}`);
  }
  for (let i = 0; i < pairs; i++) {
    if (!(distances[i] >= 0 && distances[i] < Infinity)) {
      throw new RangeError(`perceptual distance ${i} is ${distances[i]}, not a finite number of at least 0`);
    }
  }
  let pair = 0;
  const sums = points.map((point, i) =>
    points.slice(0, i).map((other) => squaredDistance(point, other) + weight * distances[pair++])
  );
  return coordinatesOfDistances(sums, SINGLE_PRECISION);
}

function embeddingSpace(
  embeddings: Matrix,
  { mean, normalize }: Pick<ClusterOptions, "mean" | "normalize">,
): number[][] {
  const { rows, cols, data } = embeddings;
  if (!(rows >= 1 && cols >= 1)) throw new RangeError(`clustering needs at least one embedding, got ${rows} x ${cols}`);
  if (data.length !== rows * cols) {
    throw new RangeError(`${rows} x ${cols} embeddings need ${rows * cols} numbers, got ${data.length}`);
  }
  if (mean !== undefined && mean.length !== cols) {
    throw new RangeError(`the mean embedding must have ${cols} components, got ${mean.length}`);
  }
  return Array.from({ length: rows }, (_, i) => {
    const point = new Array<number>(cols);
    let squares = 0;
    for (let d = 0; d < cols; d++) {
      const value = data[i * cols + d] - (mean === undefined ? 0 : mean[d]);
      if (!Number.isFinite(value)) {
        throw new RangeError(`component ${d} of embedding ${i} is ${value}, not a finite number`);
      }
      point[d] = value;
      squares += value * value;
    }
    if (!Number.isFinite(squares)) {
      throw new RangeError(
        `embedding ${i} has squared norm ${squares}, too large to cluster: divide all embeddings by one number`,
      );
    }
    if (normalize) {
      const norm = squares >= SMALLEST_SQUARES ? Math.sqrt(squares) : Math.hypot(...point);
      if (norm > 0) { for (let d = 0; d < cols; d++) point[d] /= norm; }
    }
    return point;
  });
}
