/**
 * What the judge says of images that are made batch by batch and forgotten.
 *
 * @module
 */
import type { ImageBatch, Matrix } from "../../types.ts";
import type { Judge } from "./classifier.ts";

/** Images in memory at once. */
const BATCH = 250;

/** Which images a batch holds. */
export interface Batch {
  readonly start: number;
  readonly size: number;
}

/**
 * Divides images into batches of nearly equal size, so that none is a single image: a mask of another image needs two.
 */
export function batches(count: number): Batch[] {
  const parts = Math.ceil(count / BATCH);
  const ends = Array.from({ length: parts + 1 }, (_, i) => Math.round(i * count / parts));
  return Array.from({ length: parts }, (_, i) => ({ start: ends[i], size: ends[i + 1] - ends[i] }));
}

/**
 * Features and labels of images.
 *
 * @param make makes `size` images from number `start` on.
 * @param keep features of the first so many images are kept; default all.
 * @param onFeatures called with the features of each batch.
 */
export function judgeAll(
  judge: Judge,
  count: number,
  make: (start: number, size: number) => ImageBatch,
  { keep = count, onFeatures = () => {} }: {
    readonly keep?: number;
    readonly onFeatures?: (features: Matrix) => void;
  } = {},
): { readonly features: Matrix; readonly labels: Uint8Array } {
  const labels = new Uint8Array(count);
  let kept = new Float32Array(0);
  let cols = 0;
  for (const { start, size } of batches(count)) {
    const { features, labels: found } = judge.judge(make(start, size));
    if (kept.length === 0) {
      cols = features.cols;
      kept = new Float32Array(keep * cols);
    }
    labels.set(found, start);
    if (start < keep) kept.set(features.data.subarray(0, (keep - start) * cols), start * cols);
    onFeatures(features);
  }
  return { features: { rows: keep, cols, data: kept }, labels };
}
