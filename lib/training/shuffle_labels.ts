import type { PixelSet } from "../data/mod.ts";
import { createRandom, permutation } from "../random.ts";

/**
 * The same images with their labels dealt out anew: as many of each class, but none that says anything of its image. What a
 * network learns from them it has memorized.
 *
 * @param seed of the permutation.
 * @see Zhang et al. (2017), "Understanding deep learning requires rethinking generalization"
 */
export function shuffleLabels(images: PixelSet, seed: number): PixelSet {
  const order = permutation(images.count, createRandom(seed, "shuffled labels"));
  return { ...images, labels: Uint8Array.from(order, (image) => images.labels[image]) };
}
