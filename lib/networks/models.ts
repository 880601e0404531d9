/**
 * The models whose units can be scored, by name.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import type { LayerInfo, Size } from "../types.ts";
import { createOnnxNetwork, describeOnnx, type OnnxInputOptions } from "./onnx/mod.ts";
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
 * - `onnx`: an .onnx file, and how it takes its images where the file does not say.
 */
export type ModelRef =
  | { readonly kind: "shipped"; readonly name: string; readonly weights?: string }
  | { readonly kind: "onnx"; readonly file: string; readonly input?: OnnxInputOptions };

/** What a model is, without its weights. */
export interface ModelDescription {
  readonly name: string;
  readonly input: Size;
  /** The layers whose units can be scored, in order from input to output. */
  readonly layers: readonly LayerInfo[];
}

function findModel(name: string): Model {
  if (Object.hasOwn(MODELS, name)) return MODELS[name];
  throw new InputError(`there is no model "${name}"; choose ${MODEL_NAMES.join(" or ")}, or give an .onnx file`);
}

/**
 * Describes a model. A shipped one is not loaded; an .onnx file is read, and one image runs through it (which starts the
 * backend) to tell the sizes of its layers.
 *
 * @throws {InputError} when there is no such model, or the file is not intact or has what is not supported.
 */
export async function describeModel(ref: ModelRef): Promise<ModelDescription> {
  if (ref.kind === "onnx") {
    const { name, input, layers } = await describeOnnx(ref.file, ref.input);
    return { name, input, layers: layers.filter(({ reason }) => reason === null) };
  }
  const { input, layers } = findModel(ref.name);
  return { name: ref.name, input, layers };
}

/** A network and the hash of its weights. */
export interface LoadedNetwork {
  readonly network: Network;
  readonly sha256: string;
}

/**
 * Loads a model. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when there is no such model, or its weights are missing, altered, of another network, or of what is
 * not supported.
 */
export async function loadNetwork(ref: ModelRef): Promise<LoadedNetwork> {
  if (ref.kind === "onnx") {
    const network = await createOnnxNetwork(ref.file, ref.input);
    return { network, sha256: network.sha256 };
  }
  const model = findModel(ref.name);
  const { tensors, path, sha256 } = await readWeights(
    ref.weights ?? (await findWeightSet(ref.name)).files[0],
    ref.name,
  );
  return { network: model.create(tensors, path), sha256 };
}
