/**
 * From tensors to plain data.
 *
 * @module
 */
import { tf } from "./tf.ts";

/**
 * Runs a function that makes one tensor, frees everything else it made, and returns the tensor's entries. Prefer it to
 * returning `dataSync()` from `tf.tidy`, which walks the array entry by entry in search of tensors.
 *
 * @returns row-major entries.
 */
export function dataOf(compute: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  const data = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return data;
}
