import { tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { LabelledImages } from "../../data/mod.ts";
import type { Random } from "../../random.ts";
import { drawImages, linearFeatures, type PlantedFeatures, standardize } from "./features.ts";
import type { VariantCounts } from "./templates.ts";

/** Side of a texture's kernel in pixels. */
const KERNEL = 7;

interface Grating {
  /** Direction of the waves in radians. */
  readonly angle: number;
  /** Waves across the image. */
  readonly frequency: number;
  /** Amplitudes of red, green and blue. */
  readonly colour: readonly [number, number, number];
}

/**
 * Features of a texture, wherever in the image its waves or patches lie.
 *
 * The first half are oriented gratings: the length of the pair of inner products with a sine and a cosine wave, which does
 * not depend on the phase. The others are textures: the mean over every second position of the squared, rectified convolution with a
 * 7 x 7 piece of a real image. Near-duplicates turn a grating by up to 4 degrees and change its frequency by up to 4 %; they
 * move a texture's piece by a pixel.
 *
 * @param size side of the images in pixels.
 * @throws {InputError} when a piece is larger than the images.
 */
export function textureFeatures(
  dataset: LabelledImages,
  { features, withVariants, variants }: VariantCounts,
  size: number,
  random: Random,
): PlantedFeatures {
  if (size < KERNEL + 2) {
    throw new InputError(
      `textures are cut from squares of ${
        KERNEL + 2
      } px, which images of ${size} px cannot hold; ask for larger images`,
    );
  }
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const isGrating = (i: number) => i % 2 === 0;
  const gratings: Grating[] = [];
  const kernels: Float32Array[] = [];
  /** Where feature i is: the n-th grating or the n-th kernel. */
  const places: { readonly grating: boolean; readonly at: number }[] = [];
  const images = drawImages(dataset, features, size, random);
  const addGrating = (grating: Grating) => places.push({ grating: true, at: gratings.push(grating) - 1 }) - 1;
  const addKernel = (kernel: Float32Array) => places.push({ grating: false, at: kernels.push(kernel) - 1 }) - 1;
  const pieces: { top: number; left: number }[] = [];
  for (let i = 0; i < features; i++) {
    const piece = {
      top: random.integer(1, size - KERNEL - 1),
      left: random.integer(1, size - KERNEL - 1),
    };
    pieces.push(piece);
    if (isGrating(i)) {
      addGrating({
        angle: between(0, Math.PI),
        frequency: between(2, 9),
        colour: [between(-1, 1), between(-1, 1), between(-1, 1)],
      });
    } else addKernel(cut(images[i], piece, size));
  }
  const sets = Array.from({ length: withVariants }, (_, i) => [
    i,
    ...Array.from({ length: variants }, () => {
      if (!isGrating(i)) {
        const { top, left } = pieces[i];
        return addKernel(
          cut(images[i], { top: top + random.integer(-1, 1), left: left + random.integer(-1, 1) }, size),
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

function cut(image: Float32Array, { top, left }: { top: number; left: number }, size: number): Float32Array {
  const piece = new Float32Array(KERNEL * KERNEL * 3);
  for (let y = 0; y < KERNEL; y++) {
    const from = ((top + y) * size + left) * 3;
    piece.set(image.subarray(from, from + KERNEL * 3), y * KERNEL * 3);
  }
  return standardize(piece);
}

function wave({ angle, frequency, colour }: Grating, phase: number, size: number): Float32Array {
  const values = new Float32Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const along = (x * Math.cos(angle) + y * Math.sin(angle)) / size;
      const value = Math.sin(2 * Math.PI * frequency * along + phase);
      for (let c = 0; c < 3; c++) values[(y * size + x) * 3 + c] = colour[c] * value;
    }
  }
  return standardize(values);
}
