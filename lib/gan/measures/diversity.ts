/**
 * How much images of one label differ from each other, and how near images are to training images.
 *
 * @module
 */
import { meanSimple } from "simple-statistics";
import { dataOf, tf } from "../../engine/mod.ts";
import type { Lpips } from "../../lpips/mod.ts";
import type { ImageBatch, Matrix } from "../../types.ts";
import { LABELS } from "../network/image_generator.ts";

/** Distances between images of the same label. */
export interface LabelDiversity {
  /** Images of each label. */
  readonly perLabel: number;
  /** Mean over the labels of the mean LPIPS of all pairs of images of a label. */
  readonly mean: number;
  /** The mean LPIPS of each label. */
  readonly byLabel: readonly number[];
}

/**
 * Mean LPIPS of pairs of images of the same label.
 *
 * @param images shape [10 n, 32, 32, 3], n at least 2; the label of image i is i mod 10.
 * @throws {RangeError} when the labels do not have equally many images, or fewer than 2.
 */
export async function labelDiversity(
  lpips: Pick<Lpips, "createSequence">,
  images: ImageBatch,
): Promise<LabelDiversity> {
  const { count, height, width, data } = images;
  const perLabel = count / LABELS;
  if (!(Number.isInteger(perLabel) && perLabel >= 2)) {
    throw new RangeError(`distances within ${LABELS} labels need at least 2 images of each, got ${count} in all`);
  }
  const perImage = height * width * 3;
  const byLabel: number[] = [];
  for (let label = 0; label < LABELS; label++) {
    const ofLabel = new Float32Array(perLabel * perImage);
    for (let i = 0; i < perLabel; i++) {
      const from = (i * LABELS + label) * perImage;
      ofLabel.set(data.subarray(from, from + perImage), i * perImage);
    }
    const sequence = lpips.createSequence();
    byLabel.push(meanSimple(await sequence.add({ count: perLabel, height, width, data: ofLabel })));
    sequence.dispose();
  }
  return { perLabel, mean: meanSimple(byLabel), byLabel };
}

/** Distances of queries to the nearest of features that come in batches. */
export interface NearestFeatures {
  /** Compares the queries with more features, shape [M, D]. */
  add(features: Matrix): void;
  /** Distance of each query to the nearest of all features so far, length N; infinite before the first. */
  distances(): Float64Array;
}

/**
 * Euclidean distances of queries to the nearest of features that come in batches. No batch is kept.
 *
 * @param queries shape [N, D].
 */
export function createNearestFeatures(queries: Matrix): NearestFeatures {
  const { rows, cols } = queries;
  const data = Float32Array.from(queries.data);
  const nearest = new Float64Array(rows).fill(Infinity);
  const squareOf = (matrix: Matrix, row: number) => {
    let square = 0;
    for (let j = 0; j < cols; j++) square += matrix.data[row * cols + j] ** 2;
    return square;
  };
  return {
    add: (features) => {
      if (features.cols !== cols) throw new RangeError(`features of ${features.cols} dimensions instead of ${cols}`);
      const squares = Float32Array.from({ length: features.rows }, (_, i) => squareOf(features, i));
      const least = dataOf(() => {
        const products = tf.matMul(
          tf.tensor2d(data, [rows, cols]),
          tf.tensor2d(Float32Array.from(features.data), [features.rows, cols]),
          false,
          true,
        );
        return tf.min(tf.sub(tf.tensor2d(squares, [1, features.rows]), tf.mul(products, 2)), 1);
      });
      for (let i = 0; i < rows; i++) nearest[i] = Math.min(nearest[i], least[i]);
    },
    // |q - t|^2 = |q|^2 + (|t|^2 - 2 q.t), which rounding may make negative when q equals t
    distances: () => nearest.map((least, i) => Math.sqrt(Math.max(0, squareOf(queries, i) + least))),
  };
}
