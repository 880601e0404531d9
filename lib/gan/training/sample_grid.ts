/**
 * Samples side by side: a row for each label, a column for each mask or latent.
 *
 * @module
 */
import type { ImageBatch } from "../../types.ts";
import { type ImageGenerator, joinConditions, LABEL_NAMES, latentOf } from "../network/image_generator.ts";
import { type Mask, MASK_SIZE } from "../masks/shapes.ts";

/** A column of a grid. */
export interface GridColumn {
  /** What stands above it, such as `disk`. */
  readonly name: string;
  readonly mask: Mask;
  /** Index of the latent of all its images. */
  readonly latent: number;
}

/** Images by label and column. */
export interface SampleGrid {
  /** Names of the rows. */
  readonly labels: readonly string[];
  readonly columns: readonly GridColumn[];
  /** Images row by row, shape [labels x columns, 32, 32, 3]. */
  readonly images: ImageBatch;
  /** The mask of each column as a grey image, shape [columns, 32, 32, 3]. */
  readonly masks: ImageBatch;
}

/**
 * Generates an image for each label and column. Columns of the same latent show what the mask does, columns of the same
 * mask what the latent does.
 *
 * @param labels numbers of the labels of the rows.
 * @param columns at least one.
 * @param seed of the latents.
 * @throws {InputError} when there is no such label.
 */
export function sampleGrid(
  generator: ImageGenerator,
  labels: readonly number[],
  columns: readonly GridColumn[],
  seed: number,
): SampleGrid {
  const pixels = MASK_SIZE ** 2;
  const conditions = labels.flatMap((label) =>
    columns.map(({ latent, mask }) => ({ latent: latentOf(seed, latent), label, mask }))
  );
  return {
    labels: labels.map((label) => LABEL_NAMES[label]),
    columns,
    images: generator.generate(joinConditions(conditions)),
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
