/**
 * What LPIPS asks of a network, and the layers that its three networks share. Tensors are NHWC; weights come in
 * torchvision's names and layouts.
 *
 * @module
 */
import { convolveFused, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import { toTensor } from "./tensors.ts";
import { takeWeight, type Weights } from "../weights/mod.ts";

/** A network seen through the outputs of some of its ReLUs. */
export interface PerceptualNetwork {
  /** Name that the `lpips` package gives it. */
  readonly name: "alex" | "squeeze" | "vgg";
  /** Number of channels of each output. */
  readonly channels: readonly number[];
  /** Smallest height and width of an image that leaves every output at least one position, in pixels. */
  readonly minimumSize: number;
  /**
   * Feature maps after the ReLUs that the metric compares, from the first to the last.
   *
   * @param images shape [N, H, W, 3], shifted and scaled as the network was trained.
   * @returns one [N, h, w, channels] for each entry of `channels`; non-negative. The caller disposes them.
   */
  features(images: tf.Tensor4D): tf.Tensor4D[];
  /** Frees the weights. */
  dispose(): void;
}

/** A convolution's tensors. */
export interface Convolution {
  /** Shape [height, width, in, out]. */
  readonly kernel: tf.Tensor4D;
  /** Shape [out]. */
  readonly bias: tf.Tensor1D;
}

/** Output channels, input channels, height and width of a kernel: PyTorch's layout. */
export type KernelShape = readonly [number, number, number, number];

/**
 * The convolutions of a network, by name.
 *
 * @param weights `NAME.weight` and `NAME.bias` for each name of `shapes`. Tensors named `classifier.*` may be there too:
 * the official files hold the layers behind the features, which LPIPS does not use.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, has another shape or holds a number that is not finite, or when there is
 * one that the network does not have.
 */
export function loadConvolutions(
  weights: Weights,
  shapes: Readonly<Record<string, KernelShape>>,
  source: string,
): ReadonlyMap<string, Convolution> {
  const known = new Set(Object.keys(shapes).flatMap((name) => [`${name}.weight`, `${name}.bias`]));
  const arrays = Object.entries(shapes).map(([name, shape]) => ({
    name,
    kernel: takeWeight(weights, `${name}.weight`, shape, source),
    bias: takeWeight(weights, `${name}.bias`, [shape[0]], source),
  }));
  for (const name of weights.keys()) {
    if (known.has(name) || name.startsWith("classifier.")) continue;
    throw new InputError(
      `${source} has a tensor ${name}, which this network does not have; is it the weight file of another network?`,
    );
  }
  // every array is checked before the first becomes a tensor, so that a refused file leaks nothing
  return new Map(
    arrays.map(({ name, kernel, bias }) => [
      name,
      { kernel: toTensor(kernel) as tf.Tensor4D, bias: toTensor(bias) as tf.Tensor1D },
    ]),
  );
}

/** Frees convolutions. */
export function disposeConvolutions(convolutions: ReadonlyMap<string, Convolution>): void {
  for (const { kernel, bias } of convolutions.values()) tf.dispose([kernel, bias]);
}

/**
 * relu(x * kernel + bias) with PyTorch's rounding: positions that a stride does not reach are left out.
 *
 * @param x shape [N, H, W, in].
 * @param padding zeros on each of the four sides.
 */
export function convolveRelu(x: tf.Tensor4D, convolution: Convolution, stride = 1, padding = 0): tf.Tensor4D {
  return convolve(x, convolution, stride, padding, "relu");
}

/** The same without the ReLU, or with. */
export function convolve(
  x: tf.Tensor4D,
  { kernel, bias }: Convolution,
  stride: number,
  padding: number,
  activation: "relu" | "linear",
): tf.Tensor4D {
  return convolveFused(x, { filter: kernel, bias, stride, padding, activation });
}

/**
 * Max-pool without padding, with PyTorch's two ways of rounding the output size.
 *
 * @param x shape [N, H, W, C].
 * @param rounding `ceil` also pools the last rows and columns where the window reaches past the edge (PyTorch's
 * `ceil_mode`); `floor` leaves them out.
 */
export function maxPool(x: tf.Tensor4D, size: number, stride: number, rounding: "floor" | "ceil"): tf.Tensor4D {
  if (rounding === "floor") return tf.maxPool(x, size, stride, "valid");
  const beyond = (length: number) => {
    const windows = Math.ceil((length - size) / stride) + 1;
    return Math.max(0, (windows - 1) * stride + size - length);
  };
  const [bottom, right] = [beyond(x.shape[1]), beyond(x.shape[2])];
  if (bottom === 0 && right === 0) return tf.maxPool(x, size, stride, "valid");
  // what lies past the edge must never be the maximum
  return tf.maxPool(tf.pad(x, [[0, 0], [0, bottom], [0, right], [0, 0]], -Infinity), size, stride, "valid");
}
