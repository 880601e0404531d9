/**
 * From tensors to plain data.
 *
 * @module
 */
import { hearEvents } from "./events.ts";
import { tf } from "./tf.ts";
import { adapterFailure, refuseFailedAdapter } from "./webgpu.ts";

/**
 * Runs a function that makes one tensor, frees everything else it made, and reads the tensor's entries when they are there:
 * a graphics card computes while the caller waits.
 *
 * @returns row-major entries.
 */
export async function readData(compute: () => tf.Tensor): Promise<Float32Array> {
  return (await readAll(() => [compute()]))[0];
}

/**
 * Does the same for a function that makes several tensors.
 *
 * @throws {AdapterError} when the graphics adapter failed meanwhile.
 */
export async function readAll(compute: () => tf.Tensor[]): Promise<Float32Array[]> {
  const tensors = tf.tidy(compute);
  try {
    const entries = await Promise.all(tensors.map((tensor) => tensor.data() as Promise<Float32Array>));
    refuseFailedAdapter();
    await hearEvents();
    return entries;
  } catch (error) {
    throw await adapterFailure() ?? error;
  } finally {
    tf.dispose(tensors);
  }
}

/**
 * Runs a function that makes one tensor, frees everything else it made, and returns the tensor's entries. Prefer it to
 * returning `dataSync()` from `tf.tidy`, which walks the array entry by entry in search of tensors.
 * The thread stands still meanwhile, and WebGPU cannot be read from this way; `readData` has neither fault.
 *
 * @returns row-major entries.
 */
export function dataOf(compute: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  const data = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return data;
}
