/**
 * How many images a network takes at a time: as many as fit, by what one of them was measured to need.
 *
 * @module
 */
import { peakBytes, tf } from "../engine/mod.ts";
import type { Network } from "../networks/mod.ts";

/** What the tensors of a batch may take; the same on every machine, so that batches are. */
const BATCH_BYTES = 512e6;

const measured = new WeakMap<Network, Map<string, Promise<number>>>();

/**
 * How many images fit into one pass through a network.
 *
 * @param pass names the pass; it is measured once for each name.
 * @param most the answer is no more than this.
 * @param run the pass.
 * @returns at least 1.
 */
export async function imagesThatFit(
  network: Network,
  pass: string,
  most: number,
  run: (images: tf.Tensor4D) => tf.TensorContainer,
): Promise<number> {
  let passes = measured.get(network);
  if (passes === undefined) measured.set(network, passes = new Map());
  let bytes = passes.get(pass);
  if (bytes === undefined) passes.set(pass, bytes = bytesOfAnImage(network, run));
  return Math.max(1, Math.min(most, Math.floor(BATCH_BYTES / await bytes)));
}

/** What a third image adds to two: whatever does not grow with their number, and what is made once, cancels out. */
async function bytesOfAnImage(network: Network, run: (images: tf.Tensor4D) => tf.TensorContainer): Promise<number> {
  const { height, width } = network.input;
  const peak = (count: number) => peakBytes(() => run(tf.randomUniform([count, height, width, 3], 0, 1, "float32", 0)));
  await peak(2); // constants are made at the first pass
  return Math.max(1, await peak(3) - await peak(2));
}

/**
 * Parts of a list of so many entries, as equal as may be, of at most `most` each.
 *
 * @returns the first index of each part, and the length of the list at the end.
 */
export function equalParts(count: number, most: number): number[] {
  const parts = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: parts + 1 }, (_, i) => Math.round(i * count / parts));
}
