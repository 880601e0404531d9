/**
 * The models whose units can be scored, by name.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { LayerInfo } from "../types.ts";
import { createLeNet5, LENET5_LAYERS, type Normalization } from "./lenet5.ts";
import type { Network } from "./network.ts";
import { findWeightSet, readWeights, type Weights } from "../weights/mod.ts";

const CIFAR10_NORMALIZATION: Normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] };

interface Model {
  readonly layers: readonly LayerInfo[];
  create(weights: Weights, source: string): Network;
}

const MODELS: Readonly<Record<string, Model>> = {
  "lenet5-cifar10": {
    layers: LENET5_LAYERS,
    create: (weights, source) => createLeNet5(weights, source, "lenet5-cifar10", CIFAR10_NORMALIZATION),
  },
};

/** Names of models whose units can be scored. */
export const MODEL_NAMES: readonly string[] = Object.keys(MODELS);

function findModel(name: string): Model {
  if (Object.hasOwn(MODELS, name)) return MODELS[name];
  throw new InputError(`there is no model "${name}"; choose ${MODEL_NAMES.join(" or ")}`);
}

/**
 * The layers of a model whose units can be scored, in order, without loading it.
 *
 * @throws {InputError} when there is no such model.
 */
export function modelLayers(name: string): readonly LayerInfo[] {
  return findModel(name).layers;
}

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
  const model = findModel(name);
  const { tensors, path, sha256 } = await readWeights(file ?? (await findWeightSet(name)).files[0], name);
  return { network: model.create(tensors, path), sha256 };
}
