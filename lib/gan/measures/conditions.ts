/**
 * What is asked of a generator to measure it: as many images of each label, with masks that no training saw.
 *
 * @module
 */
import { type LabelledImages, toImageBatch } from "../../data/mod.ts";
import { createRandom, deriveSeed, permutation } from "../../random.ts";
import { type Conditions, LABELS, LATENT, latentOf } from "../network/image_generator.ts";
import { MASK_SIZE, randomShape } from "../masks/shapes.ts";
import { silhouette } from "../masks/silhouette.ts";

/** Where the masks of a measure come from: silhouettes of test images of the label, or shapes drawn at random. */
export type MaskKind = "silhouette" | "shape";

/** A sequence of conditions without end: condition i has label i mod 10. */
export interface MeasureConditions {
  /** Test images in the order of the labels 0 .. 9, 0 .. 9, ...: condition i has the silhouette of number `testImage(i)`. */
  testImage(index: number): number;
  /** Conditions start .. start + count - 1; each depends on its index alone. */
  part(kind: MaskKind, start: number, count: number): Conditions;
}

/**
 * Conditions of a seed.
 *
 * @param test at least one image of each label; those of a label are taken in random order, again and again.
 * @throws {RangeError} when a label has no image.
 */
export function createConditions(test: LabelledImages, seed: number): MeasureConditions {
  const ofLabel = Array.from({ length: LABELS }, (_, label) => {
    const all = [...test.labels.keys()].filter((i) => test.labels[i] === label);
    if (all.length === 0) throw new RangeError(`there is no test image of label ${label}`);
    return Array.from(permutation(all.length, createRandom(seed, "test images", label)), (i) => all[i]);
  });
  const testImage = (index: number) => {
    const images = ofLabel[index % LABELS];
    return images[Math.floor(index / LABELS) % images.length];
  };
  return {
    testImage,
    part: (kind, start, count) => {
      const latents = new Float32Array(count * LATENT);
      const masks = new Float32Array(count * MASK_SIZE * MASK_SIZE);
      const latentSeed = deriveSeed(seed, "measure", kind);
      for (let i = 0; i < count; i++) {
        const index = start + i;
        latents.set(latentOf(latentSeed, index), i * LATENT);
        const mask = kind === "shape"
          ? randomShape(createRandom(seed, "measured shape", index))
          : silhouette(toImageBatch(test, [testImage(index)]).data);
        masks.set(mask, i * MASK_SIZE * MASK_SIZE);
      }
      return { latents, labels: Array.from({ length: count }, (_, i) => (start + i) % LABELS), masks };
    },
  };
}
