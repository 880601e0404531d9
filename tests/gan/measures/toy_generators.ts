/** Generators whose faults are known, to measure the measures. */
import { type Conditions, type ImageGenerator, LATENT } from "../../../lib/gan/network/image_generator.ts";
import { imagesOf, type PixelSet } from "../../../lib/data/mod.ts";
import { deriveSeed } from "../../../lib/random.ts";

const SIDE = 32;

function toy(name: string, image: (conditions: Conditions, index: number) => Float32Array): ImageGenerator {
  return {
    name,
    generate: (conditions) => {
      const count = conditions.labels.length;
      const data = new Float32Array(count * SIDE * SIDE * 3);
      for (let i = 0; i < count; i++) data.set(image(conditions, i), i * SIDE * SIDE * 3);
      return { count, height: SIDE, width: SIDE, data };
    },
    dispose: () => {},
  };
}

/** A number of the latent's, unlike for any two. */
function hash({ latents }: Conditions, index: number): number {
  return deriveSeed("toy", ...latents.subarray(index * LATENT, index * LATENT + 4)) >>> 0;
}

/** Any of the images, whatever the label and the mask. */
export function ignoringAll(images: PixelSet): ImageGenerator {
  return toy(
    "ignoring all",
    (conditions, index) => imagesOf(images, [hash(conditions, index) % images.count]).data,
  );
}

/** The mask as brightness, of a grey that the latent chooses; the label is ignored. */
export function maskAsBrightness(): ImageGenerator {
  return toy("mask as brightness", (conditions, index) => {
    const mask = conditions.masks.subarray(index * SIDE * SIDE, (index + 1) * SIDE * SIDE);
    const dark = 0.2 * (hash(conditions, index) % 1000) / 1000;
    return Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => dark + 0.8 * mask[Math.floor(i / 3)]);
  });
}

/** The same picture always. */
export function collapsedOn(image: Float32Array): ImageGenerator {
  return toy("collapsed", () => image);
}
