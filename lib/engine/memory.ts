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
  return (await memoryUse(compute)).peakBytes;
}

/** What a computation needs. */
export interface MemoryUse {
  /** As `peakBytes` says. */
  readonly peakBytes: number;
  /** Entries of each tensor that it made, in their order. */
  readonly entries: readonly number[];
}

/**
 * Runs a function and tells what it needed.
 *
 * @param compute what it returns is freed.
 */
export async function memoryUse(compute: () => unknown): Promise<MemoryUse> {
  const before = tf.memory().numBytes;
  const { peakBytes, kernels } = await tf.profile(() =>
    tf.tidy(() => {
      compute();
    })
  );
  return {
    peakBytes: kernels.length === 0 ? 0 : Math.max(0, peakBytes - before),
    entries: kernels.flatMap(({ outputShapes }) => outputShapes.map((shape) => shape.reduce((size, n) => size * n, 1))),
  };
}
