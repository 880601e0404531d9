/**
 * What is measured of a generator now and then while it trains: less than `measureGenerator`, in seconds.
 *
 * @module
 */
import { type LabelledImages, toImageBatch } from "../../data/mod.ts";
import type { ImageGenerator } from "../network/image_generator.ts";
import { createJudge } from "../measures/classifier.ts";
import { createConditions } from "../measures/conditions.ts";
import { featureStatistics, frechetDistance } from "../measures/frechet.ts";

/** A point of the curve. */
export interface CurvePoint {
  /** Squared Frechet distance of features of generated images from those of test images. Biased upwards: few images. */
  readonly frechet: number;
  /** Share of images that the judge sees as what was asked for, in [0, 1]. */
  readonly labelShare: number;
}

/** Measures generators in training. */
export interface CurveMeasure {
  measure(generator: ImageGenerator): CurvePoint;
  /** Frees the judge. */
  dispose(): void;
}

const BATCH = 250;

/**
 * A measure by the features of our ResNet-18, with masks of test images.
 *
 * @param count images to generate, the same conditions every time.
 * @param reference test images to compare with.
 */
export async function createCurveMeasure(
  test: LabelledImages,
  { count = 2000, reference = 5000 }: { readonly count?: number; readonly reference?: number } = {},
): Promise<CurveMeasure> {
  const judge = await createJudge();
  const features = new Float32Array(Math.min(reference, test.count) * 512);
  const rows = features.length / 512;
  for (let start = 0; start < rows; start += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, rows - start) }, (_, i) => start + i);
    features.set(judge.judge(toImageBatch(test, numbers)).features.data, start * 512);
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
