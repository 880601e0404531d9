/**
 * Residual networks whose units are scored: every convolution with its batch normalization, before the ReLU; the sum of
 * every block, before its ReLU; and the class scores. Layers have torchvision's names; a block's sum has the block's.
 *
 * @module
 */
import { relu, tf } from "../engine/mod.ts";
import type { LayerInfo, Size } from "../types.ts";
import type { Weights } from "../weights/mod.ts";
import type { Network } from "./network.ts";
import type { Normalization } from "./normalize.ts";
import type { ApplyConvolution } from "./normalized_convolutions.ts";
import {
  type BlockSpec,
  blockSpecs,
  blockSum,
  loadFolded,
  type ResNetArchitecture,
  stemPool,
  stemSpec,
} from "./resnet.ts";
import { tappedNetwork, type Taps } from "./tapped_network.ts";

/** The images that `RESNET18_CIFAR10` takes. */
export const RESNET18_INPUT: Size = { height: 32, width: 32 };

function gridLayer(name: string, units: number): LayerInfo {
  return { name, positions: "grid", units };
}

/** The scorable layers before the classifier: the convolutions and the blocks' sums. */
export function resNetBodyLayers(architecture: ResNetArchitecture): readonly LayerInfo[] {
  const stem = stemSpec(architecture);
  return [
    gridLayer(stem.conv, stem.output),
    ...blockSpecs(architecture).flatMap(({ name, convolutions, shortcut, output }) => [
      ...convolutions.map((spec) => gridLayer(spec.conv, spec.output)),
      ...(shortcut === null ? [] : [gridLayer(shortcut.conv, shortcut.output)]),
      gridLayer(name, output),
    ]),
  ];
}

/** The scorable layers: the convolutions, the blocks' sums and the class scores. */
export function resNetLayers(architecture: ResNetArchitecture): readonly LayerInfo[] {
  return [
    ...resNetBodyLayers(architecture),
    { name: "fc", positions: "none", units: architecture.classes },
  ];
}

/**
 * A trained residual network.
 *
 * @param weights torchvision's names and layouts.
 * @param source the weights' file, for errors.
 * @param input the images it is to take.
 * @throws {InputError} when a tensor is missing, has another shape or numbers that cannot be, or belongs to a deeper network.
 */
export function createResNetNetwork(
  weights: Weights,
  source: string,
  name: string,
  architecture: ResNetArchitecture,
  { mean, std }: Normalization,
  input: Size,
): Network {
  const folded = loadFolded(weights, source, architecture, std);
  const run = (images: tf.Tensor4D, taps: Taps): void => {
    const features = runResNetBody(images, architecture, folded.apply, taps, taps.asks("fc"));
    if (features !== null) taps.take("fc", folded.classify(features));
  };
  return tappedNetwork({
    name,
    title: architecture.title,
    layers: resNetLayers(architecture),
    input,
    mean,
    run,
    dispose: folded.dispose,
  });
}

/**
 * A residual network up to its global average pool.
 *
 * @param beyond whether a layer behind it is asked for.
 * @returns the pool's output, shape [N, features]; null where the pass ended before it.
 */
export function runResNetBody(
  images: tf.Tensor4D,
  architecture: ResNetArchitecture,
  applyFolded: ApplyConvolution,
  taps: Taps,
  beyond: boolean,
): tf.Tensor2D | null {
  const apply: ApplyConvolution = (x, spec, activation) =>
    activation === "relu"
      ? taps.rectify(spec.conv, (kind) => applyFolded(x, spec, kind))
      : taps.take(spec.conv, applyFolded(x, spec, "linear"));
  const blocks = blockSpecs(architecture);
  let x = apply(images, stemSpec(architecture), "relu");
  if (taps.complete()) return null;
  if (architecture.stem.pool) x = stemPool(x);
  const end = blocks.findLastIndex((block) => asksFor(block, taps));
  for (const [i, block] of blocks.entries()) {
    if (i === end && !beyond && !taps.asks(block.name)) {
      endWithin(x, block, apply, taps);
      return null;
    }
    const sum = taps.take(block.name, blockSum(x, block, apply));
    if (taps.complete()) return null;
    x = relu(sum);
  }
  return tf.mean<tf.Tensor2D>(x, [1, 2]);
}

/** Whether a layer of a block is asked for. */
function asksFor({ name, convolutions, shortcut }: BlockSpec, taps: Taps): boolean {
  return [...convolutions, ...(shortcut === null ? [] : [shortcut])].some(({ conv }) => taps.asks(conv)) ||
    taps.asks(name);
}

/** A block in which the pass ends before its sum: only what leads to a layer that is asked for. */
function endWithin(x: tf.Tensor4D, { convolutions, shortcut }: BlockSpec, apply: ApplyConvolution, taps: Taps): void {
  if (shortcut !== null && taps.asks(shortcut.conv)) apply(x, shortcut, "linear");
  const last = convolutions.findLastIndex(({ conv }) => taps.asks(conv));
  convolutions.slice(0, last + 1).reduce((y, spec, i) => apply(y, spec, i < last ? "relu" : "linear"), x);
}
