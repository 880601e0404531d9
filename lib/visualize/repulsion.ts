/**
 * Repulsion: images of a unit that are made together turn away from each other in the features of the layer below, for a
 * share of the steps. Left to itself, ascent ends in the mode that grows fastest, whatever photograph it started from; pushed
 * apart first and then left alone, images settle in the modes that there are. Those of a unit of one feature come together
 * again.
 *
 * @see Cadena et al. (2018), "Diverse feature visualizations reveal invariances in early layers of deep neural networks";
 * Olah et al. (2017), "Feature Visualization", section "Diversity"
 * @module
 */
import { computesOnCard, relu, tf } from "../engine/mod.ts";

/** Keeps lengths of nothing from being divided by. */
const TINY = 1e-12;

/** Features of images: each unit's values after a ReLU, averaged over positions. Shape [N, C]. */
export function meanResponses(values: tf.Tensor): tf.Tensor2D {
  const active = relu(values);
  if (active.rank === 2) return active as tf.Tensor2D;
  return tf.mean<tf.Tensor2D>(active, active.rank === 3 ? 1 : [1, 2]);
}

/**
 * How alike each image is to the others of its group: the mean cosine of its features with theirs, less the group's mean
 * features at the start.
 *
 * @param features shape [N, C], group after group.
 * @param groups number of images of each group.
 * @param centre features that are subtracted first, shape [N, C].
 * @param asOne whether groups of one size are multiplied side by side, which a card does at the price of one; on a processor
 * each by itself, so that its bits do not depend on the others.
 * @returns shape [N], in [-1, 1]; 0 for an image without others.
 */
export function likeness(
  features: tf.Tensor2D,
  groups: readonly number[],
  centre: tf.Tensor2D,
  asOne: boolean = computesOnCard(),
): tf.Tensor1D {
  const centred = features.sub(centre);
  const directions: tf.Tensor2D = centred.div(centred.square().sum(1, true).add(TINY).sqrt());
  const [count] = groups;
  if (asOne && count > 1 && groups.every((each) => each === count)) {
    const side = directions.reshape<tf.Tensor3D>([groups.length, count, -1]);
    return tf.matMul(side, side, false, true).mul(tf.sub(1, tf.eye(count))).sum(2).div(count - 1).flatten();
  }
  let from = 0;
  const parts = groups.map((count) => {
    // a group by itself: its numbers must not depend on which others there are
    const own = directions.slice<tf.Tensor2D>([from, 0], [count, -1]);
    from += count;
    if (count === 1) return own.sum(1).mul(0);
    return tf.matMul(own, own, false, true).mul(tf.sub(1, tf.eye(count))).sum(1).div(count - 1);
  });
  return tf.concat(parts) as tf.Tensor1D;
}

/** Each group's mean features, repeated for each of its images: shape [N, C]. */
export function groupMeans(features: tf.Tensor2D, groups: readonly number[]): tf.Tensor2D {
  let from = 0;
  const parts = groups.map((count) => {
    const own = features.slice<tf.Tensor2D>([from, 0], [count, -1]);
    from += count;
    return own.mean(0, true).tile([count, 1]);
  });
  return tf.concat(parts, 0) as tf.Tensor2D;
}

/** Euclidean length of each image's gradient, shape [N]. */
function lengths(gradient: tf.Tensor): tf.Tensor1D {
  return gradient.square().sum([1, 2, 3]).sqrt() as tf.Tensor1D;
}

/** Two gradients as one, the second made `strength` times as long as the first, image by image. */
export function balanced(activation: tf.Tensor, repulsion: tf.Tensor, strength: number): tf.Tensor {
  const factors = lengths(activation).div(lengths(repulsion).add(TINY)).mul(strength);
  return activation.add(repulsion.mul(factors.reshape([-1, 1, 1, 1])));
}
