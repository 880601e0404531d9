/**
 * Differentiable building blocks with gradients of few kernels. Each is an ordinary function of tensors on every backend;
 * on the native one it calls TensorFlow's own fused kernels.
 *
 * @module
 */
import { nativeOps } from "./native_ops.ts";
import { tf } from "./tf.ts";

const FLOAT = { kind: "float32 type" } as const;

/**
 * max(x, 0), whose gradient is one kernel instead of TensorFlow.js's three (step, cast, multiply).
 *
 * @param x any shape.
 */
export function relu<T extends tf.Tensor>(x: T): T {
  const ops = nativeOps();
  if (ops === null) return tf.relu(x);
  return tf.customGrad((input, save) => {
    const value = tf.relu(input as tf.Tensor);
    (save as tf.GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => ops.call("ReluGrad", { T: FLOAT }, [dy, saved[0]], 1)[0],
    };
  })(x) as T;
}

/** What a training-mode batch normalization returns beside its output. */
export interface BatchStatistics {
  /** Mean over batch, height and width, shape [C]. */
  readonly mean: tf.Tensor1D;
  /** Unbiased variance over the same, shape [C]. */
  readonly variance: tf.Tensor1D;
}

/**
 * Batch normalization in training mode: y = scale (x - mean) / sqrt(var + epsilon) + offset, with the mean and the
 * (biased) variance of this batch.
 *
 * @param x shape [N, H, W, C].
 * @param scale shape [C].
 * @param offset shape [C].
 * @param onStatistics is handed the batch's mean and unbiased variance, valid during the call.
 * @see Ioffe and Szegedy (2015), "Batch normalization"
 */
export function batchNormTrain(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
  onStatistics: (statistics: BatchStatistics) => void,
): tf.Tensor4D {
  const ops = nativeOps();
  const count = x.shape[0] * x.shape[1] * x.shape[2];
  if (ops === null) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    onStatistics({ mean: mean as tf.Tensor1D, variance: variance.mul(count / (count - 1)) as tf.Tensor1D });
    return x.sub(mean).mul(variance.add(epsilon).rsqrt()).mul(scale).add(offset) as tf.Tensor4D;
  }
  const attributes = {
    T: FLOAT,
    U: FLOAT,
    epsilon: { kind: "float", value: epsilon },
    data_format: { kind: "string", value: "NHWC" },
    is_training: { kind: "bool", value: true },
  } as const;
  return tf.customGrad((xIn, scaleIn, offsetIn, save) => {
    const empty = tf.tensor1d([]);
    const [y, mean, variance, reserve1, reserve2, reserve3] = ops.call(
      "FusedBatchNormV3",
      { ...attributes, exponential_avg_factor: { kind: "float", value: 1 } },
      [xIn as tf.Tensor, scaleIn as tf.Tensor, offsetIn as tf.Tensor, empty, empty],
      6,
    );
    onStatistics({ mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D });
    (save as tf.GradSaveFunc)([xIn as tf.Tensor, scaleIn as tf.Tensor, reserve1, reserve2, reserve3]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        ops.call("FusedBatchNormGradV3", attributes, [dy, ...saved], 5).slice(0, 3),
    };
  })(x, scale, offset) as tf.Tensor4D;
}
