/**
 * Differentiable building blocks with gradients of few kernels. Each is an ordinary function of tensors on every backend;
 * on the native one it calls TensorFlow's own fused kernels.
 *
 * @module
 */
import { blockGradient, hasBlockGradient } from "./block_gradient.ts";
import { type ConstantConvolution, fusedConvolution, inputGradient, sameGradient } from "./fused_convolution.ts";
import { nativeOps } from "./native_ops.ts";
import { tf } from "./tf.ts";

const FLOAT = { kind: "float32 type" } as const;

/** dy where x > 0, else 0. */
function gate(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const ops = nativeOps();
  return ops === null ? tf.mul(dy, tf.step(x)) : ops.call("ReluGrad", { T: FLOAT }, [dy, x], 1)[0];
}

/** A function with a gradient of its own: TensorFlow.js types neither the tensors nor `save` of `customGrad`. */
function withGradient<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: (inputs: readonly tf.Tensor[]) => { value: T; saved: tf.Tensor[] },
  backward: (dy: tf.Tensor, saved: readonly tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): T {
  return tf.customGrad((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    const { value, saved } = forward(args.slice(0, -1) as tf.Tensor[]);
    save(saved);
    return { value, gradFunc: backward };
  })(...inputs) as T;
}

/**
 * A function of a batch, to the same bits for an image alone as among others. TensorFlow cuts the sums of a single image by
 * threads, those of several by images, in matrix products and in convolutions of one pixel: a single one goes in twice.
 *
 * @param x shape [N, ...].
 * @param compute treats every image by itself; returns shape [N, ...].
 */
export function asBatch<X extends tf.Tensor, Y extends tf.Tensor>(x: X, compute: (x: X) => Y): Y {
  if (x.shape[0] !== 1 || nativeOps() === null) return compute(x);
  const twice = compute(tf.concat([x, x]));
  return twice.slice(0, 1);
}

/**
 * max(x, 0), whose gradient is one kernel instead of TensorFlow.js's three (step, cast, multiply).
 *
 * @param x any shape.
 */
export function relu<T extends tf.Tensor>(x: T): T {
  return withGradient<T>(
    [x],
    ([input]) => {
      const value = tf.relu(input) as T;
      return { value, saved: [value] };
    },
    (dy, [value]) => gate(dy, value),
  );
}

/**
 * 1 / (1 + exp(-x)), whose gradient is one kernel instead of TensorFlow.js's three.
 *
 * @param x any shape.
 */
export function sigmoid<T extends tf.Tensor>(x: T): T {
  const ops = nativeOps();
  if (ops === null) return tf.sigmoid(x);
  return withGradient<T>(
    [x],
    ([input]) => {
      const value = tf.sigmoid(input) as T;
      return { value, saved: [value] };
    },
    (dy, [value]) => ops.call("SigmoidGrad", { T: FLOAT }, [value, dy], 1)[0],
  );
}

/**
 * Rearranges blocks of 2 x 2 pixels into channels: [N, H, W, C] to [N, H/2, W/2, 4C], channel (2 dy + dx) C + c.
 *
 * @param x height and width even.
 */
export function spaceToDepth(x: tf.Tensor4D): tf.Tensor4D {
  return withGradient(
    [x],
    ([input]) => ({ value: blocksToChannels(input as tf.Tensor4D), saved: [] }),
    channelsToBlocks,
  );
}

/** The inverse of `spaceToDepth`: [N, H, W, 4C] to [N, 2H, 2W, C]. */
export function depthToSpace(x: tf.Tensor4D): tf.Tensor4D {
  return withGradient([x], ([input]) => ({ value: channelsToBlocks(input), saved: [] }), blocksToChannels);
}

// A row of blocks is two rows of pixels: exchanging row and block column, of 2 C numbers each, is all there is to do. As a
// transposition of rank 4 it is faster than TensorFlow's own SpaceToDepth, which runs on one thread.

function blocksToChannels(x: tf.Tensor): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  return x.reshape([n * height / 2, 2, width / 2, 2 * channels]).transpose([0, 2, 1, 3])
    .reshape([n, height / 2, width / 2, 4 * channels]);
}

function channelsToBlocks(x: tf.Tensor): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  return x.reshape([n * height, width, 2, channels / 2]).transpose([0, 2, 1, 3])
    .reshape([n, 2 * height, 2 * width, channels / 4]);
}

/**
 * Maximum over four equal groups of channels: a 2 x 2 max-pool of what `depthToSpace` would give, without the
 * rearrangement. Where values tie, one of them gets the gradient.
 *
 * @param x shape [N, H, W, 4C].
 * @returns shape [N, H, W, C].
 */
export function maxOfGroups(x: tf.Tensor4D): tf.Tensor4D {
  return withGradient(
    [x],
    ([input]) => {
      const [a, b, c, d] = tf.split(input as tf.Tensor4D, 4, 3);
      const ab = tf.maximum(a, b);
      const cd = tf.maximum(c, d);
      return { value: tf.maximum(ab, cd) as tf.Tensor4D, saved: [tf.sub(a, b), tf.sub(c, d), tf.sub(ab, cd)] };
    },
    (dy, [aOverB, cOverD, abOverCd]) => {
      const dAb = gate(dy, abOverCd);
      const dCd = tf.sub(dy, dAb);
      const dA = gate(dAb, aOverB);
      const dC = gate(dCd, cOverD);
      return tf.concat([dA, tf.sub(dAb, dA), dC, tf.sub(dCd, dC)], 3);
    },
  );
}

/**
 * Convolution of stride 1 without padding. Its gradient is by the input alone; on backends whose transposed convolution
 * is slow it is itself a convolution of the padded gradient with the turned filter.
 *
 * @param x shape [N, H, W, I].
 * @param filter shape [kh, kw, I, O], a constant.
 * @returns shape [N, H - kh + 1, W - kw + 1, O].
 */
export function convolveConstant(x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const [kh, kw] = filter.shape;
  return withGradient(
    [x],
    ([input]) => ({ value: tf.conv2d(input as tf.Tensor4D, filter, 1, "valid"), saved: [] }),
    (dy) => {
      const ops = nativeOps();
      if (ops === null) {
        const turned = filter.reverse([0, 1]).transpose([0, 1, 3, 2]) as tf.Tensor4D;
        return tf.conv2d(
          tf.pad(dy as tf.Tensor4D, [[0, 0], [kh - 1, kh - 1], [kw - 1, kw - 1], [0, 0]]),
          turned,
          1,
          "valid",
        );
      }
      return inputGradient(ops, dy, x.shape, filter, "VALID");
    },
  );
}

/**
 * Convolution, bias and activation as one kernel where the backend has one. Its gradient is by the input alone.
 *
 * @param x shape [N, H, W, I].
 */
export function convolveFused(x: tf.Tensor4D, convolution: ConstantConvolution): tf.Tensor4D {
  const { filter, stride, padding, activation } = convolution;
  return withGradient(
    [x],
    ([input]) => {
      const forward = (some: tf.Tensor4D) => fusedConvolution(some, convolution);
      const onePixel = filter.shape[0] === 1 && filter.shape[1] === 1;
      const value = onePixel ? asBatch(input as tf.Tensor4D, forward) : forward(input as tf.Tensor4D);
      return { value, saved: [value] };
    },
    (dy, [value]) => {
      const gated = (activation === "relu" ? gate(dy, value) : dy) as tf.Tensor4D;
      const strided = { filter, stride, before: [padding, padding], after: [padding, padding] } as const;
      if (hasBlockGradient(strided, gated)) return blockGradient(gated, x.shape, strided);
      // TensorFlow cuts the sums of a single image by threads, those of several by images: one goes in twice, so that its
      // gradient has the same bits alone as among others
      const some = gated.shape[0] === 1 && nativeOps() !== null ? tf.concat([gated, gated]) : gated;
      const [, height, width, channels] = x.shape;
      const same = sameGradient(some, [some.shape[0], height, width, channels], convolution);
      if (same !== null) return some === gated ? same : same.slice(0, 1);
      const padded: [number, number, number, number] = [
        some.shape[0],
        height + 2 * padding,
        width + 2 * padding,
        channels,
      ];
      // TensorFlow.js has no gradient of a convolution with explicit padding
      return tf.conv2dTranspose(some, filter, padded, stride, "valid").slice([0, padding, padding, 0], x.shape);
    },
  );
}

/**
 * Moves every image by an affine map of its own. Output pixel (x, y) shows the input at (a x + b y + c, d x + e y + f).
 * The gradient moves back by the inverse map: exact for shifts by whole pixels, the usual approximation otherwise.
 *
 * @param images shape [N, H, W, C].
 * @param maps coefficients a, b, c, d, e, f of each image, in pixels, length 6 N.
 * @param fill value of pixels that come from outside.
 * @param interpolation "nearest" for shifts by whole pixels, "bilinear" otherwise.
 */
export function warp(
  images: tf.Tensor4D,
  maps: Float32Array,
  fill: number,
  interpolation: "nearest" | "bilinear",
): tf.Tensor4D {
  const count = images.shape[0];
  const inverse = new Float32Array(maps.length);
  for (let i = 0; i < count; i++) inverse.set(inverseAffine(maps.subarray(6 * i, 6 * i + 6)), 6 * i);
  return withGradient(
    [images],
    ([input]) => ({ value: applyMaps(input as tf.Tensor4D, maps, fill, interpolation), saved: [] }),
    (dy) => applyMaps(dy as tf.Tensor4D, inverse, 0, interpolation),
  );
}

/** The inverse of (x, y) to (a x + b y + c, d x + e y + f). */
function inverseAffine([a, b, c, d, e, f]: Float32Array): number[] {
  const determinant = a * e - b * d;
  return [e, -b, b * f - c * e, -d, a, c * d - a * f].map((value) => value / determinant);
}

function applyMaps(
  images: tf.Tensor4D,
  maps: Float32Array,
  fill: number,
  interpolation: "nearest" | "bilinear",
): tf.Tensor4D {
  const [count, height, width] = images.shape;
  const projective = new Float32Array(8 * count); // the last two coefficients, of perspective, stay 0
  for (let i = 0; i < count; i++) projective.set(maps.subarray(6 * i, 6 * i + 6), 8 * i);
  const transforms = tf.tensor2d(projective, [count, 8]);
  const ops = nativeOps();
  if (ops === null) {
    const transform = (some: tf.Tensor4D, maps: tf.Tensor2D) =>
      tf.image.transform(some, maps, interpolation, "constant", fill, [height, width]);
    // TensorFlow.js 4.22 on the cpu backend transforms the first image of a batch alone
    return tf.getBackend() !== "cpu" ? transform(images, transforms) : tf.concat(
      (tf.split(images, count) as tf.Tensor4D[]).map((image, i) => transform(image, transforms.slice([i, 0], [1, 8]))),
    );
  }
  return ops.call(
    "ImageProjectiveTransformV3",
    {
      dtype: FLOAT,
      interpolation: { kind: "string", value: interpolation.toUpperCase() },
      fill_mode: { kind: "string", value: "CONSTANT" },
    },
    [images, transforms, tf.tensor1d([height, width], "int32"), tf.scalar(fill)],
    1,
  )[0] as tf.Tensor4D;
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
  return withGradient(
    [x, scale, offset],
    ([xIn, scaleIn, offsetIn]) => {
      const empty = tf.tensor1d([]);
      const [y, mean, variance, ...reserves] = ops.call(
        "FusedBatchNormV3",
        { ...attributes, exponential_avg_factor: { kind: "float", value: 1 } },
        [xIn, scaleIn, offsetIn, empty, empty],
        6,
      );
      onStatistics({ mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D });
      return { value: y as tf.Tensor4D, saved: [xIn, scaleIn, ...reserves] };
    },
    (dy, saved) => ops.call("FusedBatchNormGradV3", attributes, [dy, ...saved], 5).slice(0, 3),
  );
}

/**
 * (x - mean) / sqrt(variance + epsilon) over the last axis, with a gradient that needs the result alone:
 * dx = (dy - mean dy - y mean(dy y)) / sqrt(variance + epsilon).
 */
export function normalizeLast(x: tf.Tensor, epsilon: number): tf.Tensor {
  return withGradient(
    [x],
    ([input]) => {
      const centred = tf.sub(input, tf.mean(input, -1, true));
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
      const value = tf.mul(centred, scale);
      return { value, saved: [value, scale] };
    },
    (dy, [y, scale]) =>
      tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), tf.mul(y, tf.mean(tf.mul(dy, y), -1, true))), scale),
  );
}
