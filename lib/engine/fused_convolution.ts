/**
 * Convolution, bias and ReLU as the one kernel that oneDNN has for them. TensorFlow.js calls three in turn, and TensorFlow puts
 * them together in graphs alone, so it is called by its own name. The result has the bits of the three.
 *
 * @module
 */
import { type NativeOps, nativeOps } from "./native_ops.ts";
import { tf } from "./tf.ts";

const FLOAT = { kind: "float32 type" } as const;

/** A convolution whose weights are constants. */
export interface ConstantConvolution {
  /** Shape [kh, kw, I, O]. */
  readonly filter: tf.Tensor4D;
  /** Shape [O]. */
  readonly bias: tf.Tensor1D;
  readonly stride: number;
  /** Zeros on each of the four sides: PyTorch's padding, which "same" is not at stride 2. */
  readonly padding: number;
  readonly activation: "relu" | "linear";
}

/** Whether convolutions are computed by oneDNN's kernels. */
let byOneDnn = false;

/**
 * Says whether the backend in use is TensorFlow on a CPU with oneDNN. Where its library does not have the kernel after all, or
 * the binding cannot call it, convolutions are computed as elsewhere.
 */
export function setOneDnnConvolutions(used: boolean): void {
  byOneDnn = used && tf.tidy(() => {
    const tried = { filter: tf.ones([1, 1, 1, 1]), bias: tf.ones([1]), stride: 1, padding: 0, activation: "relu" };
    try {
      return fusedKernel(nativeOps()!, tf.ones([1, 1, 1, 1]), tried as ConstantConvolution).dataSync()[0] === 2;
    } catch {
      return false;
    }
  });
}

/** Whether convolutions are computed by oneDNN's kernels here. */
export function hasOneDnnConvolutions(): boolean {
  return byOneDnn;
}

/**
 * Convolution, bias and activation.
 *
 * @param x shape [N, H, W, I].
 * @returns shape [N, OH, OW, O].
 */
export function fusedConvolution(x: tf.Tensor4D, convolution: ConstantConvolution): tf.Tensor4D {
  const ops = nativeOps();
  if (byOneDnn && ops !== null) return fusedKernel(ops, x, convolution);
  const { filter, bias, stride, padding, activation } = convolution;
  const around: [[0, 0], [number, number], [number, number], [0, 0]] = [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ];
  return tf.fused.conv2d({ x, filter, strides: stride, pad: around, bias, activation }) as tf.Tensor4D;
}

function fusedKernel(
  ops: NativeOps,
  x: tf.Tensor4D,
  { filter, bias, stride, padding, activation }: ConstantConvolution,
): tf.Tensor4D {
  return ops.call(
    "_MklNativeFusedConv2D",
    {
      _kernel: { kind: "string", value: "MklNameChangeOp" }, // the label of oneDNN's kernels that take ordinary tensors
      T: FLOAT,
      TArgs: { kind: "float32 types", count: 1 },
      num_args: { kind: "int", value: 1 },
      num_host_args: { kind: "int", value: 0 },
      strides: { kind: "ints", value: [1, stride, stride, 1] },
      padding: { kind: "string", value: "EXPLICIT" },
      explicit_paddings: { kind: "ints", value: [0, 0, padding, padding, padding, padding, 0, 0] },
      data_format: { kind: "string", value: "NHWC" },
      dilations: { kind: "ints", value: [1, 1, 1, 1] },
      use_cudnn_on_gpu: { kind: "bool", value: true },
      fused_ops: { kind: "strings", value: activation === "relu" ? ["BiasAdd", "Relu"] : ["BiasAdd"] },
      epsilon: { kind: "float", value: 0 }, // of a batch normalization, which is not among them
      leakyrelu_alpha: { kind: "float", value: 0 },
    },
    [x, filter, bias],
    1,
  )[0] as tf.Tensor4D;
}

/**
 * The gradient of a convolution by its input, by TensorFlow's kernel with the padding "same" where that is the padding: one
 * kernel without a border that is cut off again.
 *
 * @param dy shape [N, H, W, O].
 * @param shape of the input, [N, H, W, I].
 * @returns shape [N, H, W, I]; null where another padding or stride is asked for, or oneDNN does not compute.
 */
export function sameGradient(
  dy: tf.Tensor,
  shape: readonly number[],
  { filter, stride, padding }: ConstantConvolution,
): tf.Tensor4D | null {
  const ops = nativeOps();
  const [kh, kw] = filter.shape;
  if (!byOneDnn || ops === null || stride !== 1 || kh !== 2 * padding + 1 || kw !== kh) return null;
  return inputGradient(ops, dy, shape, filter, "SAME");
}

/**
 * TensorFlow's gradient of a convolution of stride 1 by its input.
 *
 * @param dy shape [N, OH, OW, O].
 * @param shape of the input, [N, H, W, I].
 */
export function inputGradient(
  ops: NativeOps,
  dy: tf.Tensor,
  shape: readonly number[],
  filter: tf.Tensor4D,
  padding: "SAME" | "VALID",
): tf.Tensor4D {
  return ops.call(
    "Conv2DBackpropInput",
    {
      T: FLOAT,
      strides: { kind: "ints", value: [1, 1, 1, 1] },
      padding: { kind: "string", value: padding },
      data_format: { kind: "string", value: "NHWC" },
      dilations: { kind: "ints", value: [1, 1, 1, 1] },
      use_cudnn_on_gpu: { kind: "bool", value: true },
    },
    [tf.tensor1d([...shape], "int32"), filter, dy],
    1,
  )[0] as tf.Tensor4D;
}
