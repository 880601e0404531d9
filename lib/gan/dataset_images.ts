import { type Dataset, type PixelSet, readPixels } from "../data/mod.ts";
import { InputError } from "../errors.ts";
import { MASK_SIZE } from "./masks/mod.ts";
import { LABEL_NAMES } from "./network/mod.ts";

/** Images that the generator is trained on and measured by, in memory. */
export interface DatasetImages {
  readonly train: PixelSet;
  readonly test: PixelSet;
}

/**
 * Reads the images of a dataset that has the generator's labels.
 *
 * @throws {InputError} when the dataset has other classes, or its images are of another size.
 */
export async function readDatasetImages({ title, classes, train, test }: Dataset): Promise<DatasetImages> {
  if (classes.join() !== LABEL_NAMES.join()) {
    throw new InputError(
      `the generator has the labels ${LABEL_NAMES.join(", ")}, and ${title} has ${
        classes.join(", ") || "none"
      }; give a dataset of the same labels`,
    );
  }
  const images = { train: await readPixels(train), test: await readPixels(test) };
  for (const { height, width } of [images.train, images.test]) {
    if (height !== MASK_SIZE || width !== MASK_SIZE) {
      throw new InputError(
        `the generator makes images of ${MASK_SIZE}x${MASK_SIZE} px, and those of ${title} are ${width}x${height}; ` +
          `give a dataset of ${MASK_SIZE}x${MASK_SIZE} px`,
      );
    }
  }
  return images;
}
