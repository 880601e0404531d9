/**
 * Small networks for 32 px images whose last units are taught to answer to classes that are known: the truth of trained
 * units.
 *
 * @module
 */
import { relu, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import type { LayerInfo, Size } from "../../types.ts";
import { takeWeight, type WeightArray, type Weights } from "../../weights/mod.ts";
import { createLeNet5, createTrainableLeNet5 } from "../lenet5.ts";
import type { Network, Through, TrainableClassifier } from "../network.ts";
import { CIFAR10_COLOURS } from "../normalize.ts";
import {
  type ConvSpec,
  filledVariable,
  foldConvolutions,
  foldedConvolutions,
  trainableConvolutions,
} from "../normalized_convolutions.ts";
import { convSpecs, pooledFeatures } from "../resnet.ts";
import { resNetBodyLayers, runResNetBody } from "../resnet_units.ts";
import { tappedNetwork, type Taps } from "../tapped_network.ts";
import { toTensor } from "../tensors.ts";
import { loadViTBody, VIT_BODY_LAYERS, VIT_FEATURES, vitFeatures, vitVariables } from "../vit.ts";
import {
  detach,
  headArrays,
  headLayers,
  headParameters,
  linear,
  runHead,
  type TaughtHead,
  taughtLayer,
  trainableHead,
} from "./head.ts";
import { SMALL_RESNET, SMALL_RESNET_FEATURES } from "./resnet.ts";
import { VGG_DENSE, VGG_FEATURES, VGG_FLAT, VGG_LAYERS, VGG_SPECS, vggConvolutions } from "./vgg.ts";

export { type TaughtHead, taughtLayer } from "./head.ts";

/** Architectures of taught networks. */
export const TAUGHT_ARCHITECTURES = ["lenet5", "resnet", "vgg", "vit"] as const;
export type TaughtArchitecture = typeof TAUGHT_ARCHITECTURES[number];

/** The images they take. */
export const TAUGHT_INPUT: Size = { height: 32, width: 32 };

/** Outputs of LeNet-5, of which merged labels leave the last ones unused. */
const LENET5_OUTPUTS = 10;

/** A taught network in training. Its class scores are those of labels, or of the classifier behind sets. */
export interface TrainableTaught extends Omit<TrainableClassifier, "logits"> {
  /**
   * The last layers.
   *
   * @param images normalized, shape [N, 32, 32, 3].
   * @param training whether batch statistics are used and running ones updated.
   * @returns the taught units, shape [N, units], and the classifier behind sets, shape [N, classes]; null without one.
   */
  outputs(images: tf.Tensor4D, training: boolean): { taught: tf.Tensor2D; classes: tf.Tensor2D | null };
}

/** The layer whose units are taught, as the network names it. */
export function layerOfTaught(architecture: TaughtArchitecture, head: TaughtHead): string {
  return architecture === "lenet5" ? "fc3" : taughtLayer(head);
}

/**
 * Refuses what an architecture cannot be taught.
 *
 * @throws {InputError} when it has no layer for it.
 */
export function checkHead(architecture: TaughtArchitecture, head: TaughtHead): void {
  if (architecture !== "lenet5") return;
  if (head.kind === "sets") {
    throw new InputError("lenet5 has no layer that could be taught sets of classes; teach it merged labels");
  }
  if (head.units > LENET5_OUTPUTS) {
    throw new InputError(`lenet5 has ${LENET5_OUTPUTS} outputs, too few for ${head.units} labels`);
  }
}

/**
 * A taught network to train.
 *
 * @param random source of the initial weights.
 * @param pretrained weights of the trained vision transformer, from which `vit` goes on; not used by others.
 * @throws {InputError} when the architecture cannot be taught this, or `vit` comes without pretrained weights.
 */
export function createTrainableTaught(
  architecture: TaughtArchitecture,
  head: TaughtHead,
  random: Random,
  pretrained: Weights | null,
): TrainableTaught {
  checkHead(architecture, head);
  switch (architecture) {
    case "lenet5": {
      const { logits, ...classifier } = createTrainableLeNet5(random);
      return { ...classifier, outputs: (images) => ({ taught: logits(images, true), classes: null }) };
    }
    case "resnet": {
      const convolutions = trainableConvolutions(convSpecs(SMALL_RESNET), random);
      return trainable(
        convolutions,
        head,
        SMALL_RESNET_FEATURES,
        random,
        (images, training) => pooledFeatures(images, SMALL_RESNET, convolutions.apply(training)),
      );
    }
    case "vgg": {
      const convolutions = trainableConvolutions(VGG_SPECS, random);
      const { parameters } = convolutions;
      const deviation = Math.sqrt(2 / VGG_FLAT);
      parameters.set(
        `${VGG_DENSE}.weight`,
        filledVariable([VGG_FLAT, VGG_FEATURES], () => deviation * random.normal(), true),
      );
      parameters.set(`${VGG_DENSE}.bias`, filledVariable([VGG_FEATURES], () => 0, true));
      return trainable(
        convolutions,
        head,
        VGG_FEATURES,
        random,
        (images, training) =>
          relu(linear(parameters, VGG_DENSE, vggConvolutions(images, convolutions.apply(training))!)),
      );
    }
    case "vit": {
      if (pretrained === null) {
        throw new InputError("vit goes on from the weights of vit-cifar10, which were not given");
      }
      const { parameters, buffers, positions } = vitVariables(pretrained, "vit-cifar10");
      return trainable(
        { parameters, buffers },
        head,
        VIT_FEATURES,
        random,
        (images) => vitFeatures(images, parameters, positions),
      );
    }
  }
}

/** A body with a head, to train. */
function trainable(
  body: { readonly parameters: Map<string, tf.Variable>; readonly buffers: Map<string, tf.Variable> },
  head: TaughtHead,
  features: number,
  random: Random,
  run: (images: tf.Tensor4D, training: boolean) => tf.Tensor2D,
): TrainableTaught {
  const parameters = body.parameters;
  for (const [name, variable] of trainableHead(head, features, random)) parameters.set(name, variable);
  return {
    parameters,
    buffers: body.buffers,
    outputs: (images, training) => runHead(head, parameters, run(images, training), detach),
    dispose: () => tf.dispose([...parameters.values(), ...body.buffers.values()]),
  };
}

/**
 * A taught network to use.
 *
 * @param weights as training left them, in PyTorch's layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, has another shape or numbers that cannot be.
 */
export function createTaughtNetwork(
  architecture: TaughtArchitecture,
  head: TaughtHead,
  weights: Weights,
  source: string,
  name: string,
): Network {
  checkHead(architecture, head);
  switch (architecture) {
    case "lenet5":
      return createLeNet5(weights, source, name, CIFAR10_COLOURS);
    case "resnet": {
      const ends = headArrays(head, SMALL_RESNET_FEATURES, weights, source);
      const { apply, dispose } = foldBody(weights, convSpecs(SMALL_RESNET), source);
      return tapped(
        name,
        "the small ResNet",
        resNetBodyLayers(SMALL_RESNET),
        head,
        ends,
        {
          run: (images, taps, beyond) => runResNetBody(images, SMALL_RESNET, apply, taps, beyond),
          dispose,
        },
      );
    }
    case "vgg": {
      const dense = new Map([
        [`${VGG_DENSE}.weight`, takeWeight(weights, `${VGG_DENSE}.weight`, [VGG_FEATURES, VGG_FLAT], source)],
        [`${VGG_DENSE}.bias`, takeWeight(weights, `${VGG_DENSE}.bias`, [VGG_FEATURES], source)],
      ]);
      const ends = headArrays(head, VGG_FEATURES, weights, source);
      const { apply, dispose } = foldBody(weights, VGG_SPECS, source);
      const parameters = new Map([...dense].map(([key, array]) => [key, toTensor(array)] as const));
      return tapped(name, "the small VGG", VGG_LAYERS, head, ends, {
        run: (images, taps) => {
          const flat = vggConvolutions(
            images,
            (x, spec) => taps.rectify(spec.conv, (kind) => apply(x, spec, kind)),
            taps.complete,
          );
          if (flat === null) return null;
          const features = taps.rectify(VGG_DENSE, (kind) => {
            const sums = linear(parameters, VGG_DENSE, flat);
            return kind === "relu" ? relu(sums) : sums;
          });
          return taps.complete() ? null : features;
        },
        dispose: () => {
          dispose();
          tf.dispose([...parameters.values()]);
        },
      });
    }
    case "vit": {
      // all is checked before the first tensor is made, so that none is left behind by an error
      const arrays = headArrays(head, VIT_FEATURES, weights, source);
      const body = loadViTBody(weights, source, CIFAR10_COLOURS);
      const parameters = headParameters(arrays);
      const ends = headLayers(head);
      const layers = [...VIT_BODY_LAYERS, ...ends];
      const activations = (images: tf.Tensor4D, asked: readonly string[], through?: Through): tf.Tensor[] => {
        const unknown = asked.find((layer) => !layers.some((each) => each.name === layer));
        if (unknown !== undefined) throw new RangeError(`the taught vision transformer has no layer ${unknown}`);
        const beyond = ends.some((layer) => asked.includes(layer.name));
        const { kept, features } = body.run(images, asked, beyond, through);
        const last = features === null
          ? null
          : runHead(head, parameters, features, (layer, x) => through && asked.includes(layer) ? through(layer, x) : x);
        return asked.map((layer) =>
          layer === taughtLayer(head) ? last!.taught : layer === "head" ? last!.classes! : kept.get(layer)!
        );
      };
      return {
        name,
        input: TAUGHT_INPUT,
        layers,
        activations: (images, asked, through) => tf.tidy(() => activations(images, asked, through)),
        dispose: () => {
          body.dispose();
          tf.dispose([...parameters.values()]);
        },
      };
    }
  }
}

/** Convolutions in use. */
function foldBody(weights: Weights, specs: readonly ConvSpec[], source: string) {
  return foldedConvolutions(foldConvolutions(weights, specs, source, CIFAR10_COLOURS.std));
}

/**
 * A body of convolutions and a head, as a network.
 *
 * @param arrays the head's weights, checked before the body's tensors were made.
 */
function tapped(
  name: string,
  title: string,
  bodyLayers: readonly LayerInfo[],
  head: TaughtHead,
  arrays: ReadonlyMap<string, WeightArray>,
  body: {
    run(images: tf.Tensor4D, taps: Taps, beyond: boolean): tf.Tensor2D | null;
    dispose(): void;
  },
): Network {
  const parameters = headParameters(arrays);
  const ends = headLayers(head);
  return tappedNetwork({
    name,
    title,
    layers: [...bodyLayers, ...ends],
    input: TAUGHT_INPUT,
    mean: CIFAR10_COLOURS.mean,
    run: (images, taps) => {
      const features = body.run(images, taps, ends.some((layer) => taps.asks(layer.name)));
      if (features === null) return;
      const { classes } = runHead(head, parameters, features, taps.take);
      if (classes !== null) taps.take("head", classes);
    },
    dispose: () => {
      body.dispose();
      tf.dispose([...parameters.values()]);
    },
  });
}
