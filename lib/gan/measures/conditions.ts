/**
 * What a generator is asked for when it is measured: equally many images of each label, under masks that training never
 * saw.
 *
 * @module
 */
import { imagesOf, type PixelSet } from "../../data/mod.ts";
import { createRandom, deriveSeed, permutation } from "../../random.ts";
import { type Condition, type Conditions, joinConditions, LABELS, latentOf } from "../network/image_generator.ts";
import { randomShape } from "../masks/shapes.ts";
import { silhouette } from "../masks/silhouette.ts";

/** What masks are: silhouettes of test images of the same label, or random shapes. */
export type MaskKind = "silhouette" | "shape";

/** An endless sequence of conditions. Condition i has label i mod 10. */
export interface MeasureConditions {
  /** Index of the test image whose silhouette is the mask of a condition. */
  testImage(index: number): number;
  /** Conditions `start` to `start + count - 1`. Each depends on its index alone. */
  part(kind: MaskKind, start: number, count: number): Conditions;
}

/**
 * The conditions of a seed.
 *
 * @param test at least one image of each label. The images of a label are taken in random order, then again from the
 *   first.
 * @throws {RangeError} when a label has no image.
 */
export function createConditions(test: PixelSet, seed: number): MeasureConditions {
  const ofLabel = Array.from({ length: LABELS }, (_, label) => {
    const all = [...test.labels.keys()].filter((i) => test.labels[i] === label);
    if (all.length === 0) throw new RangeError(`there is no test image of label ${label}`);
    return Array.from(permutation(all.length, createRandom(seed, "test images", label)), (i) => all[i]);
  });
  const testImage = (index: number) => {
    const images = ofLabel[index % LABELS];
    return images[Math.floor(index / LABELS) % images.length];
  };
  const conditionOf = (kind: MaskKind, latentSeed: number, index: number): Condition => ({
    latent: latentOf(latentSeed, index),
    label: index % LABELS,
    mask: kind === "shape"
      ? randomShape(createRandom(seed, "measured shape", index))
      : silhouette(imagesOf(test, [testImage(index)]).data),
  });
  return {
    testImage,
    part: (kind, start, count) => {
      const latentSeed = deriveSeed(seed, "measure", kind);
      return joinConditions(Array.from({ length: count }, (_, i) => conditionOf(kind, latentSeed, start + i)));
    },
  };
}
