/**
 * Training batches: shifted and mirrored images, normalized. Which shift and which side an image gets depends on the
 * seed, the epoch and the image's number, not on its place in a batch.
 *
 * @module
 */
import type { PixelSet } from "../data/mod.ts";
import type { Normalization } from "../networks/mod.ts";
import { createRandom } from "../random.ts";
import type { Recipe } from "./recipe.ts";

const SIZE = 32;
const IMAGE = SIZE * SIZE * 3;

/** Lookup from byte to normalized value, [3][256]. */
export type NormalizationTable = readonly Float32Array[];

/** The normalized value of every byte in every channel: (byte / 255 - mean) / std. */
export function normalizationTable({ mean, std }: Normalization): NormalizationTable {
  return mean.map((m, c) => Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - m) / std[c]));
}

/** Index into 0 .. 31 of a coordinate that may lie outside, by reflection about the edge pixels. */
function reflect(x: number): number {
  if (x < 0) return -x;
  return x < SIZE ? x : 2 * SIZE - 2 - x;
}

/**
 * Images of a batch, augmented by a recipe.
 *
 * @param order numbers of the images, the batch's part of the epoch's permutation.
 * @returns shape [order.length, 32, 32, 3].
 */
export function augmentedBatch(
  images: PixelSet,
  order: Uint32Array,
  table: NormalizationTable,
  recipe: Pick<Recipe, "shift" | "flip">,
  seed: number,
  epoch: number,
): Float32Array {
  const out = new Float32Array(order.length * IMAGE);
  for (let i = 0; i < order.length; i++) {
    const image = order[i];
    const random = createRandom(seed, "augment", epoch, image);
    const dy = random.integer(-recipe.shift, recipe.shift);
    const dx = random.integer(-recipe.shift, recipe.shift);
    const firstSide = createRandom(seed, "side", image).integer(0, 1);
    const mirrored = recipe.flip && (firstSide + epoch) % 2 === 1;
    for (let y = 0; y < SIZE; y++) {
      const row = image * IMAGE + reflect(y + dy) * SIZE * 3;
      for (let x = 0; x < SIZE; x++) {
        const from = row + reflect((mirrored ? SIZE - 1 - x : x) + dx) * 3;
        const to = i * IMAGE + (y * SIZE + x) * 3;
        out[to] = table[0][images.pixels[from]];
        out[to + 1] = table[1][images.pixels[from + 1]];
        out[to + 2] = table[2][images.pixels[from + 2]];
      }
    }
  }
  return out;
}

/** Images as they are, normalized, from number `start` on: shape [count, 32, 32, 3]. */
export function plainBatch(
  images: PixelSet,
  start: number,
  count: number,
  table: NormalizationTable,
): Float32Array {
  const out = new Float32Array(count * IMAGE);
  for (let i = 0; i < out.length; i++) out[i] = table[i % 3][images.pixels[start * IMAGE + i]];
  return out;
}
