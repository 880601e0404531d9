/**
 * What a computation needs.
 *
 * @module
 */
import { tf } from "./tf.ts";

/**
 * Most bytes of tensors that were alive at a time while a function ran, beyond those that were there before. What kernels
 * use inside is not counted.
 *
 * @param compute what it returns is freed.
 */
export async function peakBytes(compute: () => unknown): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes, kernels } = await tf.profile(() =>
    tf.tidy(() => {
      compute();
    })
  );
  return kernels.length === 0 ? 0 : Math.max(0, peakBytes - before);
}
