/**
 * The interface that every scored network implements: a planted unit, a LeNet-5, a network from an .onnx file.
 *
 * @module
 */
import type { tf } from "../engine/mod.ts";
import type { LayerInfo, Size } from "../types.ts";

/**
 * What the values of a layer go through before the network goes on from them: it returns the same values, and may see the
 * gradient with respect to them pass by.
 *
 * @param x the layer's activations as `Network.activations` returns them.
 */
export type Through = (layer: string, x: tf.Tensor) => tf.Tensor;

/** A differentiable network whose units can be scored. */
export interface Network {
  /** Name of the model, such as `lenet5-cifar10`. */
  readonly name: string;
  /** Size of the RGB images it takes. */
  readonly input: Size;
  /** The layers whose units can be scored, in order from input to output. */
  readonly layers: readonly LayerInfo[];
  /**
   * Activations of layers before their nonlinearity, all from one pass that ends at the deepest of them.
   *
   * @param images pixels in [0, 1], shape [N, input.height, input.width, 3]; the network applies its own normalization.
   * @param layers names out of `layers`, in any order.
   * @returns a tensor for each name, in their order: shape [N, H, W, C] where a unit's responses lie on a grid, [N, T, C]
   * where they lie at tokens, [N, C] where at one place.
   * @param through called with each of the layers from which the pass goes on. A network may do without: then there is no
   * telling what its units are made of, and all else works.
   * @throws {RangeError} when the network has no such layer.
   */
  activations(images: tf.Tensor4D, layers: readonly string[], through?: Through): tf.Tensor[];
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
