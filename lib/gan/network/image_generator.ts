/**
 * What the rest of the project asks of a generator of images.
 *
 * @module
 */
import { createRandom } from "../../random.ts";
import type { ImageBatch } from "../../types.ts";

/** Numbers in a latent. */
export const LATENT = 128;
/** Number of labels, CIFAR-10's. */
export const LABELS = 10;

/** What images are made of: N latents, N labels and N masks. */
export interface Conditions {
  /** Standard normal numbers, shape [N, LATENT]. */
  readonly latents: Float32Array;
  /** CIFAR-10's numbers of the classes, 0 .. 9, length N. */
  readonly labels: ArrayLike<number>;
  /** Masks, shape [N, 32, 32], in [0, 1]; 1 is foreground. */
  readonly masks: Float32Array;
}

/** A generator of 32 x 32 images by latent, label and mask. */
export interface ImageGenerator {
  /** Its name, such as `gan-cifar10`. */
  readonly name: string;
  /**
   * Image i depends on condition i alone, not on what else is in the batch.
   *
   * @param conditions any number of them: they are worked through in batches of fixed size.
   * @returns shape [N, 32, 32, 3].
   * @throws {InputError} when lengths do not fit each other, or a label is none of CIFAR-10's.
   */
  generate(conditions: Conditions): ImageBatch;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * Latent number `index` of a seed: the same whatever else is drawn.
 *
 * @returns LATENT standard normal numbers.
 */
export function latentOf(seed: number, index: number): Float32Array {
  const random = createRandom(seed, "latent", index);
  return Float32Array.from({ length: LATENT }, () => random.normal());
}
