/**
 * Weight arrays to tensors and back. Files hold PyTorch's layouts (convolutions [out, in, height, width], dense layers
 * [out, in]), so that a file of ours loads into PyTorch and the other way round; tensors hold TensorFlow's (convolutions
 * [height, width, in, out], dense layers [in, out]).
 *
 * @module
 */
import { dataOf, tf } from "../engine/mod.ts";
import type { WeightArray } from "../weights/mod.ts";

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
  const order = tensor.rank === 4 ? [3, 2, 0, 1] : tensor.rank === 2 ? [1, 0] : tensor.shape.map((_, axis) => axis);
  return { shape: order.map((axis) => tensor.shape[axis]), data: dataOf(() => tensor.transpose(order)) };
}
