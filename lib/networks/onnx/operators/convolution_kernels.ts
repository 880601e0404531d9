/**
 * Convolutions by constant filters with gradients by the input alone: TensorFlow's own kernels on the native backend, which
 * take any padding; compositions of TensorFlow.js's operations elsewhere.
 *
 * @module
 */
import { type Attribute, blockGradient, hasBlockGradient, nativeOps, tf } from "../../../engine/mod.ts";

/** How a filter moves over an image. */
export interface Movement {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Zeros at the top, bottom, left and right. */
  readonly padding: readonly [number, number, number, number];
}

const FLOAT: Attribute = { kind: "float32 type" };

function nativeAttributes(
  { strides, dilations, padding: [top, bottom, left, right] }: Movement,
): Record<string, Attribute> {
  const explicit = top + bottom + left + right > 0;
  return {
    T: FLOAT,
    strides: { kind: "ints", value: [1, ...strides, 1] },
    padding: { kind: "string", value: explicit ? "EXPLICIT" : "VALID" },
    explicit_paddings: { kind: "ints", value: explicit ? [0, 0, top, bottom, left, right, 0, 0] : [] },
    data_format: { kind: "string", value: "NHWC" },
    dilations: { kind: "ints", value: [1, ...dilations, 1] },
  };
}

function padded(x: tf.Tensor4D, [top, bottom, left, right]: Movement["padding"]): tf.Tensor4D {
  return top + bottom + left + right === 0 ? x : tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]);
}

/** A filter with its holes filled by zeros, which every kernel's gradient takes. */
export function spread(filter: tf.Tensor4D, [down, across]: readonly [number, number]): tf.Tensor4D {
  const holes = (x: tf.Tensor4D, axis: 0 | 1, step: number): tf.Tensor4D => {
    if (step === 1 || x.shape[axis] === 1) return x;
    const parts = tf.unstack(x, axis);
    const zero = tf.zerosLike(parts[0]);
    const spaced = parts.flatMap((part, i) => i === 0 ? [part] : [...new Array<tf.Tensor>(step - 1).fill(zero), part]);
    return tf.stack(spaced, axis) as tf.Tensor4D;
  };
  return holes(holes(filter, 0, down), 1, across);
}

/**
 * A function with a gradient by its input alone.
 *
 * @param filter is saved for the gradient, since it may have been made for this call.
 */
export function withInputGradient(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  forward: (x: tf.Tensor4D) => tf.Tensor4D,
  backward: (dy: tf.Tensor4D, shape: [number, number, number, number], filter: tf.Tensor4D) => tf.Tensor4D,
): tf.Tensor4D {
  const shape = [...x.shape] as [number, number, number, number];
  return tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([filter]);
    return {
      value: forward(input as tf.Tensor4D),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => backward(dy as tf.Tensor4D, shape, saved as tf.Tensor4D),
    };
  })(x) as tf.Tensor4D;
}

/**
 * @param x shape [N, H, W, I].
 * @param filter shape [kh, kw, I, O].
 * @param bias shape [O].
 */
export function convolve(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D | undefined,
  movement: Movement,
): tf.Tensor4D {
  const { strides, dilations, padding } = movement;
  const ops = nativeOps();
  return withInputGradient(
    x,
    filter,
    (x) => {
      if (ops !== null && isPointwise(filter, movement)) {
        const [n, height, width, channels] = x.shape;
        const y = tf.matMul(x.reshape([n * height * width, channels]), filter.reshape([channels, filter.shape[3]]));
        return (bias === undefined ? y : tf.add(y, bias)).reshape([n, height, width, filter.shape[3]]) as tf.Tensor4D;
      }
      // TensorFlow.js takes strides or dilations
      const y = ops === null
        ? tf.conv2d(padded(x, padding), spread(filter, dilations), [...strides], "valid")
        : ops.call("Conv2D", { ...nativeAttributes(movement), use_cudnn_on_gpu: CUDNN }, [x, filter], 1)[0];
      return (bias === undefined ? y : tf.add(y, bias)) as tf.Tensor4D;
    },
    (dy, shape, filter) => {
      if (ops !== null && isPointwise(filter, movement)) {
        const [n, height, width, channels] = shape;
        const outputs = filter.shape[3];
        return tf.matMul(dy.reshape([n * height * width, outputs]), filter.reshape([channels, outputs]), false, true)
          .reshape(shape);
      }
      const whole = spread(filter, dilations);
      const [top, bottom, left, right] = padding;
      const strided = { filter: whole, stride: strides[0], before: [top, left], after: [bottom, right] } as const;
      if (strides[0] === strides[1] && hasBlockGradient(strided, dy)) return blockGradient(dy, shape, strided);
      if (ops === null) return inputGradient(dy, whole, shape, movement);
      // onto the padded image: with padding of its own the kernel takes up to thirty times as long on small maps
      const [n, height, width, channels] = shape;
      const unpadded: Movement = { ...movement, dilations: [1, 1], padding: [0, 0, 0, 0] };
      const around = [n, height + top + bottom, width + left + right, channels];
      const dx = ops.call(
        "Conv2DBackpropInput",
        { ...nativeAttributes(unpadded), use_cudnn_on_gpu: CUDNN },
        [tf.tensor1d(around, "int32"), whole, dy],
        1,
      )[0] as tf.Tensor4D;
      return top + bottom + left + right === 0 ? dx : dx.slice([0, top, left, 0], shape);
    },
  );
}

const CUDNN: Attribute = { kind: "bool", value: true };

/** Whether a convolution is a product of matrices. */
function isPointwise(filter: tf.Tensor4D, { strides, padding }: Movement): boolean {
  return filter.shape[0] * filter.shape[1] * strides[0] * strides[1] === 1 && padding.every((n) => n === 0);
}

/** The gradient by the input, as a transposed convolution onto the padded image. */
function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  [n, height, width, channels]: [number, number, number, number],
  { strides, padding: [top, bottom, left, right] }: Movement,
): tf.Tensor4D {
  return tf.conv2dTranspose(
    dy,
    filter,
    [n, height + top + bottom, width + left + right, channels],
    [...strides],
    "valid",
  ).slice([0, top, left, 0], [n, height, width, channels]);
}

/**
 * Every channel by a filter of its own.
 *
 * @param x shape [N, H, W, C].
 * @param filter shape [kh, kw, C, 1].
 * @param bias shape [C].
 */
export function convolveDepthwise(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D | undefined,
  movement: Movement,
): tf.Tensor4D {
  const { strides, dilations, padding } = movement;
  const whole = spread(filter, dilations);
  const still: Movement = { ...movement, dilations: [1, 1] };
  const ops = nativeOps();
  const square = strides[0] === strides[1]; // TensorFlow's kernels have one stride for both axes
  if (!square) return depthwiseByStep(x, whole, bias, still);
  return withInputGradient(
    x,
    whole,
    (x) => {
      const y = ops === null
        ? tf.depthwiseConv2d(padded(x, padding), whole, [...strides], "valid")
        : ops.call("DepthwiseConv2dNative", nativeAttributes(still), [x, whole], 1)[0];
      return (bias === undefined ? y : tf.add(y, bias)) as tf.Tensor4D;
    },
    (dy, shape, whole) => {
      if (ops !== null) {
        const turned = turnedPadding(whole, still);
        // a convolution by the turned filter takes half the time of the kernel that is meant for it
        if (turned !== null) {
          const movement: Movement = { ...still, padding: turned };
          const filter = whole.reverse([0, 1]);
          return ops.call("DepthwiseConv2dNative", nativeAttributes(movement), [dy, filter], 1)[0] as tf.Tensor4D;
        }
        return ops.call(
          "DepthwiseConv2dNativeBackpropInput",
          nativeAttributes(still),
          [tf.tensor1d(shape, "int32"), whole, dy],
          1,
        )[0] as tf.Tensor4D;
      }
      return depthwiseGradient(dy, whole, shape, still);
    },
  );
}

/** The zeros around dy where dx is its convolution by the turned filter; null where the stride or the zeros forbid it. */
function turnedPadding(filter: tf.Tensor4D, { strides, padding }: Movement): Movement["padding"] | null {
  const [kh, kw] = filter.shape;
  const [top, bottom, left, right] = padding;
  const turned = [kh - 1 - top, kh - 1 - bottom, kw - 1 - left, kw - 1 - right] as const;
  return strides[0] * strides[1] === 1 && turned.every((n) => n >= 0) ? turned : null;
}

/** Stride 1, then every strides-th position: for strides that differ between the axes, which are rare. */
function depthwiseByStep(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D | undefined,
  movement: Movement,
): tf.Tensor4D {
  const dense = convolveDepthwise(x, filter, bias, { ...movement, strides: [1, 1] });
  const every = (axis: 1 | 2, step: number) =>
    Array.from({ length: Math.ceil(dense.shape[axis] / step) }, (_, i) => i * step);
  return tf.gather(
    tf.gather(dense, tf.tensor1d(every(1, movement.strides[0]), "int32"), 1),
    tf.tensor1d(every(2, movement.strides[1]), "int32"),
    2,
  );
}

/** The gradient by the input: the gradient spread by the stride, by the turned filter. */
function depthwiseGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  [n, height, width, channels]: [number, number, number, number],
  { strides, padding: [top, bottom, left, right] }: Movement,
): tf.Tensor4D {
  const [kh, kw] = filter.shape;
  const wide = spread(dy.transpose([1, 2, 0, 3]) as tf.Tensor4D, strides).transpose([2, 0, 1, 3]) as tf.Tensor4D;
  const [lackDown, lackAcross] = [
    height + top + bottom - kh + 1 - wide.shape[1],
    width + left + right - kw + 1 - wide.shape[2],
  ];
  const around = tf.pad(wide, [[0, 0], [kh - 1, kh - 1 + lackDown], [kw - 1, kw - 1 + lackAcross], [0, 0]]);
  const full = tf.depthwiseConv2d(around, filter.reverse([0, 1]) as tf.Tensor4D, 1, "valid");
  return full.slice([0, top, left, 0], [n, height, width, channels]);
}
