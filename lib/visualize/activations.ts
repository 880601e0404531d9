/**
 * Activations of given images: what the dataset itself does to a layer's units.
 *
 * @see Alic et al. (2025), section 3
 * @module
 */
import { dataOf, tf } from "../engine/mod.ts";
import { type LabelledImages, toImageBatch } from "../data/mod.ts";
import type { Network } from "../networks/mod.ts";
import type { ImageBatch, Matrix } from "../types.ts";
import { reduceSpace } from "./objective.ts";
import type { ActivationOptions } from "./options.ts";

const BATCH = 500;

/**
 * Activations of all units of a layer on images of the network's size.
 *
 * @returns shape [N, units].
 */
export function imageActivations(
  network: Network,
  layer: string,
  images: ImageBatch,
  options: ActivationOptions,
): Matrix {
  const data = dataOf(() => {
    const { count, height, width } = images;
    const x = tf.tensor4d(images.data, [count, height, width, 3]);
    const size = network.inputSize;
    const sized = height === size && width === size ? x : tf.image.resizeBilinear(x, [size, size], false, true);
    return reduceSpace(network.activations(sized, layer), options);
  });
  return { rows: images.count, cols: data.length / images.count, data };
}

/** Activations of all units of a layer on a labelled dataset, shape [N, units]; streams in batches. */
export function datasetActivations(
  network: Network,
  layer: string,
  dataset: LabelledImages,
  options: ActivationOptions,
): Matrix {
  const units = network.layers.find(({ name }) => name === layer)!.units;
  const data = new Float32Array(dataset.count * units);
  for (let start = 0; start < dataset.count; start += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, dataset.count - start) }, (_, i) => start + i);
    data.set(imageActivations(network, layer, toImageBatch(dataset, indices), options).data, start * units);
  }
  return { rows: dataset.count, cols: units, data };
}
