/**
 * A small smooth network, made up for tests of ascent.
 *
 * @module
 */
import { tf } from "../../lib/engine/mod.ts";
import type { Network } from "../../lib/networks/network.ts";
import { madeUp } from "../lpips/made_up.ts";

/** Numbers in [-1, 1). */
export function signed(stream: number, count: number): Float32Array {
  return madeUp(stream, count).map((value) => 2 * value - 1);
}

/**
 * Layer `conv`: four channels of a 3x3 convolution, of which channel 3 is zero whatever the image (no gradient). Layer
 * `dense`: three neurons on tanh of it. Layer `single`: one neuron, the mean pixel. Layer `left`: one neuron, the mean pixel of
 * the left half, blind to the right. Layer `tokens`: the same four channels as a sequence, a token a position. Images are
 * taken less 1/2.
 *
 * @param height of the images.
 * @param width even.
 */
export function createSmallNetwork(height: number, width = height): Network {
  const size = (height - 2) * (width - 2);
  const kernel = signed(800, 3 * 3 * 3 * 4).map((value, i) => i % 4 === 3 ? 0 : value);
  const filter = tf.tensor4d(kernel, [3, 3, 3, 4]);
  const scale = Math.sqrt(size);
  const weights = tf.tensor2d(signed(801, size * 4 * 3).map((value) => value / scale), [size * 4, 3]);
  const activationsOf = (images: tf.Tensor4D, layer: string): tf.Tensor => {
    if (layer === "single") return images.mean<tf.Tensor2D>([1, 2, 3]).reshape([-1, 1]).sub(0.5);
    if (layer === "left") {
      const left = images.slice([0, 0, 0, 0], [-1, -1, width / 2, -1]);
      return left.mean<tf.Tensor2D>([1, 2, 3]).reshape([-1, 1]).sub(0.5);
    }
    const conv = tf.conv2d(images.sub(0.5) as tf.Tensor4D, filter, 1, "valid");
    if (layer === "conv") return conv;
    if (layer === "tokens") return conv.reshape([images.shape[0], size, 4]);
    if (layer === "dense") return conv.tanh().reshape<tf.Tensor2D>([images.shape[0], -1]).matMul(weights);
    throw new RangeError(`small has no layer ${layer}`);
  };
  return {
    name: "small",
    input: { height, width },
    layers: [
      { name: "conv", positions: "grid", units: 4 },
      { name: "dense", positions: "none", units: 3 },
      { name: "single", positions: "none", units: 1 },
      { name: "left", positions: "none", units: 1 },
      { name: "tokens", positions: "tokens", units: 4 },
    ],
    activations: (images, layers) => tf.tidy(() => layers.map((layer) => activationsOf(images, layer))),
    dispose: () => tf.dispose([filter, weights]),
  };
}
