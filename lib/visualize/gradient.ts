/**
 * Whether there is a gradient to follow.
 *
 * @module
 */
import { readData, tf } from "../engine/mod.ts";
import type { Network } from "../networks/mod.ts";
import { reduceSpace } from "./objective.ts";
import type { ActivationOptions } from "./options.ts";

/**
 * Whether any unit of a layer has a gradient with respect to the image, at either of two images of noise. One that is no finite
 * number counts: a unit explodes, which is found of each unit by itself.
 *
 * @throws {RangeError} when the network has no such layer, or the layer no such place as the activation is taken at.
 */
export async function hasGradient(network: Network, layer: string, options: ActivationOptions): Promise<boolean> {
  const { height, width } = network.input;
  const read = (images: tf.Tensor) => reduceSpace(network.activations(images as tf.Tensor4D, [layer])[0], options);
  tf.dispose(tf.tidy(() => read(tf.zeros([1, height, width, 3])))); // what it throws must not come out of a gradient
  const slopes = await readData(() => {
    const gradient = tf.grad((images: tf.Tensor) => {
      const activations = read(images);
      // weights of both signs, and none of them equal: gradients of units must not cancel
      return activations.mul(tf.randomUniform(activations.shape, -1, 1, "float32", 1)).sum();
    });
    return gradient(tf.randomUniform([2, height, width, 3], 0, 1, "float32", 0));
  });
  return slopes.some((slope) => slope !== 0);
}
