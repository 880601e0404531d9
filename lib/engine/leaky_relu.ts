/**
 * A leaky rectifier that can be differentiated twice, which a gradient penalty asks for.
 *
 * @module
 */
import { type Attribute, nativeOps } from "./native_ops.ts";
import { tf } from "./tf.ts";

/**
 * x where x > 0, else slope x. Gradients of its gradient pass through the same gate, which TensorFlow.js's own
 * `leakyRelu` has no gradient for; on the native backend each is one kernel.
 *
 * @param x any shape.
 * @param slope in (0, 1).
 */
export function leakyRelu<T extends tf.Tensor>(x: T, slope: number): T {
  if (nativeOps() === null) return tf.sub(tf.relu(x), tf.relu(tf.neg(x)).mul(slope)) as T;
  return tf.customGrad((input, save) => {
    const value = tf.leakyRelu(input as tf.Tensor, slope);
    (save as tf.GradSaveFunc)([value]); // has the sign of the input
    return { value, gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => leakyGate(dy, saved, slope) };
  })(x) as T;
}

/** dy where sign > 0, else slope dy: linear in dy, so that its gradient is the same gate. */
function leakyGate(dy: tf.Tensor, sign: tf.Tensor, slope: number): tf.Tensor {
  const attributes: Record<string, Attribute> = {
    T: { kind: "float32 type" },
    alpha: { kind: "float", value: slope },
  };
  return tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([sign]);
    return {
      value: nativeOps()!.call("LeakyReluGrad", attributes, [input as tf.Tensor, sign], 1)[0],
      gradFunc: (ddy: tf.Tensor, [saved]: tf.Tensor[]) => leakyGate(ddy, saved, slope),
    };
  })(dy);
}
