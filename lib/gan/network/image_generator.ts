/**
 * What a generator of images is to the rest of the project.
 *
 * @module
 */
import { createRandom } from "../../random.ts";
import type { ImageBatch } from "../../types.ts";

/** How many numbers a latent has. */
export const LATENT = 128;
/**
 * Names of the labels, in the order of their numbers. The weights know numbers alone: which class of its training
 * images a number stood for belongs to the generator, and any other dataset is refused where one is needed.
 */
export const LABEL_NAMES: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];
/** Number of labels. */
export const LABELS = LABEL_NAMES.length;

/** What N images are made of: a latent, a label and a mask for each. */
export interface Conditions {
  /** Standard normal numbers, shape [N, LATENT]. */
  readonly latents: Float32Array;
  /** Numbers of the labels, 0 .. 9, length N. */
  readonly labels: ArrayLike<number>;
  /** Shape [N, 32, 32], in [0, 1]; 1 is foreground. */
  readonly masks: Float32Array;
}

/** What one image is made of. */
export interface Condition {
  /** LATENT numbers. */
  readonly latent: Float32Array;
  readonly label: number;
  /** Shape [32, 32]. */
  readonly mask: Float32Array;
}

/** The conditions of several images, in their order. */
export function joinConditions(each: readonly Condition[]): Conditions {
  const latents = new Float32Array(each.length * LATENT);
  const pixels = each[0]?.mask.length ?? 0;
  const masks = new Float32Array(each.length * pixels);
  each.forEach(({ latent, mask }, i) => {
    latents.set(latent, i * LATENT);
    masks.set(mask, i * pixels);
  });
  return { latents, labels: each.map(({ label }) => label), masks };
}

/** A generator of 32 x 32 images from latents, labels and masks. */
export interface ImageGenerator {
  /** Its name, such as `gan-cifar10`. */
  readonly name: string;
  /**
   * Generates an image for each condition. Image i depends on condition i alone, not on the others.
   *
   * @param conditions any number of them.
   * @returns shape [N, 32, 32, 3], in [0, 1].
   * @throws {InputError} when lengths do not fit each other, or there is no such label.
   */
  generate(conditions: Conditions): ImageBatch;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * The latent of a seed and an index. It does not depend on which others are drawn.
 *
 * @returns LATENT standard normal numbers.
 */
export function latentOf(seed: number, index: number): Float32Array {
  const random = createRandom(seed, "latent", index);
  return Float32Array.from({ length: LATENT }, () => random.normal());
}
