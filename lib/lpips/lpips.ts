/**
 * The published LPIPS metric, version 0.1: a learned perceptual distance between images.
 *
 * @see Zhang et al. (2018), "The unreasonable effectiveness of deep features as a perceptual metric"
 * @see https://github.com/richzhang/PerceptualSimilarity
 * @module
 */
import { computesOnCard, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import { type Colour, normalizeColours, type PerceptualNetwork } from "../networks/mod.ts";
import type { ImageBatch, Size } from "../types.ts";
import { createDeviceSequence } from "./device_sequence.ts";
import { pooledFeatures, squaredDistance } from "./pooled_features.ts";
import { createHead, squaredDistances, type UnitVector, unitVector } from "./unit_features.ts";

/**
 * Mean and deviation of ImageNet's colours: the metric's published shift (-.030, -.088, -.188) and scale (.458, .448, .450),
 * which are of pixels in [-1, 1], for pixels in [0, 1].
 */
const MEAN: Colour = [(1 - .030) / 2, (1 - .088) / 2, (1 - .188) / 2];
const STD: Colour = [.458 / 2, .448 / 2, .450 / 2];

/**
 * Images per forward pass of a sequence. Every pass has the same number, blank ones included, so that kernels which choose
 * their way of summing by the size of the batch cannot make a distance depend on how a sequence was cut. With 16 an image
 * would take a third longer, since AlexNet's weights are rearranged at each pass.
 */
const LARGEST_PASS = 32;
/** Larger images go fewer at a time, for memory. */
const PIXELS_PER_PASS = LARGEST_PASS * 64 * 64;

/**
 * Largest image that is compared, in pixels. Two of 2^22 pixels took 1.5 GB by AlexNet, so two of the largest take some 4 GB;
 * the others' first maps are larger, and their limits smaller by about as much (not measured).
 */
const MAX_PIXELS: Readonly<Record<PerceptualNetwork["name"], number>> = {
  alex: 2 ** 24,
  squeeze: 2 ** 23,
  vgg: 2 ** 21,
};

/** A distance and what each layer contributes to it. */
export interface LpipsDistance {
  /** LPIPS, at least 0; 0 for equal images. */
  readonly distance: number;
  /** Contributions of the network's layers, from the first to the last; their sum is the distance. */
  readonly layers: readonly number[];
}

/** All pairwise distances of a growing sequence of images, each image going through the network once. */
export interface LpipsSequence {
  /** Number of images so far. */
  readonly count: number;
  /**
   * Appends images; one call ends before the next begins. The bits returned do not depend on how the sequence is cut into calls.
   *
   * @param images images of the size of those before.
   * @returns for each new image in turn, its distances to all earlier images of the sequence, from the first on: for image
   * j (from 0), j numbers.
   * @throws {InputError} when the images are of another size than those before, too small for the network, or have pixels
   * outside [0, 1].
   */
  add(images: ImageBatch): Promise<number[]>;
  /**
   * Squared Euclidean distances of the images' pooled features, in the order of the distances that `add` gave: image j to
   * images 0 .. j - 1, for j = 1, 2, ... Unlike LPIPS they do not depend on where in an image something is.
   */
  pooledDistances(): number[];
  /** Forgets the images and their features. */
  dispose(): void;
}

/** The metric with one network. */
export interface Lpips {
  readonly net: PerceptualNetwork["name"];
  readonly version: "0.1";
  /** Side in pixels to which images are resized first; null where they are compared at their own size. */
  readonly resize: number | null;
  /**
   * The distance of two images.
   *
   * @param a one image.
   * @param b one image of the same size.
   * @throws {InputError} when the sizes differ, are too small for the network or too large for memory, pixels are outside [0, 1], or features are
   * not finite.
   */
  distance(a: ImageBatch, b: ImageBatch): Promise<LpipsDistance>;
  /**
   * The images as the metric sees them, each having gone through the network once: LPIPS of two is `squaredDistances` of their
   * vectors.
   *
   * @param images where the metric resizes, vectors of calls with images of other sizes can be compared.
   * @returns a vector of each image, in their order: 130 kB an image at 64 px with AlexNet, 6 MB at most with VGG-16.
   * @throws {InputError} when the images are too small for the network, or have pixels outside [0, 1].
   */
  features(images: ImageBatch): Promise<UnitVector[]>;
  /** An empty sequence. It keeps each image's features: 83 kB an image at 64 px with AlexNet, 2 MB at most with VGG-16. */
  createSequence(): LpipsSequence;
  /** What a sequence keeps of an image where it lies on a card, in bytes; missing where that is not known. */
  bytesPerImage?(size: Size): number;
  /** Frees the network. */
  dispose(): void;
}

/** How images reach the network. */
export interface LpipsOptions {
  /** Side in pixels to which images are resized first, bilinearly, pixel centres at one half; their own size if absent. */
  readonly resize?: number;
  /** Whether sequences are computed where their features are, and only distances are read; by default on a card. */
  readonly onDevice?: boolean;
}

/** Passes of a sequence on a card take so many times the images. */
const LARGER_ON_DEVICE = 8;

/**
 * LPIPS v0.1 with a network and the heads learned for it.
 *
 * Pixels are scaled to [-1, 1], shifted and scaled per colour; each feature map is divided by its channels' norm at every
 * position; the squared differences, weighted by the heads, are summed over channels, averaged over positions and summed
 * over layers.
 *
 * @param network taken over: `dispose()` frees it.
 * @param heads learned channel weights of each layer, non-negative, of the network's `channels`.
 * @throws {InputError} when `resize` is not a whole number of pixels that the network can take.
 * @throws {RangeError} when the heads do not fit the network.
 */
export function createLpips(
  network: PerceptualNetwork,
  heads: readonly Float32Array[],
  options: LpipsOptions = {},
): Lpips {
  const { resize } = options;
  if (heads.map((head) => head.length).join() !== network.channels.join()) {
    throw new RangeError(`heads of ${heads.map((head) => head.length)} channels do not fit ${network.channels}`);
  }
  const largest = Math.floor(Math.sqrt(MAX_PIXELS[network.name]));
  if (resize !== undefined && !(Number.isInteger(resize) && resize >= network.minimumSize && resize <= largest)) {
    throw new InputError(
      `cannot resize to ${resize} px: LPIPS with ${network.name} needs a whole number from ${network.minimumSize} to ` +
        `${largest}`,
    );
  }

  const ownHeads = heads.map(createHead);

  /** Feature maps of images in one forward pass, one [count, positions, channels] per layer. */
  const featureMaps = (pixels: Float32Array, count: number, height: number, width: number): tf.Tensor4D[] =>
    tf.tidy(() => {
      // before resizing, which keeps means and is linear: there are fewer pixels yet
      const images = tf.tensor4d(normalizeColours(pixels, MEAN, STD), [count, height, width, 3]);
      const sized = resize === undefined || (resize === height && resize === width)
        ? images
        : tf.image.resizeBilinear(images, [resize, resize], false, true);
      return network.features(sized);
    });

  /**
   * Takes images through the network, a few at a time.
   *
   * @param onVector called with each image's vector in turn, and its channels summed over positions, which are used again.
   */
  const eachVector = async (
    images: ImageBatch,
    onVector: (vector: UnitVector, sums: readonly Float64Array[]) => void,
  ): Promise<void> => {
    const imageLength = images.height * images.width * 3;
    const pixelsPerImage = resize === undefined ? images.height * images.width : resize * resize;
    const sums = network.channels.map((channels) => new Float64Array(channels));
    const pass = Math.min(LARGEST_PASS, Math.max(1, Math.floor(PIXELS_PER_PASS / pixelsPerImage)));
    for (let start = 0; start < images.count; start += pass) {
      const count = Math.min(pass, images.count - start);
      const pixels = new Float32Array(pass * imageLength);
      pixels.set(images.data.subarray(start * imageLength, (start + count) * imageLength));
      const maps = featureMaps(pixels, pass, images.height, images.width);
      const arrays = await Promise.all(maps.map((map) => map.data() as Promise<Float32Array>));
      tf.dispose(maps);
      for (let i = 0; i < count; i++) {
        const ofImage = arrays.map((array) => array.subarray(i * array.length / pass, (i + 1) * array.length / pass));
        sums.forEach((layer) => layer.fill(0));
        onVector(unitVector(ofImage, ownHeads, sums), sums);
      }
    }
  };

  const sequenceOnDevice = (): LpipsSequence => {
    let first: ImageBatch | undefined;
    let count = 0;
    const sequence = createDeviceSequence({
      maps: (some) => featureMaps(some.data, some.count, some.height, some.width),
      heads,
      imagesPerPass: LARGER_ON_DEVICE * LARGEST_PASS,
    });
    return {
      get count() {
        return count;
      },
      add: async (images) => {
        checkImages(images, network, resize);
        if (first !== undefined) checkSameSize(first, images);
        first ??= { ...images, count: 0, data: new Float32Array(0) };
        const distances = await sequence.add(images);
        count += images.count;
        return distances;
      },
      pooledDistances: sequence.pooledDistances,
      dispose: () => {
        sequence.dispose();
        first = undefined;
        count = 0;
      },
    };
  };

  return {
    net: network.name,
    version: "0.1",
    resize: resize ?? null,
    distance: async (a, b) => {
      checkImages(a, network, resize);
      checkImages(b, network, resize);
      if (a.count !== 1 || b.count !== 1) {
        throw new InputError(`LPIPS compares one image with one, not ${a.count} with ${b.count}`);
      }
      checkSameSize(a, b);
      const pixels = new Float32Array(a.data.length * 2);
      pixels.set(a.data);
      pixels.set(b.data, a.data.length);
      const maps = featureMaps(pixels, 2, a.height, a.width);
      const arrays = await Promise.all(maps.map((map) => map.data() as Promise<Float32Array>));
      tf.dispose(maps);
      const layers = arrays.map((data, layer) => {
        const [first, second] = [0, 1].map((i) =>
          unitVector([data.subarray(i * data.length / 2, (i + 1) * data.length / 2)], [ownHeads[layer]])
        );
        return squaredDistances(first, [second])[0];
      });
      const bad = layers.findIndex((term) => !Number.isFinite(term));
      if (bad >= 0) {
        throw new InputError(
          `LPIPS with ${network.name} is ${layers[bad]} at layer ${
            bad + 1
          }: the features there are no finite numbers, ` +
            "so the network's weights are too large; use its published ones",
        );
      }
      return { distance: layers.reduce((sum, term) => sum + term, 0), layers };
    },
    features: async (images) => {
      checkImages(images, network, resize);
      const vectors: UnitVector[] = [];
      await eachVector(images, (vector) => vectors.push(vector));
      return vectors;
    },
    bytesPerImage: ({ height, width }) =>
      tf.tidy(() => {
        const maps = featureMaps(new Float32Array(height * width * 3), 1, height, width);
        return 4 * maps.reduce((sum, { size, shape: [, , , channels] }) => sum + size + channels, 0);
      }),
    createSequence: () => {
      if (options.onDevice ?? computesOnCard()) return sequenceOnDevice();
      let known: UnitVector[] = [];
      let pooled: Float32Array[] = [];
      let first: ImageBatch | undefined;
      return {
        get count() {
          return known.length;
        },
        add: async (images) => {
          checkImages(images, network, resize);
          if (first !== undefined) checkSameSize(first, images);
          first ??= { ...images, count: 0, data: new Float32Array(0) };
          const distances: number[] = [];
          await eachVector(images, (vector, sums) => {
            distances.push(...squaredDistances(vector, known));
            known.push(vector);
            pooled.push(pooledFeatures(sums));
          });
          return distances;
        },
        pooledDistances: () =>
          pooled.flatMap((vector, j) => pooled.slice(0, j).map((other) => squaredDistance(vector, other))),
        dispose: () => {
          known = [];
          pooled = [];
          first = undefined;
        },
      };
    },
    dispose: () => network.dispose(),
  };
}

function checkImages(images: ImageBatch, network: PerceptualNetwork, resize: number | undefined): void {
  const { count, height, width, data } = images;
  if (data.length !== count * height * width * 3) {
    throw new InputError(`${data.length} numbers are not ${count} RGB images of ${width}x${height} px`);
  }
  // a plain loop: ten times faster than every(), which would cost as much as the network's first layer
  for (let i = 0; i < data.length; i++) {
    if (!(data[i] >= 0 && data[i] <= 1)) throw new InputError(`LPIPS takes pixels in [0, 1], and one is ${data[i]}`);
  }
  if (resize === undefined && height * width > MAX_PIXELS[network.name]) {
    throw new InputError(
      `images of ${width}x${height} px are too large for LPIPS with ${network.name}, which takes up to ` +
        `${MAX_PIXELS[network.name]} pixels; let them be resized, as by --resize 1024`,
    );
  }
  if (resize === undefined && Math.min(height, width) < network.minimumSize) {
    throw new InputError(
      `images of ${width}x${height} px are too small for LPIPS with ${network.name}, which needs at least ` +
        `${network.minimumSize} px on each side; let them be resized, as by --resize 64`,
    );
  }
}

function checkSameSize(a: ImageBatch, b: ImageBatch): void {
  if (a.height !== b.height || a.width !== b.width) {
    throw new InputError(
      `LPIPS compares images of one size, not ${a.width}x${a.height} with ${b.width}x${b.height} px; resize one of them`,
    );
  }
}
