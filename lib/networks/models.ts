/**
 * The models whose units can be scored, by name.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { LayerInfo, Size } from "../types.ts";
import { createLeNet5, LENET5_INPUT, LENET5_LAYERS } from "./lenet5.ts";
import { CIFAR10_COLOURS } from "./normalize.ts";
import type { Network } from "./network.ts";
import { findWeightSet, readWeights, type Weights } from "../weights/mod.ts";

interface Model {
  readonly input: Size;
  readonly layers: readonly LayerInfo[];
  create(weights: Weights, source: string): Network;
}

const MODELS: Readonly<Record<string, Model>> = {
  "lenet5-cifar10": {
    input: LENET5_INPUT,
    layers: LENET5_LAYERS,
    create: (weights, source) => createLeNet5(weights, source, "lenet5-cifar10", CIFAR10_COLOURS),
  },
};

/** Names of models whose units can be scored and that come with polysem. */
export const MODEL_NAMES: readonly string[] = Object.keys(MODELS);

/**
 * A model, as plain data that crosses threads and hosts.
 *
 * - `shipped`: one of `MODEL_NAMES`; `weights` is a file, `.pth` or `.safetensors`, in place of the committed ones.
 */
export type ModelRef = { readonly kind: "shipped"; readonly name: string; readonly weights?: string };

/** What a model is, without its weights. */
export interface ModelDescription {
  readonly name: string;
  readonly input: Size;
  /** The layers whose units can be scored, in order from input to output. */
  readonly layers: readonly LayerInfo[];
}

function findModel(ref: ModelRef): Model {
  if (ref.kind === "shipped" && Object.hasOwn(MODELS, ref.name)) return MODELS[ref.name];
  throw new InputError(`there is no model "${ref.name}"; choose ${MODEL_NAMES.join(" or ")}`);
}

/**
 * Describes a model without loading it.
 *
 * @throws {InputError} when there is no such model.
 */
export function describeModel(ref: ModelRef): Promise<ModelDescription> {
  return Promise.try(() => {
    const { input, layers } = findModel(ref);
    return { name: ref.name, input, layers };
  });
}

/** A network and the hash of its weights. */
export interface LoadedNetwork {
  readonly network: Network;
  readonly sha256: string;
}

/**
 * Loads a model. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when there is no such model, or its weights are missing, altered or of another network.
 */
export async function loadNetwork(ref: ModelRef): Promise<LoadedNetwork> {
  const model = findModel(ref);
  const { tensors, path, sha256 } = await readWeights(
    ref.weights ?? (await findWeightSet(ref.name)).files[0],
    ref.name,
  );
  return { network: model.create(tensors, path), sha256 };
}
