/**
 * How many images a network takes at a time: as many as fit, by what one of them was measured to need.
 *
 * @module
 */
import type { Size } from "../types.ts";
import { peakBytes } from "./memory.ts";
import { tf } from "./tf.ts";

/** A pass of a network. */
export interface Pass {
  /** The network: what is measured is remembered for as long as it lives. */
  readonly of: object;
  /** Tells passes of one network apart. */
  readonly name: string;
  /** Size of its images. */
  readonly size: Size;
  /** Runs it on images, shape [N, size.height, size.width, 3]; what it returns is freed. */
  run(images: tf.Tensor4D): unknown;
}

/** What the tensors of a batch may take; the same on every machine, so that batches are. */
const BATCH_BYTES = 512e6;

const measured = new WeakMap<object, Map<string, Promise<number>>>();

/**
 * How many images fit into one pass through a network. The pass is measured once.
 *
 * @param most the answer is no more than this.
 * @returns at least 1.
 */
export async function imagesThatFit(pass: Pass, most: number): Promise<number> {
  return Math.max(1, Math.min(most, Math.floor(BATCH_BYTES / await bytesOfAnImageOf(pass))));
}

/** What an image adds to the tensors of a pass, in bytes, at least 1; measured once. */
export function bytesOfAnImageOf(pass: Pass): Promise<number> {
  let passes = measured.get(pass.of);
  if (passes === undefined) measured.set(pass.of, passes = new Map());
  let bytes = passes.get(pass.name);
  if (bytes === undefined) passes.set(pass.name, bytes = bytesOfAnImage(pass));
  return bytes;
}

/** What a third image adds to two: whatever does not grow with their number, and what is made once, cancels out. */
async function bytesOfAnImage({ size: { height, width }, run }: Pass): Promise<number> {
  const runOn = (count: number) => run(tf.randomUniform([count, height, width, 3], 0, 1, "float32", 0));
  // constants are made at the first pass; and what a pass throws would be nobody's while it is measured
  tf.tidy(() => {
    runOn(1);
  });
  const peak = (count: number) => peakBytes(() => runOn(count));
  return Math.max(1, await peak(3) - await peak(2));
}
