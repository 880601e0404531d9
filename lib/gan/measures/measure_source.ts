/**
 * The measures of one source of images: a generator, or real images in its place.
 *
 * @module
 */
import type { Lpips } from "../../lpips/mod.ts";
import { createRandom, deriveSeed } from "../../random.ts";
import type { ImageBatch, Matrix } from "../../types.ts";
import { IMAGE, SIZE } from "../masks/planes.ts";
import { type ImageGenerator, LABELS } from "../network/image_generator.ts";
import type { Judge } from "./classifier.ts";
import type { MaskKind, MeasureConditions } from "./conditions.ts";
import { type LabelDiversity, labelDiversity } from "./diversity.ts";
import { type FeatureStatistics, frechetDistance } from "./frechet.ts";
import { batches, judgeAll } from "./judge_all.ts";
import { type LabelFidelity, labelFidelity } from "./label_fidelity.ts";
import { correlateWithMasks, type MaskCorrelations, type MaskFidelity, maskFidelity } from "./mask_fidelity.ts";
import { measureMovedMask, type MovedMask } from "./moved_mask.ts";

/** Measures of a source. */
export interface SourceMeasures {
  /** Of images under silhouettes of test images. */
  readonly label: LabelFidelity;
  /** By what the masks are. */
  readonly masks: Readonly<Record<MaskKind, MaskFidelity>>;
  readonly movedMask: MovedMask;
  /** Squared Frechet distance of the judge's features from those of test images. */
  readonly frechet: number;
  /** LPIPS of images of the same label. */
  readonly diversity: LabelDiversity;
}

/** How many images of each kind are made. */
export interface SourcePlan {
  /** Under silhouettes of test images. */
  readonly count: number;
  /** Under random shapes. */
  readonly shapes: number;
  /** Latents under a moved mask. */
  readonly latents: number;
  /** Images of each label whose LPIPS is measured. */
  readonly perLabel: number;
}

/** What images are made from and measured by. */
export interface MeasureTools {
  readonly judge: Judge;
  readonly lpips: Lpips;
  readonly conditions: MeasureConditions;
  /** Of the test images' features. */
  readonly moments: FeatureStatistics;
  readonly seed: number;
  /** Called with the number of images that were made, and what they are. */
  readonly advance: (images: number, doing: string) => void;
}

/**
 * Measures a source. Its images are made batch by batch and forgotten.
 *
 * @returns the measures, and the features of the images under silhouettes.
 */
export async function measureSource(
  source: ImageGenerator,
  { count, shapes, latents, perLabel }: SourcePlan,
  { judge, lpips, conditions, moments, seed, advance }: MeasureTools,
): Promise<{ readonly measures: SourceMeasures; readonly features: Matrix }> {
  const kept = new Float32Array(perLabel * LABELS * IMAGE);
  const correlations: Record<MaskKind, MaskCorrelations[]> = { silhouette: [], shape: [] };
  const make = (kind: MaskKind, start: number, size: number): ImageBatch => {
    const asked = conditions.part(kind, start, size);
    const images = source.generate(asked);
    correlations[kind].push(correlateWithMasks(images, asked.masks, asked.labels));
    advance(size, source.name);
    return images;
  };
  const { features, labels } = judgeAll(judge, count, (start, size) => {
    const images = make("silhouette", start, size);
    if (start * IMAGE < kept.length) kept.set(images.data.subarray(0, kept.length - start * IMAGE), start * IMAGE);
    return images;
  });
  for (const { start, size } of batches(shapes)) make("shape", start, size);
  const asked = Uint8Array.from({ length: count }, (_, i) => i % LABELS);
  const fidelity = (kind: MaskKind) => maskFidelity(correlations[kind], createRandom(seed, "masks", kind));
  return {
    features,
    measures: {
      label: labelFidelity(asked, labels, createRandom(seed, "labels", "generated")),
      masks: { silhouette: fidelity("silhouette"), shape: fidelity("shape") },
      movedMask: measureMovedMask(source, {
        latents,
        seed: deriveSeed(seed, "moved mask"),
        onImages: (images) => advance(images, source.name),
      }),
      frechet: frechetDistance(features, moments),
      diversity: await labelDiversity(lpips, { count: perLabel * LABELS, height: SIZE, width: SIZE, data: kept }),
    },
  };
}
