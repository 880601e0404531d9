/** The learned channel weights of LPIPS. @module */
import { InputError } from "../errors.ts";
import { takeWeight, type Weights } from "../weights/mod.ts";

/** The names a layer's weights go by: ours, and the published files' (a dropout precedes the convolution there). */
const headNames = (layer: number) => [`lin${layer}.weight`, `lin${layer}.model.1.weight`];

/** Whether a tensor of a weight file belongs to the heads rather than to the network. */
export function isHead(name: string): boolean {
  return /^lin\d+\./.test(name);
}

/**
 * The learned non-negative channel weights of each layer.
 *
 * @param weights `linN.weight` or `linN.model.1.weight`, N from 0, each of shape [1, channels, 1, 1].
 * @param channels number of channels of each layer.
 * @param source the weights' file, for errors.
 * @returns one array of shape [channels] per layer.
 * @throws {InputError} when a tensor is missing, superfluous, has another shape or a negative entry.
 */
export function loadHeads(weights: Weights, channels: readonly number[], source: string): Float32Array[] {
  const taken = new Set<string>();
  const heads = channels.map((count, layer) => {
    const [own, published] = headNames(layer);
    const name = weights.has(own) ? own : weights.has(published) ? published : own;
    taken.add(name);
    const { data } = takeWeight(weights, name, [1, count, 1, 1], source);
    if (data.some((weight) => weight < 0)) {
      throw new InputError(`${source}: ${name} has a negative weight, which no LPIPS head has; use an intact file`);
    }
    return data;
  });
  for (const name of weights.keys()) {
    if (!taken.has(name)) {
      throw new InputError(
        `${source} has a tensor ${name}, which these LPIPS heads do not have; are they another network's?`,
      );
    }
  }
  return heads;
}
