/**
 * What is measured of a generator while it trains: less than by `measureGenerator`, and in seconds.
 *
 * @module
 */
import { imagesOf, indexRange, type PixelSet } from "../../data/mod.ts";
import type { ImageGenerator } from "../network/image_generator.ts";
import { createJudge } from "../measures/classifier.ts";
import { createConditions } from "../measures/conditions.ts";
import { featureStatistics, frechetDistance } from "../measures/frechet.ts";

/** A point of the curve. */
export interface CurvePoint {
  /**
   * Squared Frechet distance of the judge's features from those of test images. It is biased upwards, since images are
   * few.
   */
  readonly frechet: number;
  /** Share of images in which the judge sees the label that was asked for, in [0, 1]. */
  readonly labelShare: number;
}

/** Measures a generator now and then. */
export interface CurveMeasure {
  measure(generator: ImageGenerator): CurvePoint;
  /** Frees the judge. */
  dispose(): void;
}

/** Test images in memory at once. */
const BATCH = 250;

/**
 * Loads the judge, and computes what generated images are compared with. The backend must be ready (`useBackend`).
 *
 * @param test at least one image of each label; masks are silhouettes of them.
 * @param count images to generate, under the same conditions every time.
 * @param reference test images to compare with.
 * @throws {InputError} when the judge's weights are missing or altered.
 */
export async function createCurveMeasure(
  test: PixelSet,
  { count = 2000, reference = 5000 }: { readonly count?: number; readonly reference?: number } = {},
): Promise<CurveMeasure> {
  const judge = await createJudge();
  const features = new Float32Array(Math.min(reference, test.count) * 512);
  const rows = features.length / 512;
  for (let start = 0; start < rows; start += BATCH) {
    const images = imagesOf(test, indexRange(start, Math.min(rows, start + BATCH)));
    features.set(judge.judge(images).features.data, start * 512);
  }
  const moments = featureStatistics({ rows, cols: 512, data: features });
  const conditions = createConditions(test, 0).part("silhouette", 0, count);
  return {
    measure: (generator) => {
      const judged = judge.judge(generator.generate(conditions));
      let right = 0;
      for (let i = 0; i < count; i++) right += Number(judged.labels[i] === conditions.labels[i]);
      return { frechet: frechetDistance(judged.features, moments), labelShare: right / count };
    },
    dispose: () => judge.dispose(),
  };
}
