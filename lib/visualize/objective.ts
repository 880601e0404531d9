/**
 * Objectives: from a layer's activations to one number per image.
 *
 * @module
 */
import { relu, tf } from "../engine/mod.ts";
import type { ActivationOptions } from "./options.ts";

/**
 * One number per image and unit.
 *
 * @param activations before the nonlinearity, shape [N, H, W, C], [N, T, C] or [N, C].
 * @returns shape [N, C].
 * @throws {RangeError} when there is no such place: tokens have no centre, grids no class token.
 */
export function reduceSpace(activations: tf.Tensor, options: ActivationOptions): tf.Tensor2D {
  const values = options.postRelu ? relu(activations) : activations;
  if (values.rank === 2) return values as tf.Tensor2D;
  if (values.rank === 3) return reduceTokens(values as tf.Tensor3D, options);
  const [count, height, width, units] = values.shape;
  switch (options.reduce) {
    case "mean":
      return tf.mean(values, [1, 2]);
    case "maximum":
      return tf.max(values, [1, 2]);
    case "class-token":
      throw new RangeError("a grid has no class token; reduce it by mean, centre or maximum");
    case "centre":
      return values.slice([0, height >> 1, width >> 1, 0], [count, 1, 1, units]).reshape([count, units]);
  }
}

/** One number per image and unit over the tokens of a sequence. */
function reduceTokens(values: tf.Tensor3D, { reduce }: ActivationOptions): tf.Tensor2D {
  const [count, tokens, units] = values.shape;
  switch (reduce) {
    case "mean":
      return tf.mean(values, 1);
    case "maximum":
      return tf.max(values, 1);
    case "centre":
      throw new RangeError("tokens have no centre; reduce them by mean, maximum or class-token");
    case "class-token":
      if (Number.isInteger(Math.sqrt(tokens))) {
        throw new RangeError(
          `there are ${tokens} tokens, as many as patches of a square image, and none before them is a class token; ` +
            "reduce them by mean or maximum",
        );
      }
      return values.slice([0, 0, 0], [count, 1, units]).reshape([count, units]);
  }
}

/**
 * The activation of each image's own unit.
 *
 * @param selection one-hot rows, shape [N, C]: the unit of each image.
 * @returns shape [N].
 */
export function selectedActivations(
  activations: tf.Tensor,
  selection: tf.Tensor2D,
  options: ActivationOptions,
): tf.Tensor1D {
  const reduced = reduceSpace(activations, options);
  // chosen, not multiplied by 0: another unit's infinity must not reach this one's number
  return tf.where(selection.cast("bool"), reduced, tf.zerosLike(reduced)).sum(1);
}
