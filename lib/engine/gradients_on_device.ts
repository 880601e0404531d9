/**
 * Gradients of sums and means that stay where they are computed. TensorFlow.js's own multiply by as many ones as the input has
 * entries, which JavaScript writes and a card waits for: at each step of ascent 25 kB an image of LeNet-5's conv2, 134 kB of
 * a vision transformer's keys. Here the device makes the ones itself; every bit of the result is as before.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** dy, which lacks axes of the shape or has them once, repeated along them. */
function spread(dy: tf.Tensor, shape: readonly number[], axes: readonly number[]): tf.Tensor {
  const kept = shape.map((size, axis) => axes.includes(axis) ? 1 : size);
  return tf.mul(tf.reshape(dy, kept), tf.fill([...shape], 1, "float32"));
}

/** Takes the place of TensorFlow.js's gradients of a reduction over axes. */
function replaceGradient(kernelName: string, gradient: (spread: tf.Tensor, terms: number) => tf.Tensor): void {
  tf.unregisterGradient(kernelName); // registering twice would print a warning
  tf.registerGradient({
    kernelName,
    inputsToSave: ["x"],
    gradFunc: (dy, [x], attributes) => {
      const axes = tf.util.parseAxisParam(attributes.axis as number | number[], x.shape);
      const terms = axes.reduce((product, axis) => product * x.shape[axis], 1);
      return { x: () => gradient(spread(dy as tf.Tensor, x.shape, axes), terms) };
    },
  });
}

replaceGradient("Sum", (spread) => spread);
replaceGradient("Mean", (spread, terms) => tf.div(spread, terms));
