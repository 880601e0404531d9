/**
 * The ResNet-18 for 32 px images as a network whose units are scored: every convolution with its batch normalization,
 * before the ReLU; the sum of every block, before its ReLU; and the class scores. Layers have torchvision's names; a
 * block's sum has the block's.
 *
 * @module
 */
import { relu, tf } from "../engine/mod.ts";
import type { LayerInfo, Size } from "../types.ts";
import type { Weights } from "../weights/mod.ts";
import type { Network } from "./network.ts";
import { colourImage, type Normalization } from "./normalize.ts";
import { blockSpecs, type ConvSpec, loadFolded, STEM_32, stemSpec } from "./resnet.ts";

/** The images it takes. */
export const RESNET18_INPUT: Size = { height: 32, width: 32 };
const CLASSES = 10;
const STEM = stemSpec(STEM_32);
const BLOCKS = blockSpecs();

function gridLayer(name: string, units: number): LayerInfo {
  return { name, positions: "grid", units };
}

/** The scorable layers: 20 convolutions, 8 sums and the class scores. */
export const RESNET18_LAYERS: readonly LayerInfo[] = [
  gridLayer(STEM.conv, STEM.output),
  ...BLOCKS.flatMap(({ name, first, second, shortcut }) => [
    gridLayer(first.conv, first.output),
    gridLayer(second.conv, second.output),
    ...(shortcut === null ? [] : [gridLayer(shortcut.conv, shortcut.output)]),
    gridLayer(name, second.output),
  ]),
  { name: "fc", positions: "none", units: CLASSES },
];

/**
 * A trained ResNet-18.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, has another shape or numbers that cannot be, or belongs to a deeper network.
 */
export function createResNet18Network(
  weights: Weights,
  source: string,
  name: string,
  { mean, std }: Normalization,
): Network {
  const { apply, classify, dispose } = loadFolded(weights, source, STEM_32, CLASSES, std);
  const meanImage = colourImage(mean, RESNET18_INPUT);
  const order = RESNET18_LAYERS.map((layer) => layer.name);
  /**
   * Runs up to the last of the asked layers and hands over each of them.
   *
   * @param keep called with a layer's name and its activations, in the order of the network.
   */
  const run = (images: tf.Tensor4D, asked: readonly string[], keep: (layer: string, x: tf.Tensor) => void): void => {
    const last = Math.max(...asked.map((layer) => order.indexOf(layer)));
    const isAsked = ({ conv }: ConvSpec) => asked.includes(conv);
    const linear = (x: tf.Tensor4D, spec: ConvSpec) => {
      const activations = apply(x, spec, "linear");
      if (isAsked(spec)) keep(spec.conv, activations);
      return activations;
    };
    // the ReLU is part of the kernel where nobody asks for what is before it
    const rectified = (x: tf.Tensor4D, spec: ConvSpec) =>
      isAsked(spec) ? relu(linear(x, spec)) : apply(x, spec, "relu");

    let x = rectified(tf.sub(images, meanImage), STEM);
    if (last === 0) return;
    for (const { name: block, first, second, shortcut } of BLOCKS) {
      if (order.indexOf(block) > last) {
        // the pass ends within this block: only what leads to an asked layer
        if (shortcut !== null && isAsked(shortcut)) linear(x, shortcut);
        if (isAsked(second)) linear(rectified(x, first), second);
        else if (isAsked(first)) linear(x, first);
        return;
      }
      const inner = linear(rectified(x, first), second);
      const sum = tf.add(inner, shortcut === null ? x : linear(x, shortcut)) as tf.Tensor4D;
      if (asked.includes(block)) keep(block, sum);
      if (order.indexOf(block) === last) return;
      x = relu(sum);
    }
    keep("fc", classify(tf.mean<tf.Tensor2D>(x, [1, 2])));
  };
  const activations = (images: tf.Tensor4D, layers: readonly string[]): tf.Tensor[] => {
    const unknown = layers.find((layer) => !order.includes(layer));
    if (unknown !== undefined) throw new RangeError(`ResNet-18 has no layer ${unknown}`);
    const kept = new Map<string, tf.Tensor>();
    if (layers.length > 0) run(images, layers, (layer, x) => kept.set(layer, x));
    return layers.map((layer) => kept.get(layer)!);
  };
  return {
    name,
    input: RESNET18_INPUT,
    layers: RESNET18_LAYERS,
    activations: (images, layers) => tf.tidy(() => activations(images, layers)),
    dispose: () => {
      dispose();
      meanImage.dispose();
    },
  };
}
