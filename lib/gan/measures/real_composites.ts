/**
 * Real photographs in the place of a generator: what measures say of images that heed label and mask by construction.
 *
 * @module
 */
import { CIFAR10_SIZE, type LabelledImages, toImageBatch } from "../../data/mod.ts";
import { deriveSeed } from "../../random.ts";
import { type ImageGenerator, LATENT } from "../network/image_generator.ts";
import { composite } from "../masks/training_masks.ts";

const IMAGE = 3 * CIFAR10_SIZE * CIFAR10_SIZE;

/**
 * A generator that pastes one real image of the label into another, along the mask. The latent alone decides which two.
 *
 * @param images at least one of each label that will be asked for.
 * @throws {RangeError} from `generate()` when there is no image of a label.
 */
export function createRealComposites(images: LabelledImages): ImageGenerator {
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
          toImageBatch(images, [choice[(deriveSeed(part, ...latent) >>> 0) % choice.length]]).data
        );
        const side = CIFAR10_SIZE * CIFAR10_SIZE;
        data.set(composite(inside, outside, masks.subarray(i * side, (i + 1) * side)), i * IMAGE);
      }
      return { count, height: CIFAR10_SIZE, width: CIFAR10_SIZE, data };
    },
    dispose: () => {},
  };
}
