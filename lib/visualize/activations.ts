/**
 * Computes layers' activations on given images.
 *
 * @see Alic et al. (2025), section 3
 * @module
 */
import { type ImageSource, indexRange } from "../data/mod.ts";
import { imagesThatFit, inBatches, readAll, tf } from "../engine/mod.ts";
import type { Network } from "../networks/mod.ts";
import type { ImageBatch, Matrix } from "../types.ts";
import { imagesTogether } from "./images_together.ts";
import { reduceSpace } from "./objective.ts";
import type { ActivationOptions } from "./options.ts";

/** Most images in one forward pass. */
const BATCH = 500;

/** What is read of a layer: the activations of all its units, as one number each. */
export interface LayerReading {
  readonly layer: string;
  readonly options: ActivationOptions;
}

/**
 * Reads layers while images go through the network once. Images of another size are resized to the network's.
 *
 * @param readings a layer may come more than once, with other options.
 * @returns for each reading in turn, shape [N, units].
 */
export async function imageActivations(
  network: Network,
  readings: readonly LayerReading[],
  images: ImageBatch,
): Promise<Matrix[]> {
  const { count, height, width } = images;
  const layers = [...new Set(readings.map(({ layer }) => layer))];
  const arrays = await readAll(() => {
    const x = tf.tensor4d(images.data, [count, height, width, 3]);
    const size = network.input;
    const sized = height === size.height && width === size.width
      ? x
      : tf.image.resizeBilinear(x, [size.height, size.width], false, true);
    const activations = network.activations(sized, layers);
    return readings.map(({ layer, options }) => reduceSpace(activations[layers.indexOf(layer)], options));
  });
  return arrays.map((data) => ({ rows: count, cols: data.length / count, data }));
}

/** Which images of a source. */
export interface ImageRange {
  /** Index of the first. */
  readonly from: number;
  /** One more than the index of the last. */
  readonly to: number;
}

/**
 * Reads layers while the images of a source go through the network once, in batches. An image's activations do not depend on
 * which others are read with it.
 *
 * @param onProgress called with the number of images done.
 * @returns for each reading in turn, shape [to - from, units].
 */
export async function datasetActivations(
  network: Network,
  readings: readonly LayerReading[],
  source: ImageSource,
  { from, to }: ImageRange = { from: 0, to: source.count },
  onProgress: (images: number) => void = () => {},
): Promise<Matrix[]> {
  const units = readings.map(({ layer }) => network.layers.find(({ name }) => name === layer)!.units);
  const whole = units.map((cols) => ({ rows: to - from, cols, data: new Float32Array((to - from) * cols) }));
  // both the images as they come and as the network takes them are in memory
  const layers = [...new Set(readings.map(({ layer }) => layer))];
  const fitting = await imagesThatFit({
    of: network,
    name: `forward ${layers.join()}`,
    size: network.input,
    run: (images) => network.activations(images, layers),
  }, BATCH);
  const batch = Math.min(fitting, imagesTogether(BATCH, source.size ?? network.input));
  await inBatches(to - from, batch, async (first, end) => {
    const parts = await imageActivations(network, readings, await source.images(indexRange(from + first, from + end)));
    parts.forEach(({ data }, i) => whole[i].data.set(data, first * units[i]));
    onProgress(end);
  });
  return whole;
}
