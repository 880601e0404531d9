/**
 * The models whose units can be scored, by name.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import { createLeNet5, type Normalization } from "./lenet5.ts";
import type { Network } from "./network.ts";
import { readWeights } from "./read_weights.ts";
import type { Weights } from "./weights.ts";
import { findWeightSet } from "./weights_registry.ts";

const CIFAR10_NORMALIZATION: Normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };

const MODELS: Readonly<Record<string, (weights: Weights, source: string) => Network>> = {
  "lenet5-cifar10": (weights, source) => createLeNet5(weights, source, "lenet5-cifar10", CIFAR10_NORMALIZATION),
};

/** Names of models whose units can be scored. */
export const MODEL_NAMES: readonly string[] = Object.keys(MODELS);

/** A network and the hash of its weights. */
export interface LoadedNetwork {
  readonly network: Network;
  readonly sha256: string;
}

/**
 * Loads a model.
 *
 * @param name one of `MODEL_NAMES`.
 * @param file weights in place of the committed ones, `.pth` or `.safetensors`.
 * @throws {InputError} when there is no such model, or its weights are missing, altered or of another network.
 */
export async function loadNetwork(name: string, file?: string): Promise<LoadedNetwork> {
  const create = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (create === undefined) throw new InputError(`there is no model "${name}"; choose ${MODEL_NAMES.join(" or ")}`);
  const { tensors, path, sha256 } = await readWeights(file ?? (await findWeightSet(name)).files[0], name);
  return { network: create(tensors, path), sha256 };
}
