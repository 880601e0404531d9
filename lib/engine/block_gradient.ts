/**
 * The gradient of a convolution by its input, as a convolution of its own: where the input is an image of few channels and the
 * convolution strided; and on maps of few positions, where TensorFlow computes without oneDNN.
 *
 * @module
 */
import { tf } from "./tf.ts";

/** Most channels of the input for which this is the faster way: TensorFlow's own kernel leaves most of a CPU idle with few. */
const FEW_CHANNELS = 4;

/**
 * Most positions of the output at which this is the faster way without oneDNN. TensorFlow's own kernel multiplies image by
 * image, and reads all weights anew for each: of 2 x 2 positions and 512 channels it takes seven times as long, of 4 x 4 and
 * 256 half as long again; from 8 x 8 and 128 on it is no slower. Weights that no cache holds are slow at more positions.
 */
const FEW_POSITIONS = { any: 16, manyWeights: 64 };
/** Numbers of a filter that no cache holds. */
const MANY_WEIGHTS = 1e6;

let slowOnSmallMaps = false;

/** Says whether the backend in use is TensorFlow on a CPU without oneDNN, whose own kernel is slow on small maps. */
export function setSlowOnSmallMaps(slow: boolean): void {
  slowOnSmallMaps = slow;
}

/** A convolution whose gradient by its input is asked for. */
export interface StridedConvolution {
  /** Shape [kh, kw, I, O]. */
  readonly filter: tf.Tensor4D;
  /** The same down and across. */
  readonly stride: number;
  /** Zeros above and to the left of the input. */
  readonly before: readonly [top: number, left: number];
  /** Zeros below and to the right. */
  readonly after: readonly [bottom: number, right: number];
}

/**
 * Whether `blockGradient` is the way for a convolution.
 *
 * @param dy shape [N, OH, OW, O].
 * @param slow whether TensorFlow's own kernel is slow on small maps; by default as the backend was found to be.
 */
export function hasBlockGradient(
  { filter, stride }: StridedConvolution,
  dy: { readonly shape: readonly number[] },
  slow: boolean = slowOnSmallMaps,
): boolean {
  const [kh, kw, inputs] = filter.shape;
  if (kh < stride || kw < stride) return false;
  if (inputs <= FEW_CHANNELS) return stride > 1;
  const most = filter.size >= MANY_WEIGHTS ? FEW_POSITIONS.manyWeights : FEW_POSITIONS.any;
  return slow && kh * kw > 1 && dy.shape[1] * dy.shape[2] <= most;
}

/**
 * dx of y = conv(x). Row s J + r of the padded x gets the sum over a of dy[J - a] W[s a + r]: the s x s pixels of a block are
 * channels of one convolution of dy by the turned parts of the filter, with stride 1.
 *
 * @param dy shape [N, OH, OW, O].
 * @param shape of x, [N, H, W, I].
 */
export function blockGradient(
  dy: tf.Tensor4D,
  [count, height, width, inputs]: readonly [number, number, number, number],
  { filter, stride, before: [top, left], after: [bottom, right] }: StridedConvolution,
): tf.Tensor4D {
  const [kh, kw, , outputs] = filter.shape;
  const [down, across] = [Math.ceil(kh / stride), Math.ceil(kw / stride)];
  const blocks = tf.pad(filter, [[0, down * stride - kh], [0, across * stride - kw], [0, 0], [0, 0]])
    .reshape([down, stride, across, stride * inputs * outputs])
    .reverse([0, 2]) // of rank 4: WebGPU has no other
    .reshape([down, stride, across, stride, inputs, outputs])
    .transpose([0, 2, 5, 1, 3, 4])
    .reshape<tf.Tensor4D>([down, across, outputs, stride * stride * inputs]);
  const [rows, columns] = [Math.ceil((height + top + bottom) / stride), Math.ceil((width + left + right) / stride)];
  const around = tf.pad(dy, [
    [0, 0],
    [down - 1, rows - dy.shape[1]],
    [across - 1, columns - dy.shape[2]],
    [0, 0],
  ]);
  return tf.conv2d(around, blocks, 1, "valid")
    .reshape([count * rows, columns, stride, stride * inputs])
    .transpose([0, 2, 1, 3])
    .reshape<tf.Tensor4D>([count, rows * stride, columns * stride, inputs])
    .slice([0, top, left, 0], [count, height, width, inputs]);
}
