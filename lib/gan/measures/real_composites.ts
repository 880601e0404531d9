/**
 * Real photographs in place of a generator. They follow label and mask by construction, so that their measures show
 * what a perfect generator would reach.
 *
 * @module
 */
import { imagesOf, type PixelSet } from "../../data/mod.ts";
import { deriveSeed } from "../../random.ts";
import { type ImageGenerator, LATENT } from "../network/image_generator.ts";
import { IMAGE, PIXELS, SIZE } from "../masks/planes.ts";
import { composite } from "../masks/training_masks.ts";

/**
 * A generator that pastes one real image of the label into another along the mask. The latent decides which two.
 *
 * @param images at least one of each label that is asked for.
 * @throws {RangeError} from `generate()` when there is no image of a label.
 */
export function createRealComposites(images: PixelSet): ImageGenerator {
  const ofLabel = new Map<number, number[]>();
  images.labels.forEach((label, i) => {
    if (ofLabel.has(label)) ofLabel.get(label)!.push(i);
    else ofLabel.set(label, [i]);
  });
  return {
    name: "real composites",
    generate: ({ latents, labels, masks }) => {
      const count = labels.length;
      const data = new Float32Array(count * IMAGE);
      for (let i = 0; i < count; i++) {
        const choice = ofLabel.get(labels[i]);
        if (choice === undefined) throw new RangeError(`there is no image of label ${labels[i]}`);
        const latent = [...latents.subarray(i * LATENT, i * LATENT + 4)];
        const [inside, outside] = ["inside", "outside"].map((part) =>
          imagesOf(images, [choice[(deriveSeed(part, ...latent) >>> 0) % choice.length]]).data
        );
        data.set(composite(inside, outside, masks.subarray(i * PIXELS, (i + 1) * PIXELS)), i * IMAGE);
      }
      return { count, height: SIZE, width: SIZE, data };
    },
    dispose: () => {},
  };
}
