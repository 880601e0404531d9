import { InputError } from "../../errors.ts";
import type { ImageSource } from "../../data/mod.ts";
import type { Random } from "../../random.ts";
import type { Size } from "../../types.ts";
import {
  drawImages,
  linearFeatures,
  nearDuplicate,
  type PlantedFeatures,
  shiftAndBrighten,
  sizeText,
  standardize,
} from "./features.ts";

/** How many features there are, and how many near-duplicates. */
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

/** Where a patch lies in its image. */
interface Corner {
  readonly top: number;
  readonly left: number;
}

/**
 * Linear features.
 *
 * `template`: a whole real image, zero-mean. `patch`: a square of 12 x 12 pixels of a real image, zero-mean and in its place;
 * the rest of the image does not count.
 *
 * @param source where the images are drawn from: not that of the starts of ascent.
 * @param size of the images.
 * @throws {InputError} when a patch is larger than the images.
 */
export async function templateFeatures(
  kind: "template" | "patch",
  source: ImageSource,
  { features, withVariants, variants }: VariantCounts,
  size: Size,
  random: Random,
): Promise<PlantedFeatures> {
  const { height, width } = size;
  if (kind === "patch" && Math.min(height, width) < PATCH) {
    throw new InputError(
      `patches are of ${PATCH} px, which images of ${sizeText(size)} px cannot hold; ask for larger images`,
    );
  }
  const images = await drawImages(source, features, size, random);
  // a whole image has no use for its corner, and may be smaller than a patch
  const cornerAlong = (side: number) => random.integer(0, Math.max(0, side - PATCH));
  const corners = images.map((): Corner => ({ top: cornerAlong(height), left: cornerAlong(width) }));
  const template = (image: Float32Array, { top, left }: Corner) =>
    kind === "template" ? standardize(image) : standardize(image, (pixel) => {
      const [y, x] = [Math.floor(pixel / width) - top, pixel % width - left];
      return y >= 0 && y < PATCH && x >= 0 && x < PATCH;
    });
  const templates = images.map((image, i) => template(image, corners[i]));
  const sets = images.slice(0, withVariants).map((image, i) => [
    i,
    ...Array.from({ length: variants }, () => {
      const change = nearDuplicate(random);
      const within = (value: number, side: number) => Math.max(0, Math.min(side - PATCH, value));
      const { top, left } = corners[i];
      // the patch goes with its content
      const moved = { top: within(top + change.dy, height), left: within(left + change.dx, width) };
      return templates.push(template(shiftAndBrighten(image, size, change), moved)) - 1;
    }),
  ]);
  return { ...linearFeatures(templates), variants: sets };
}
