/**
 * The losses of a Wasserstein GAN: with clipped weights as first proposed, and with a gradient penalty.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";

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

/** The parts of the critic's loss, as scalars. */
export interface CriticLoss {
  /** What the critic descends, without the penalty. */
  readonly loss: tf.Scalar;
  /** Mean score of true examples minus that of generated ones, which estimates the Wasserstein distance. */
  readonly distance: tf.Scalar;
  /** Mean score of true images with their own label and mask, minus that of the same images with wrong ones. */
  readonly advantage: tf.Scalar;
}

/**
 * The critic's loss (after Reed et al. 2016). It has two parts:
 *
 * - the mean score of generated images minus that of true ones;
 * - the mean of max(0, margin - advantage), where the advantage of a true image is its score with its own label and
 *   mask minus its score with a wrong label or mask. This part punishes a generator that ignores label or mask. The
 *   margin bounds it. Without a bound the critic would soon look at nothing else, since nothing limits how far a score
 *   changes with the label.
 *
 * @param truth true images with their own label and mask; the last of them are the images of `mismatched`.
 * @param generated images generated for a label and a mask.
 * @param mismatched true images with a wrong label or mask.
 * @param margin in units of the score.
 */
export function wassersteinLoss(
  critic: Critic,
  truth: Examples,
  generated: Examples,
  mismatched: Examples,
  margin: number,
): CriticLoss {
  const sizes = [truth, generated, mismatched].map(({ images }) => images.shape[0]);
  const scores = critic(joined([truth, generated, mismatched]));
  const [ofTruth, ofGenerated, ofMismatched] = tf.split(scores, sizes);
  const matched = ofTruth.slice(sizes[0] - sizes[2], sizes[2]);
  const distance = ofTruth.mean().sub(ofGenerated.mean()) as tf.Scalar;
  const advantage = matched.sub(ofMismatched);
  const missing = tf.relu(tf.sub(margin, advantage)).mean();
  return { loss: missing.sub(distance) as tf.Scalar, distance, advantage: advantage.mean() as tf.Scalar };
}

/**
 * The gradient penalty: the mean of (|gradient of the score by the image| - 1)^2 at points between true and generated
 * images. Its gradient by the critic's parameters goes through the gradient by the image.
 *
 * @param shares share of the true image in each point, in [0, 1], shape [N, 1, 1, 1].
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
  const norm = gradient.square().sum([1, 2, 3]).add(1e-12).sqrt(); // the gradient of a square root is infinite at 0
  return norm.sub(1).square().mean() as tf.Scalar;
}

/** Joins sets of examples, one after the other. */
export function joined(parts: readonly Examples[]): Examples {
  return {
    images: tf.concat(parts.map(({ images }) => images)),
    labels: tf.concat(parts.map(({ labels }) => labels)),
    masks: tf.concat(parts.map(({ masks }) => masks)),
  };
}

/** Takes `count` of the examples, from number `start` on. */
export function slice({ images, labels, masks }: Examples, start: number, count: number): Examples {
  return {
    images: images.slice(start, count),
    labels: labels.slice(start, count),
    masks: masks.slice(start, count),
  };
}
