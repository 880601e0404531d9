/**
 * What a unit's answer to an image is made of: the share of each unit of the layer below.
 *
 * @module
 */
import { imagesThatFit, tf } from "../engine/mod.ts";
import type { Network } from "../networks/mod.ts";
import type { ImageBatch, Matrix } from "../types.ts";
import { equalParts } from "../equal_parts.ts";
import { reduceSpace } from "./objective.ts";
import type { ActivationOptions } from "./options.ts";

/** Images in one pass at most. */
const LARGEST_BATCH = 64;

/**
 * Gradient times activation at a layer below, for each image, summed over positions: to first order, what each of that
 * layer's units contributes to the unit's activation.
 *
 * @param layer the unit's layer.
 * @param below a layer that the unit's values are computed from.
 * @param images of the network's size.
 * @returns shape [N, units of the layer below]; null where the unit has no gradient at that layer, as where another branch
 * leads to it, and where the network does not let gradients be seen.
 * @throws {RangeError} when the network has no such layer or unit.
 * @see Dreyer et al. (2024), "PURE: Turning Polysemantic Neurons Into Pure Features by Identifying Relevant Circuits"
 */
export async function attributions(
  network: Network,
  layer: string,
  unit: number,
  below: string,
  images: ImageBatch,
  options: ActivationOptions,
): Promise<Matrix | null> {
  const { count, height, width, data } = images;
  const perImage = height * width * 3;
  const pass = (pixels: tf.Tensor4D) => contributions(network, layer, unit, below, pixels, options);
  const batch = await imagesThatFit(
    {
      of: network,
      name: `attributions ${layer} ${below}`,
      size: network.input,
      run: (pixels) => pass(pixels)?.dispose(),
    },
    LARGEST_BATCH,
  );
  const parts: Float32Array[] = [];
  const bounds = equalParts(count, batch);
  for (const [i, start] of bounds.slice(0, -1).entries()) {
    const some = bounds[i + 1] - start;
    const pixels = tf.tensor4d(data.subarray(start * perImage, (start + some) * perImage), [some, height, width, 3]);
    const shares = pass(pixels);
    pixels.dispose();
    if (shares === null) return null;
    parts.push(await shares.data() as Float32Array);
    shares.dispose();
  }
  const cols = parts.reduce((sum, { length }) => sum + length, 0) / count;
  const shares = new Float32Array(count * cols);
  parts.reduce((at, part) => {
    shares.set(part, at);
    return at + part.length;
  }, 0);
  return { rows: count, cols, data: shares };
}

/** One pass; the tensor is the caller's. */
function contributions(
  network: Network,
  layer: string,
  unit: number,
  below: string,
  images: tf.Tensor4D,
  options: ActivationOptions,
): tf.Tensor2D | null {
  let shares: tf.Tensor2D | null = null;
  const watch = tf.customGrad((x, save) => {
    const values = x as tf.Tensor;
    (save as tf.GradSaveFunc)([values]);
    return {
      value: values.clone(),
      gradFunc: (dy, saved) => {
        const products = tf.mul(dy as tf.Tensor, (saved as tf.Tensor[])[0]);
        const [count] = products.shape;
        const units = products.shape[products.rank - 1];
        shares = tf.keep(tf.tidy(() => tf.sum<tf.Tensor2D>(products.reshape([count, -1, units]), 1)));
        return dy as tf.Tensor;
      },
    };
  });
  const gradient = tf.grad((pixels: tf.Tensor) => {
    const [values] = network.activations(
      pixels as tf.Tensor4D,
      [layer, below],
      (name, x) => name === below ? watch(x) : x,
    );
    const activations = reduceSpace(values, options);
    if (!(unit >= 0 && unit < activations.shape[1])) {
      throw new RangeError(`no unit ${unit} among ${activations.shape[1]}`);
    }
    return activations.slice([0, unit], [-1, 1]).sum();
  });
  tf.tidy(() => void gradient(images));
  return shares;
}

/** The layers below another that its units have a gradient at, nearest first, as far as they were looked for. */
const found = new WeakMap<Network, Map<string, string[]>>();

/**
 * The nearest layers below another at which its units have a gradient, in the order of the network.
 *
 * @param count how many.
 * @returns fewer where there are no more; none where the network does not let gradients be seen.
 * @throws {RangeError} when the network has no such layer.
 */
export function layersBelow(network: Network, layer: string, options: ActivationOptions, count: number): string[] {
  const at = network.layers.findIndex(({ name }) => name === layer);
  if (at < 0) throw new RangeError(`${network.name} has no layer ${layer}`);
  const key = JSON.stringify([layer, count, options]);
  const known = found.get(network) ?? new Map<string, string[]>();
  found.set(network, known);
  const before = known.get(key);
  if (before !== undefined) return before;
  const { height, width } = network.input;
  const below: string[] = [];
  for (let i = at - 1; i >= 0 && below.length < count; i--) {
    const { name } = network.layers[i];
    const pixels = tf.randomUniform<tf.Rank.R4>([1, height, width, 3], 0, 1, "float32", 0);
    const shares = contributions(network, layer, 0, name, pixels, options);
    tf.dispose([pixels, ...(shares === null ? [] : [shares])]);
    if (shares !== null) below.push(name);
  }
  known.set(key, below);
  return below;
}

/** The layer in whose features images repel each other: the nearest below, or the one before where none is known; null for the first. */
export function featureLayer(network: Network, layer: string, options: ActivationOptions): string | null {
  const at = network.layers.findIndex(({ name }) => name === layer);
  return layersBelow(network, layer, options, 1)[0] ?? network.layers[at - 1]?.name ?? null;
}
