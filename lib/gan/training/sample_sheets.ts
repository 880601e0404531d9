/**
 * Sheets of samples to look at. Latents and masks are the same for every generator, so that sheets can be compared.
 *
 * @module
 */
import { contactSheet } from "../../images/mod.ts";
import type { PixelSet } from "../../data/mod.ts";
import type { ImageBatch } from "../../types.ts";
import { type ImageGenerator, LABELS } from "../network/image_generator.ts";
import { createConditions } from "../measures/conditions.ts";
import { type GridColumn, sampleGrid } from "./sample_grid.ts";
import { drawShape, MASK_SIZE, parseShape } from "../masks/shapes.ts";

/** The shapes of `maskSheet`, written as on the command line. */
export const SHEET_SHAPES = [
  "disk:x=-.4,y=.4,size=.4",
  "disk:x=.4,y=-.4,size=.4",
  "disk:size=.7",
  "ring:size=.8",
  "square:size=.6",
  "triangle:size=.8",
  "bar:size=.9,angle=30",
  "cross:size=.8",
  "half-left",
  "half-bottom",
  "letter-A:size=.9",
  "checker:size=.9",
] as const;

/**
 * A sheet of latents: a row for each label and a column for each of twelve latents. The mask of a column is the
 * silhouette of a test image; the top row shows it.
 *
 * @returns one image.
 */
export function labelSheet(generator: ImageGenerator, test: PixelSet): ImageBatch {
  const conditions = createConditions(test, 0);
  const columns = Array.from({ length: SHEET_SHAPES.length }, (_, i): GridColumn => ({
    name: `silhouette ${i}`,
    // a step of one more than the labels: each column takes an image of the next label
    mask: conditions.part("silhouette", i * (LABELS + 1), 1).masks,
    latent: i,
  }));
  return sheet(generator, columns);
}

/**
 * A sheet of shapes: a row for each label and a column for each of twelve shapes, which the top row shows. All images
 * have the same latent.
 *
 * @returns one image.
 */
export function maskSheet(generator: ImageGenerator, latent = 0): ImageBatch {
  const columns = SHEET_SHAPES.map((text): GridColumn => {
    const shape = parseShape(text);
    return { name: text, mask: drawShape(shape.name, shape), latent };
  });
  return sheet(generator, columns);
}

function sheet(generator: ImageGenerator, columns: readonly GridColumn[]): ImageBatch {
  const labels = Array.from({ length: LABELS }, (_, label) => label);
  const { images, masks } = sampleGrid(generator, labels, columns, 0);
  const data = new Float32Array(masks.data.length + images.data.length);
  data.set(masks.data);
  data.set(images.data, masks.data.length);
  const all = { count: masks.count + images.count, height: MASK_SIZE, width: MASK_SIZE, data };
  return contactSheet(all, { columns: columns.length, padding: 2, scale: 2 });
}
