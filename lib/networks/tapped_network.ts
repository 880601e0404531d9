/**
 * Networks of convolutions and ReLUs as networks whose units are scored: one pass, out of which the layers that are asked
 * for are taken before their ReLUs.
 *
 * @module
 */
import { relu, tf } from "../engine/mod.ts";
import type { LayerInfo, Size } from "../types.ts";
import type { Network, Through } from "./network.ts";
import { type Colour, colourImage } from "./normalize.ts";

/** What a pass through a network asks, and what it hands its layers to. */
export interface Taps {
  /** Whether a layer is asked for. */
  asks(layer: string): boolean;
  /** Whether every layer that is asked for was there: nobody reads what comes after, and the pass may end. */
  complete(): boolean;
  /** Takes a layer, if it is asked for, and returns it. */
  take<T extends tf.Tensor>(layer: string, x: T): T;
  /**
   * Takes a layer before its ReLU, if it is asked for, and returns it after the ReLU.
   *
   * @param compute the layer; its ReLU may be part of its kernel where nobody asks for what is before it.
   */
  rectify<T extends tf.Tensor>(layer: string, compute: (activation: "relu" | "linear") => T): T;
}

/** What a tapped network is made of. */
export interface TappedParts {
  readonly name: string;
  /** Its architecture, for errors. */
  readonly title: string;
  readonly layers: readonly LayerInfo[];
  readonly input: Size;
  /** Mean colour of the images that it was trained on. */
  readonly mean: Colour;
  /**
   * Goes through the network and hands each layer to the taps; ends where they are complete.
   *
   * @param images pixels less the mean colour, not divided by standard deviations, shape [N, H, W, 3].
   */
  run(images: tf.Tensor4D, taps: Taps): void;
  /** Frees the weights. */
  dispose(): void;
}

/** A network whose units are scored. */
export function tappedNetwork({ name, title, layers, input, mean, run, dispose }: TappedParts): Network {
  const known = new Set(layers.map((layer) => layer.name));
  const meanImage = colourImage(mean, input);
  const activations = (images: tf.Tensor4D, asked: readonly string[], through?: Through): tf.Tensor[] => {
    const unknown = asked.find((layer) => !known.has(layer));
    if (unknown !== undefined) throw new RangeError(`${title} has no layer ${unknown}`);
    const taken = new Map<string, tf.Tensor>();
    if (asked.length > 0) run(tf.sub(images, meanImage), createTaps(new Set(asked), taken, through));
    return asked.map((layer) => taken.get(layer)!);
  };
  return {
    name,
    input,
    layers,
    activations: (images, asked, through) => tf.tidy(() => activations(images, asked, through)),
    dispose: () => {
      dispose();
      meanImage.dispose();
    },
  };
}

function createTaps(asked: ReadonlySet<string>, taken: Map<string, tf.Tensor>, through?: Through): Taps {
  const asks = (layer: string) => asked.has(layer);
  const complete = () => taken.size === asked.size;
  const take = <T extends tf.Tensor>(layer: string, x: T): T => {
    if (!asks(layer)) return x;
    const y = through === undefined ? x : through(layer, x) as T;
    taken.set(layer, y);
    return y;
  };
  return {
    asks,
    complete,
    take,
    rectify: (layer, compute) => {
      if (!asks(layer)) return compute("relu");
      const linear = take(layer, compute("linear"));
      return complete() ? linear : relu(linear);
    },
  };
}
