/**
 * The critic: a network that gives an image, a label and a mask a score, a high one when the three belong together.
 *
 * @module
 */
import { leakyRelu, tf } from "../../engine/mod.ts";
import { LABELS } from "./image_generator.ts";
import { maskPyramid } from "../masks/mask_pyramid.ts";
import type { Parameters, ParameterSpecs } from "./parameters.ts";

/** Channels at 16, 8 and 4 pixels. */
const WIDTHS = [64, 128, 256] as const;
/** Channels of a mask: its blocks of 2 x 2. */
const MASK_CHANNELS = 4;
/** Slope of the leaky ReLU below 0, as in DCGAN (Radford et al. 2016). */
const SLOPE = 0.2;

const convolution = (kernel: number, input: number, output: number) => ({
  shape: [kernel, kernel, input, output],
  std: Math.sqrt(2 / (kernel * kernel * input)), // He et al. (2015)
});
const bias = (output: number) => ({ shape: [output], std: 0 });

/** The critic's parameters: shapes, and how they begin. */
export const CRITIC_PARAMETERS: ParameterSpecs = {
  "conv1.weight": convolution(4, 3 + 1, WIDTHS[0]),
  "conv1.bias": bias(WIDTHS[0]),
  "conv2.weight": convolution(4, WIDTHS[0] + MASK_CHANNELS, WIDTHS[1]),
  "conv2.bias": bias(WIDTHS[1]),
  "conv3.weight": convolution(4, WIDTHS[1] + MASK_CHANNELS, WIDTHS[2]),
  "conv3.bias": bias(WIDTHS[2]),
  "conv4.weight": convolution(3, WIDTHS[2] + MASK_CHANNELS, WIDTHS[2]),
  "conv4.bias": bias(WIDTHS[2]),
  "score.weight": { shape: [16 * WIDTHS[2], 1], std: Math.sqrt(1 / (16 * WIDTHS[2])) },
  "label.weight": { shape: [LABELS, WIDTHS[2]], std: Math.sqrt(1 / WIDTHS[2]) },
};

/**
 * Scores images: four convolutions, each of which sees the mask, then the sum of two numbers. One is linear in the
 * features; the other is the inner product of the label's vector and the mean features (the projection of Miyato and
 * Koyama 2018).
 *
 * @param images in [-1, 1], shape [N, 32, 32, 3].
 * @param labels int32, shape [N].
 * @param masks in [0, 1], shape [N, 32, 32, 1].
 * @returns shape [N]; the gradient by the images can be differentiated again.
 */
export function criticScores(
  parameters: Parameters,
  images: tf.Tensor4D,
  labels: tf.Tensor1D,
  masks: tf.Tensor4D,
): tf.Tensor1D {
  const { of4, of8, of16, of32 } = maskPyramid(masks);
  const layer = (name: string, x: tf.Tensor4D, mask: tf.Tensor4D, stride: number) => {
    const weight = parameters.get(`${name}.weight`) as tf.Tensor4D;
    const seen = tf.concat([x, mask], 3);
    return leakyRelu(
      tf.conv2d(seen, weight, stride, "same").add(parameters.get(`${name}.bias`)!),
      SLOPE,
    ) as tf.Tensor4D;
  };
  const at16 = layer("conv1", images, of32, 2);
  const at8 = layer("conv2", at16, of16, 2);
  const at4 = layer("conv3", at8, of8, 2);
  const features = layer("conv4", at4, of4, 1);
  const count = images.shape[0];
  const plain = tf.matMul(
    features.reshape([count, 16 * WIDTHS[2]]) as tf.Tensor2D,
    parameters.get("score.weight") as tf.Tensor2D,
  );
  const ofLabel = tf.matMul(
    tf.oneHot(labels, LABELS).toFloat() as tf.Tensor2D,
    parameters.get("label.weight") as tf.Tensor2D,
  );
  const projected = features.mean([1, 2]).mul(ofLabel).sum(1);
  return plain.reshape([count]).add(projected) as tf.Tensor1D;
}
