import { InputError } from "../../errors.ts";
import type { LabelledImages } from "../../data/mod.ts";
import type { Random } from "../../random.ts";
import {
  drawImages,
  linearFeatures,
  nearDuplicate,
  type PlantedFeatures,
  shiftAndBrighten,
  standardize,
} from "./features.ts";

/** Features that have near-duplicates, and how many each. */
export interface VariantCounts {
  /** Number of distinct features. */
  readonly features: number;
  /** How many of them, the first ones, have near-duplicates. */
  readonly withVariants: number;
  /** Near-duplicates of each of those. */
  readonly variants: number;
}

/** Side of a local patch in pixels. */
const PATCH = 12;

/**
 * Linear features.
 *
 * `template`: a whole real image, zero-mean. `patch`: a square of 12 x 12 pixels of one, where it stands; the rest of the
 * image does not count.
 *
 * @param dataset where the images are drawn from: not that of the starts of ascent.
 * @param size side of the images in pixels.
 * @throws {InputError} when a patch is larger than the images.
 */
export function templateFeatures(
  kind: "template" | "patch",
  dataset: LabelledImages,
  { features, withVariants, variants }: VariantCounts,
  size: number,
  random: Random,
): PlantedFeatures {
  if (kind === "patch" && size < PATCH) {
    throw new InputError(`patches are of ${PATCH} px, which images of ${size} px cannot hold; ask for larger images`);
  }
  const images = drawImages(dataset, features, size, random);
  const corner = () => random.integer(0, size - PATCH);
  const corners = images.map(() => ({ top: corner(), left: corner() }));
  const template = (image: Float32Array, { top, left }: { top: number; left: number }) =>
    kind === "template" ? standardize(image) : standardize(image, (pixel) => {
      const [y, x] = [Math.floor(pixel / size) - top, pixel % size - left];
      return y >= 0 && y < PATCH && x >= 0 && x < PATCH;
    });
  const templates = images.map((image, i) => template(image, corners[i]));
  const sets = images.slice(0, withVariants).map((image, i) => [
    i,
    ...Array.from({ length: variants }, () => {
      const change = nearDuplicate(random);
      const within = (value: number) => Math.max(0, Math.min(size - PATCH, value));
      const { top, left } = corners[i];
      const moved = { top: within(top + change.dy), left: within(left + change.dx) }; // the patch goes with its content
      return templates.push(template(shiftAndBrighten(image, change), moved)) - 1;
    }),
  ]);
  return { ...linearFeatures(templates), variants: sets };
}
