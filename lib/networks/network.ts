/**
 * What the stages ask of a differentiable network. A planted unit, a LeNet-5 and a ResNet-18 are all `Network`s.
 *
 * @module
 */
import type { tf } from "../engine/mod.ts";
import type { LayerInfo } from "../types.ts";

/** A differentiable network whose units can be scored. */
export interface Network {
  /** Name of the model, such as `lenet5-cifar10`. */
  readonly name: string;
  /** Side of the square RGB images it takes, in pixels. */
  readonly inputSize: number;
  /** The layers whose units can be scored, in order from input to output. */
  readonly layers: readonly LayerInfo[];
  /**
   * Activations of a layer before its ReLU.
   *
   * @param images pixels in [0, 1], shape [N, inputSize, inputSize, 3]; the network applies its own normalization.
   * @param layer one of `layers`.
   * @returns shape [N, H, W, C] for a convolution, [N, C] for a dense layer.
   * @throws {RangeError} when the network has no such layer.
   */
  activations(images: tf.Tensor4D, layer: string): tf.Tensor;
  /** Frees the weights. */
  dispose(): void;
}

/** A classifier in training: its parameters as variables, its forward pass, and how it is written to a file. */
export interface TrainableClassifier {
  /** Trainable parameters by name. Those of rank 1 are biases, scales and offsets, exempt from weight decay. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** State that is not trained: running means and variances. */
  readonly buffers: ReadonlyMap<string, tf.Variable>;
  /**
   * Class scores before the softmax.
   *
   * @param images normalized images, shape [N, S, S, 3].
   * @param training whether batch statistics are used and running ones updated.
   * @returns shape [N, classes].
   */
  logits(images: tf.Tensor4D, training: boolean): tf.Tensor2D;
  /** Frees the variables. */
  dispose(): void;
}
