/**
 * Smooth nonlinearities, each with a gradient of its own: a few kernels, and one or two stored tensors instead of one
 * for each step.
 *
 * @module
 */
import { relu } from "./layers.ts";
import { tf } from "./tf.ts";

/** A function of one tensor with a gradient that is its derivative at the same point. */
function withDerivative(
  x: tf.Tensor,
  compute: (x: tf.Tensor) => tf.Tensor,
  derivative: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  return tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([input as tf.Tensor]);
    return {
      value: compute(input as tf.Tensor),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, derivative(saved)),
    };
  })(x);
}

/** x P(Z <= x) for a standard normal Z. @see Hendrycks and Gimpel (2016) */
export function gelu(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((input, save) => {
    const below = tf.add(tf.mul(tf.erf(tf.mul(input as tf.Tensor, Math.SQRT1_2)), 0.5), 0.5);
    (save as tf.GradSaveFunc)([input as tf.Tensor, below]);
    return {
      value: tf.mul(input as tf.Tensor, below),
      // P + x p with the density p
      gradFunc: (dy: tf.Tensor, [x, below]: tf.Tensor[]) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(below, tf.mul(x, density)));
      },
    };
  })(x);
}

/** Its approximation 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  const scale = Math.sqrt(2 / Math.PI);
  const inner = (x: tf.Tensor) => tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), 0.044715)), scale));
  return withDerivative(
    x,
    (x) => tf.mul(tf.mul(x, tf.add(inner(x), 1)), 0.5),
    (x) => {
      const t = inner(x);
      const slope = tf.mul(tf.add(tf.mul(tf.square(x), 3 * 0.044715), 1), scale);
      return tf.mul(tf.add(tf.add(t, 1), tf.mul(tf.mul(x, tf.sub(1, tf.square(t))), slope)), 0.5);
    },
  );
}

/** x sigmoid(alpha x). */
export function silu(x: tf.Tensor, alpha = 1): tf.Tensor {
  const gate = (x: tf.Tensor) => tf.sigmoid(alpha === 1 ? x : tf.mul(x, alpha));
  return withDerivative(
    x,
    (x) => tf.mul(x, gate(x)),
    (x) => {
      const s = gate(x);
      return tf.mul(s, tf.add(tf.mul(tf.mul(x, tf.sub(1, s)), alpha), 1));
    },
  );
}

/** x min(max(x + 3, 0), 6) / 6. */
export function hardSwish(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.mul(tf.minimum(relu(tf.add(x, 3)), 6), 1 / 6));
}
