/**
 * Weight arrays to tensors and back. Files hold PyTorch's layouts (convolutions [out, in, height, width], dense layers
 * [out, in]), so that a file of ours loads into PyTorch and the other way round; tensors hold TensorFlow's (convolutions
 * [height, width, in, out], dense layers [in, out]).
 *
 * @module
 */
import { dataOf, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import type { WeightArray } from "../weights/safetensors.ts";

/** Weights by name, in PyTorch's layouts. */
export type Weights = ReadonlyMap<string, WeightArray>;

/**
 * The array of a name, checked.
 *
 * @throws {InputError} when it is missing, has another shape or holds a number that is not finite.
 */
export function takeWeight(weights: Weights, name: string, shape: readonly number[], source: string): WeightArray {
  const array = weights.get(name);
  if (array === undefined) {
    throw new InputError(`${source} has no tensor ${name}; is it the weight file of another network?`);
  }
  if (array.shape.join() !== shape.join()) {
    throw new InputError(
      `${source}: ${name} has shape [${array.shape}] instead of [${shape}]; is it the weight file of another network?`,
    );
  }
  if (!array.data.every(Number.isFinite)) {
    throw new InputError(`${source}: ${name} holds a number that is not finite; use an intact weight file`);
  }
  return array;
}

/** PyTorch's layout to TensorFlow's: rank 4 OIHW to HWIO, rank 2 transposed, others as they are. */
export function toTensor(array: WeightArray): tf.Tensor {
  return tf.tidy(() => {
    const tensor = tf.tensor(array.data, [...array.shape]);
    if (array.shape.length === 4) return tensor.transpose([2, 3, 1, 0]);
    return array.shape.length === 2 ? tensor.transpose([1, 0]) : tensor;
  });
}

/** TensorFlow's layout to PyTorch's: the inverse of `toTensor`. */
export function toWeightArray(tensor: tf.Tensor): WeightArray {
  const order = tensor.rank === 4 ? [3, 2, 0, 1] : tensor.rank === 2 ? [1, 0] : [0];
  return { shape: order.map((axis) => tensor.shape[axis]), data: dataOf(() => tensor.transpose(order)) };
}
