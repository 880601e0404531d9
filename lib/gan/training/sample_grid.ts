/**
 * Samples side by side: labels down, masks or latents across.
 *
 * @module
 */
import { CIFAR10_CLASSES } from "../../data/mod.ts";
import type { ImageBatch } from "../../types.ts";
import { type ImageGenerator, LATENT, latentOf } from "../network/image_generator.ts";
import { type Mask, MASK_SIZE } from "../masks/shapes.ts";

/** A column of a grid. */
export interface GridColumn {
  /** What is written above it, such as `disk`. */
  readonly name: string;
  readonly mask: Mask;
  /** Number of the latent that all its images have. */
  readonly latent: number;
}

/** Images by label and column. */
export interface SampleGrid {
  /** Names of the rows. */
  readonly labels: readonly string[];
  readonly columns: readonly GridColumn[];
  /** Images row by row, shape [labels x columns, 32, 32, 3]. */
  readonly images: ImageBatch;
  /** The masks of the columns as grey images, shape [columns, 32, 32, 3]. */
  readonly masks: ImageBatch;
}

/**
 * Generates one image for each label and column: columns of one latent show what a mask does, columns of one mask what the
 * latent does.
 *
 * @param labels CIFAR-10's numbers of the rows.
 * @param columns at least one.
 * @param seed seed of the latents.
 * @throws {InputError} when a label is none of CIFAR-10's.
 */
export function sampleGrid(
  generator: ImageGenerator,
  labels: readonly number[],
  columns: readonly GridColumn[],
  seed: number,
): SampleGrid {
  const count = labels.length * columns.length;
  const pixels = MASK_SIZE ** 2;
  const latents = new Float32Array(count * LATENT);
  const masks = new Float32Array(count * pixels);
  for (let i = 0; i < count; i++) {
    const { latent, mask } = columns[i % columns.length];
    latents.set(latentOf(seed, latent), i * LATENT);
    masks.set(mask, i * pixels);
  }
  const repeated = Array.from({ length: count }, (_, i) => labels[Math.floor(i / columns.length)]);
  return {
    labels: labels.map((label) => CIFAR10_CLASSES[label]),
    columns,
    images: generator.generate({ latents, labels: repeated, masks }),
    masks: {
      count: columns.length,
      height: MASK_SIZE,
      width: MASK_SIZE,
      data: Float32Array.from(
        { length: columns.length * pixels * 3 },
        (_, i) => columns[Math.floor(i / (3 * pixels))].mask[Math.floor(i / 3) % pixels],
      ),
    },
  };
}
