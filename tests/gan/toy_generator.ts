/** A generator that needs no training: what the parts of its images depend on is known. */
import { InputError } from "../../lib/errors.ts";
import { type ImageGenerator, LATENT } from "../../lib/gan/network/image_generator.ts";

/** Grey of the blue channel: the latent's first number, brought into [0, 1]. */
export function blueOf(latents: ArrayLike<number>, image: number): number {
  return 1 / (1 + Math.exp(-latents[image * LATENT]));
}

/**
 * Red is the label in tenths all over the image, green the mask, blue a function of the latent.
 *
 * @param onBatch called with the number of images of each call.
 */
export function toyGenerator(onBatch: (images: number) => void = () => {}): ImageGenerator {
  return {
    name: "toy",
    generate({ latents, labels, masks }) {
      const count = labels.length;
      onBatch(count);
      if (Array.from(labels).some((label) => !(label >= 0 && label < 10))) throw new InputError("no such label");
      const data = new Float32Array(count * 32 * 32 * 3);
      for (let pixel = 0; pixel < count * 32 * 32; pixel++) {
        const image = Math.floor(pixel / (32 * 32));
        data[3 * pixel] = labels[image] / 10;
        data[3 * pixel + 1] = masks[pixel];
        data[3 * pixel + 2] = blueOf(latents, image);
      }
      return { count, height: 32, width: 32, data };
    },
    dispose() {},
  };
}
