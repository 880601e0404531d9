import { tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { ImageSource } from "../../data/mod.ts";
import type { Random } from "../../random.ts";
import type { Size } from "../../types.ts";
import { drawImages, linearFeatures, type PlantedFeatures, sizeText, standardize } from "./features.ts";
import type { VariantCounts } from "./templates.ts";

/** Side of a texture's kernel in pixels. */
const KERNEL = 7;

interface Grating {
  /** Direction of the waves in radians. */
  readonly angle: number;
  /** Waves across the image, along its longer side. */
  readonly frequency: number;
  /** Amplitudes of red, green and blue. */
  readonly colour: readonly [number, number, number];
}

/**
 * Textures: features that count wherever in an image they lie.
 *
 * Every second feature, from the first on, is an oriented grating: the length of the pair of inner products with a sine and
 * a cosine wave, which does not depend on the phase. The others are 7 x 7 pieces of real images: the mean, over every second
 * position, of the squared, rectified convolution with the piece. A near-duplicate of a grating is turned by up to 4 degrees
 * and has a frequency that is up to 4 % higher or lower; one of a piece is cut a pixel away at most.
 *
 * @param source where the images are drawn from.
 * @param size of the images.
 * @throws {InputError} when a piece is larger than the images.
 */
export async function textureFeatures(
  source: ImageSource,
  { features, withVariants, variants }: VariantCounts,
  size: Size,
  random: Random,
): Promise<PlantedFeatures> {
  const { height, width } = size;
  const square = KERNEL + 2; // a piece, and a pixel around it for its near-duplicates
  if (Math.min(height, width) < square) {
    throw new InputError(
      `textures are cut from squares of ${square} px, which images of ${
        sizeText(size)
      } px cannot hold; ask for larger ` +
        "images",
    );
  }
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const isGrating = (i: number) => i % 2 === 0;
  const gratings: Grating[] = [];
  const kernels: Float32Array[] = [];
  /** Where feature i is: the n-th grating or the n-th kernel. */
  const places: { readonly grating: boolean; readonly at: number }[] = [];
  const images = await drawImages(source, features, size, random);
  const addGrating = (grating: Grating) => places.push({ grating: true, at: gratings.push(grating) - 1 }) - 1;
  const addKernel = (kernel: Float32Array) => places.push({ grating: false, at: kernels.push(kernel) - 1 }) - 1;
  const pieces: { top: number; left: number }[] = [];
  for (let i = 0; i < features; i++) {
    const piece = {
      top: random.integer(1, height - KERNEL - 1),
      left: random.integer(1, width - KERNEL - 1),
    };
    pieces.push(piece);
    if (isGrating(i)) {
      addGrating({
        angle: between(0, Math.PI),
        frequency: between(2, 9),
        colour: [between(-1, 1), between(-1, 1), between(-1, 1)],
      });
    } else addKernel(cut(images[i], piece, width));
  }
  const sets = Array.from({ length: withVariants }, (_, i) => [
    i,
    ...Array.from({ length: variants }, () => {
      if (!isGrating(i)) {
        const { top, left } = pieces[i];
        return addKernel(
          cut(images[i], { top: top + random.integer(-1, 1), left: left + random.integer(-1, 1) }, width),
        );
      }
      const { angle, frequency, colour } = gratings[places[i].at];
      const turn = 4 * Math.PI / 180;
      return addGrating({ angle: angle + between(-turn, turn), frequency: frequency * between(0.96, 1.04), colour });
    }),
  ]);

  const waves = linearFeatures(
    gratings.flatMap((grating) => [wave(grating, 0, size), wave(grating, Math.PI / 2, size)]),
  );
  const filter = tf.tidy(() =>
    tf.stack(kernels.map((kernel) => tf.tensor3d(kernel, [KERNEL, KERNEL, 3])), 3) as tf.Tensor4D
  );
  // columns come as gratings first, then kernels; this puts them in the order of the features
  const order = places.map(({ grating, at }) => grating ? at : gratings.length + at);
  const sorting = tf.tidy(() =>
    tf.oneHot(tf.tensor1d(order, "int32"), order.length).transpose().toFloat() as tf.Tensor2D
  );
  return {
    count: places.length,
    variants: sets,
    responses: (images) =>
      tf.tidy(() => {
        const pairs = waves.responses(images).reshape([images.shape[0], gratings.length, 2]);
        const lengths = pairs.square().sum(2).add(1e-6).sqrt();
        // the pieces are zero-mean, so the image's own mean does not matter
        const energies = tf.relu(tf.conv2d(images, filter, 2, "valid")).square().mean([1, 2]);
        return tf.concat([lengths, energies], 1).matMul(sorting) as tf.Tensor2D;
      }),
    dispose: () => {
      waves.dispose();
      tf.dispose([filter, sorting]);
    },
  };
}

/** A piece of an image of a width, standardized. */
function cut(image: Float32Array, { top, left }: { top: number; left: number }, width: number): Float32Array {
  const piece = new Float32Array(KERNEL * KERNEL * 3);
  for (let y = 0; y < KERNEL; y++) {
    const from = ((top + y) * width + left) * 3;
    piece.set(image.subarray(from, from + KERNEL * 3), y * KERNEL * 3);
  }
  return standardize(piece);
}

/** A grating as an image, standardized. */
function wave({ angle, frequency, colour }: Grating, phase: number, { height, width }: Size): Float32Array {
  const values = new Float32Array(height * width * 3);
  const longer = Math.max(height, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = (x * Math.cos(angle) + y * Math.sin(angle)) / longer;
      const value = Math.sin(2 * Math.PI * frequency * along + phase);
      for (let c = 0; c < 3; c++) values[(y * width + x) * 3 + c] = colour[c] * value;
    }
  }
  return standardize(values);
}
