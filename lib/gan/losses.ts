/**
 * The losses of a Wasserstein GAN: with clipped weights as first proposed, and with a gradient penalty.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";

/** Images with their labels and masks, on the critic's side. */
export interface Examples {
  /** In [-1, 1], shape [N, 32, 32, 3]. */
  readonly images: tf.Tensor4D;
  /** int32, shape [N]. */
  readonly labels: tf.Tensor1D;
  /** In [0, 1], shape [N, 32, 32, 1]. */
  readonly masks: tf.Tensor4D;
}

/** Scores of examples, shape [N]. */
export type Critic = (examples: Examples) => tf.Tensor1D;

/** What a critic's step looked at, as scalars. */
export interface CriticLoss {
  /** What is descended: mean score of false examples minus that of true ones, plus the penalty. */
  readonly loss: tf.Scalar;
  /** Mean score of true examples minus that of generated ones: the estimate of the Wasserstein distance. */
  readonly distance: tf.Scalar;
  /** Mean squared excess of the gradient's norm, before its weight; 0 without a penalty. */
  readonly penalty: tf.Scalar;
}

/**
 * The critic's loss. False are generated images, and true images with a label or a mask that is not theirs (Reed et al.
 * 2016), so that a generator that ignores either is told.
 *
 * @param truth true images with their own label and mask.
 * @param generated images made for a label and a mask.
 * @param mismatched true images with another's label or mask.
 */
export function wassersteinLoss(
  critic: Critic,
  truth: Examples,
  generated: Examples,
  mismatched: Examples,
): CriticLoss {
  const sizes = [truth, generated, mismatched].map(({ images }) => images.shape[0]);
  const scores = critic(joined([truth, generated, mismatched]));
  const [ofTruth, ofGenerated, ofMismatched] = tf.split(scores, sizes);
  const falses = ofGenerated.sum().add(ofMismatched.sum()).div(sizes[1] + sizes[2]);
  const mean = ofTruth.mean();
  return {
    loss: falses.sub(mean) as tf.Scalar,
    distance: mean.sub(ofGenerated.mean()) as tf.Scalar,
    penalty: tf.scalar(0),
  };
}

/**
 * Mean of (|gradient of the score by the image| - 1)^2 at points between true and generated images, whose gradient by the
 * critic's parameters goes through the gradient by the image.
 *
 * @param shares where between, in [0, 1], shape [N, 1, 1, 1].
 * @see Gulrajani et al. (2017), "Improved training of Wasserstein GANs", equation 3
 */
export function gradientPenalty(
  critic: Critic,
  truth: Examples,
  generated: tf.Tensor4D,
  shares: tf.Tensor4D,
): tf.Scalar {
  const between = truth.images.mul(shares).add(generated.mul(tf.sub(1, shares))) as tf.Tensor4D;
  const gradient = tf.grad((images: tf.Tensor) => critic({ ...truth, images: images as tf.Tensor4D }).sum())(between);
  const norm = gradient.square().sum([1, 2, 3]).add(1e-12).sqrt(); // a root has no gradient at 0
  return norm.sub(1).square().mean() as tf.Scalar;
}

/** Sets of examples one after the other. */
export function joined(parts: readonly Examples[]): Examples {
  return {
    images: tf.concat(parts.map(({ images }) => images)),
    labels: tf.concat(parts.map(({ labels }) => labels)),
    masks: tf.concat(parts.map(({ masks }) => masks)),
  };
}

/** Part of a set of examples. */
export function slice({ images, labels, masks }: Examples, start: number, count: number): Examples {
  return {
    images: images.slice(start, count),
    labels: labels.slice(start, count),
    masks: masks.slice(start, count),
  };
}
