/**
 * The models whose units can be scored: shipped ones by name, others in .onnx files and in TypeScript.
 *
 * @module
 */
import { useBackend } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import type { LayerInfo, Size } from "../types.ts";
import { createOnnxNetwork, describeOnnx, type OnnxInputOptions, type OnnxLayer } from "./onnx/mod.ts";
import { ALEXNET_LAYERS, createAlexNet } from "./alexnet.ts";
import { createLeNet5, LENET5_INPUT, LENET5_LAYERS } from "./lenet5.ts";
import { CIFAR10_COLOURS, IMAGENET_COLOURS } from "./normalize.ts";
import type { Network } from "./network.ts";
import {
  RESNET18_CIFAR10,
  RESNET18_IMAGENET,
  RESNET34_IMAGENET,
  RESNET50_IMAGENET,
  type ResNetArchitecture,
} from "./resnet.ts";
import { createResNetNetwork, RESNET18_INPUT, resNetLayers } from "./resnet_units.ts";
import { createSqueezeNet, SQUEEZENET_LAYERS } from "./squeezenet.ts";
import { createVgg16, vgg16Layers } from "./vgg16.ts";
import { loadTypeScriptNetwork } from "./typescript_model.ts";
import { createViT, VIT_INPUT, VIT_LAYERS } from "./vit.ts";
import { findWeightSet, type ReadWeights, readWeights, type Weights } from "../weights/mod.ts";

interface Model {
  /** The images it takes, unless others are asked for. */
  readonly input: Size;
  /** The smallest and largest height and width that may be asked for; missing where there is one size alone. */
  readonly sides?: readonly [smallest: number, largest: number];
  readonly layers: readonly LayerInfo[];
  /** Its weights, committed or to be fetched, by their name in the registry. */
  readonly weightSet: string;
  /** Which tensors of a file are its own; all of them where this is missing. */
  readonly wanted?: (tensor: string) => boolean;
  create(weights: Weights, source: string, input: Size): Network;
}

/** 224 px as trained. At 64 the last maps of a ResNet still have 2 x 2 positions, those of SqueezeNet 3 x 3, of VGG-16 4 x 4. */
const TORCHVISION_SIZES: Pick<Model, "input" | "sides"> = { input: { height: 224, width: 224 }, sides: [64, 224] };

/** A residual network of torchvision's, with the weights that are fetched by its name. */
function torchvisionResNet(name: string, architecture: ResNetArchitecture): Model {
  return {
    ...TORCHVISION_SIZES,
    layers: resNetLayers(architecture),
    weightSet: name,
    create: (weights, source, input) =>
      createResNetNetwork(weights, source, name, architecture, IMAGENET_COLOURS, input),
  };
}

const MODELS: Readonly<Record<string, Model>> = {
  "lenet5-cifar10": {
    input: LENET5_INPUT,
    layers: LENET5_LAYERS,
    weightSet: "lenet5-cifar10",
    create: (weights, source) => createLeNet5(weights, source, "lenet5-cifar10", CIFAR10_COLOURS),
  },
  "resnet18-cifar10": {
    input: RESNET18_INPUT,
    layers: resNetLayers(RESNET18_CIFAR10),
    weightSet: "resnet18-cifar10",
    create: (weights, source, input) =>
      createResNetNetwork(weights, source, "resnet18-cifar10", RESNET18_CIFAR10, CIFAR10_COLOURS, input),
  },
  "alexnet-imagenet": {
    input: { height: 64, width: 64 }, // 224 px are twelve times as many
    sides: [64, 224], // 224 as trained; at 64 the last layers still have 3 x 3 positions
    layers: ALEXNET_LAYERS,
    weightSet: "lpips-alex",
    wanted: (tensor) => tensor.startsWith("features."), // not the metric's heads, nor the official file's classifier
    create: (weights, source, input) => createAlexNet(weights, source, "alexnet-imagenet", IMAGENET_COLOURS, input),
  },
  "vit-cifar10": {
    input: VIT_INPUT,
    layers: VIT_LAYERS,
    weightSet: "vit-cifar10",
    create: (weights, source) => createViT(weights, source, "vit-cifar10", CIFAR10_COLOURS),
  },
  "resnet18-imagenet": torchvisionResNet("resnet18-imagenet", RESNET18_IMAGENET),
  "resnet34-imagenet": torchvisionResNet("resnet34-imagenet", RESNET34_IMAGENET),
  "resnet50-imagenet": torchvisionResNet("resnet50-imagenet", RESNET50_IMAGENET),
  "vgg16-imagenet": {
    ...TORCHVISION_SIZES,
    layers: vgg16Layers(),
    weightSet: "vgg16-imagenet",
    create: (weights, source, input) => createVgg16(weights, source, "vgg16-imagenet", IMAGENET_COLOURS, input),
  },
  "squeezenet1_1-imagenet": {
    ...TORCHVISION_SIZES,
    layers: SQUEEZENET_LAYERS,
    weightSet: "squeezenet1_1-imagenet",
    create: (weights, source, input) =>
      createSqueezeNet(weights, source, "squeezenet1_1-imagenet", IMAGENET_COLOURS, input),
  },
};

/** Names of models whose units can be scored: polysem comes with the weights of some, and fetches those of others. */
export const MODEL_NAMES: readonly string[] = Object.keys(MODELS);

/**
 * A model, as plain data that crosses threads and hosts.
 *
 * - `shipped`: one of `MODEL_NAMES`; `weights` is a file, `.pth` or `.safetensors`, in place of the committed ones,
 *   and `size` the images' size, for models that take several.
 * - `onnx`: an .onnx file, and how it takes its images where the file does not say.
 * - `typescript`: a .ts, .mts, .js or .mjs file whose default export makes a network. It is a program, and is run.
 */
export type ModelRef =
  | { readonly kind: "shipped"; readonly name: string; readonly weights?: string; readonly size?: Size }
  | {
    readonly kind: "onnx";
    readonly file: string;
    readonly input?: OnnxInputOptions;
    /** Names of the classes that its last layer tells, unit by unit. */
    readonly classes?: readonly string[];
  }
  | { readonly kind: "typescript"; readonly file: string };

/** What a model is, without its weights. */
export interface ModelDescription {
  readonly name: string;
  readonly input: Size;
  /** The layers whose units can be scored, in order from input to output. */
  readonly layers: readonly LayerInfo[];
  /** Layers that an .onnx file has and whose units cannot be scored, and why. */
  readonly unscorable?: readonly { readonly name: string; readonly reason: string }[];
}

/** Classes are those of the last layer that can be scored. */
function checkClasses(classes: readonly string[] | undefined, layers: readonly OnnxLayer[], file: string): void {
  if (classes === undefined) return;
  const last = layers.findLast(({ reason }) => reason === null);
  if (last?.units !== classes.length) {
    throw new InputError(
      `${classes.length} classes are named for ${file}, and ` +
        (last === undefined
          ? "it has no layer that can be scored"
          : `its last layer ${last.name} has ${last.units} units`) +
        "; name one for each unit, or none",
    );
  }
}

function findModel(name: string): Model {
  if (Object.hasOwn(MODELS, name)) return MODELS[name];
  throw new InputError(`there is no model "${name}"; choose ${MODEL_NAMES.join(", ")}, or give an .onnx or .ts file`);
}

/** The size of the images that a model is to take. */
function inputOf(name: string, { input, sides }: Model, size: Size | undefined): Size {
  if (size === undefined) return input;
  if (sides === undefined) {
    throw new InputError(
      `${name} takes images of ${input.height} x ${input.width} px, and no others; leave the input size out`,
    );
  }
  const [smallest, largest] = sides;
  for (const side of [size.height, size.width]) {
    if (!(Number.isInteger(side) && side >= smallest && side <= largest)) {
      throw new InputError(
        `an input size of ${size.height} x ${size.width} px is out of range; ${name} takes images of ${smallest} to ` +
          `${largest} px, height and width`,
      );
    }
  }
  return { height: size.height, width: size.width };
}

/**
 * The size of images that a reference chooses for a model that takes several, said or not; null for a model of one size,
 * and for a model of a file.
 *
 * @throws {InputError} when there is no such model, or it takes no images of that size.
 */
export function chosenSize(ref: ModelRef): Size | null {
  if (ref.kind !== "shipped") return null;
  const model = findModel(ref.name);
  const input = inputOf(ref.name, model, ref.size);
  return model.sides === undefined ? null : input;
}

/**
 * Describes a model. A shipped one is not loaded; an .onnx file is read, and one image runs through it (which starts the
 * backend) to tell the sizes of its layers; one in TypeScript is loaded and checked likewise.
 *
 * @throws {InputError} when there is no such model, it takes no images of that size, or the file is not intact, has what is
 * not supported, or makes no network.
 */
export async function describeModel(ref: ModelRef): Promise<ModelDescription> {
  if (ref.kind === "onnx") {
    const { name, input, layers } = await describeOnnx(ref.file, ref.input);
    checkClasses(ref.classes, layers, ref.file);
    return {
      name,
      input,
      layers: layers.filter(({ reason }) => reason === null),
      unscorable: layers.flatMap(({ name, reason }) => reason === null ? [] : [{ name, reason }]),
    };
  }
  if (ref.kind === "typescript") {
    await useBackend();
    const { network } = await loadTypeScriptNetwork(ref.file);
    const { name, input, layers } = network;
    network.dispose();
    return { name, input, layers };
  }
  const model = findModel(ref.name);
  return { name: ref.name, input: inputOf(ref.name, model, ref.size), layers: model.layers };
}

/** A network and the hash of its weights. */
export interface LoadedNetwork {
  readonly network: Network;
  readonly sha256: string;
}

/**
 * Loads a model. The backend must be ready (`useBackend`).
 *
 * @throws {InputError} when there is no such model, it takes no images of that size, or its weights are missing, altered, of
 * another network, or of what is not supported, or its file makes no network.
 */
export async function loadNetwork(ref: ModelRef): Promise<LoadedNetwork> {
  if (ref.kind === "onnx") {
    const network = await createOnnxNetwork(ref.file, ref.input);
    return { network, sha256: network.sha256 };
  }
  if (ref.kind === "typescript") return await loadTypeScriptNetwork(ref.file);
  const model = findModel(ref.name);
  const input = inputOf(ref.name, model, ref.size);
  const { tensors, path, sha256 } = await readModelWeights(ref);
  return { network: model.create(tensors, path, input), sha256 };
}

/**
 * The tensors that a model with a name is made of.
 *
 * @throws {InputError} when there is no such model, or its weights are missing, altered or no weight file.
 */
export async function readModelWeights(
  { name, weights }: Pick<Extract<ModelRef, { kind: "shipped" }>, "name" | "weights">,
): Promise<ReadWeights> {
  const { weightSet, wanted } = findModel(name);
  return await readWeights(weights ?? (await findWeightSet(weightSet)).files[0], name, wanted);
}
