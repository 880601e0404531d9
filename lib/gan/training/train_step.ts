/**
 * A step of training.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { createRandom } from "../../random.ts";
import { criticScores } from "../network/critic.ts";
import { byBatch, generatedImages } from "../network/generator.ts";
import { LABELS, LATENT } from "../network/image_generator.ts";
import { type Critic, type Examples, gradientPenalty, joined, slice, wassersteinLoss } from "../network/losses.ts";
import type { ExampleBatch, ExampleSource } from "./examples.ts";
import type { GanRecord, GanState } from "./gan_state.ts";
import { decayAt, type GanRecipe } from "./recipe.ts";

/** What a step of the critic lost. */
type CriticLosses = Pick<GanRecord, "distance" | "advantage" | "penalty" | "criticLoss">;
/** What a step lost. */
export type StepLosses = CriticLosses & Pick<GanRecord, "generatorLoss">;

/**
 * Takes a step: several steps of the critic, one of the generator, one of the averaged generator.
 *
 * @param step number of the step, from 0. With the seed it decides which examples and latents are drawn.
 * @returns what the last step of the critic and the generator's step lost.
 */
export function trainStep(
  state: GanState,
  examples: ExampleSource,
  recipe: GanRecipe,
  seed: number,
  step: number,
): StepLosses {
  const critic: Critic = ({ images, labels, masks }) => criticScores(state.critic, images, labels, masks);
  const { batch: size, criticSteps } = recipe;
  const first = step * criticSteps;
  let batch = examples.batch(first, size);
  let ofCritic: CriticLosses = { distance: 0, advantage: 0, penalty: 0, criticLoss: 0 };
  for (let i = 0; i < criticSteps; i++) {
    if (i > 0) batch = examples.batch(first + i, size);
    ofCritic = tf.tidy(() => criticStep(state, critic, batch, recipe, seed, first + i));
  }
  // the generator gets the labels and masks that the critic has just seen
  const generatorLoss = tf.tidy(() => {
    const { labels, masks } = toExamples(batch);
    const latents = drawLatents(seed, "generator", step, size);
    const { value, grads } = tf.variableGrads(() => {
      const images = generatedImages(state.generator, latents, labels, masks, byBatch());
      return critic({ images, labels, masks }).mean().neg() as tf.Scalar;
    }, [...state.generator.values()]);
    state.generatorOptimizer.applyGradients(named(grads));
    return value.dataSync()[0];
  });
  const decay = decayAt(recipe, step);
  tf.tidy(() => {
    for (const [name, variable] of state.averaged) {
      const now = state.generator.get(name)!;
      variable.assign(variable.add(now.sub(variable).mul(1 - decay)));
    }
  });
  return { ...ofCritic, generatorLoss };
}

/** Takes one step of the critic. */
function criticStep(
  state: GanState,
  critic: Critic,
  batch: ExampleBatch,
  recipe: GanRecipe,
  seed: number,
  index: number,
): CriticLosses {
  const truth = toExamples(batch);
  const count = recipe.generated;
  const conditions = slice(truth, 0, count);
  const images = generatedImages(
    state.generator,
    drawLatents(seed, "critic", index, count),
    conditions.labels,
    conditions.masks,
    byBatch(),
  );
  const generated: Examples = { ...conditions, images };
  const mismatched = mismatch(truth, recipe.mismatched, seed, index);
  const penalized = penaltyPoints(truth, mismatched, images, recipe.penaltyBatch);
  const shares = uniform(seed, index, recipe.penaltyBatch);
  let watched = { distance: 0, advantage: 0, penalty: 0 };
  const { value, grads } = tf.variableGrads(() => {
    const { loss, distance, advantage } = wassersteinLoss(critic, truth, generated, mismatched, recipe.mismatchMargin);
    watched = { ...watched, distance: distance.dataSync()[0], advantage: advantage.dataSync()[0] };
    if (recipe.loss === "clip") return loss;
    const penalty = gradientPenalty(critic, penalized.truth, penalized.generated, shares);
    watched = { ...watched, penalty: penalty.dataSync()[0] };
    return loss.add(penalty.mul(recipe.penaltyWeight)) as tf.Scalar;
  }, [...state.critic.values()]);
  state.criticOptimizer.applyGradients(named(grads));
  if (recipe.loss === "clip") {
    for (const variable of state.critic.values()) variable.assign(tf.clipByValue(variable, -recipe.clip, recipe.clip));
  }
  return { ...watched, criticLoss: value.dataSync()[0] };
}

/**
 * The last true images of a batch with a wrong label or mask: the first half of them with another label, drawn at
 * random, the second half with the mask of the image before them.
 *
 * @param count how many images, fewer than the batch has.
 */
export function mismatch(truth: Examples, count: number, seed: number, index: number): Examples {
  const size = truth.images.shape[0];
  const { images, labels, masks } = slice(truth, size - count, count);
  const half = count >> 1;
  const random = createRandom(seed, "mismatch", index);
  const turns = Int32Array.from({ length: count }, (_, i) => i < half ? random.integer(1, LABELS - 1) : 0);
  const others = slice(truth, size - count - 1, count).masks; // each from the image before
  return {
    images,
    labels: labels.add(tf.tensor1d(turns, "int32")).mod(tf.scalar(LABELS, "int32")) as tf.Tensor1D,
    masks: tf.concat([masks.slice(0, half), others.slice(half, count - half)]),
  };
}

/**
 * The pairs of true and generated images between which the penalty is taken. Three quarters have the label and mask
 * that both were made for, a quarter the wrong ones: there nothing else would keep the gradient small.
 */
function penaltyPoints(
  truth: Examples,
  mismatched: Examples,
  generated: tf.Tensor4D,
  count: number,
): { truth: Examples; generated: tf.Tensor4D } {
  const wrong = Math.min(count >> 2, mismatched.images.shape[0]);
  return {
    truth: joined([
      slice(truth, 0, count - wrong),
      slice(mismatched, (mismatched.images.shape[0] - wrong) >> 1, wrong),
    ]),
    generated: generated.slice(0, count),
  };
}

/** Gradients in the order of the variables, which is that of the optimizer's state. */
function named(gradients: tf.NamedTensorMap): { name: string; tensor: tf.Tensor }[] {
  return Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
}

/** A batch as tensors. */
export function toExamples({ images, labels, masks }: ExampleBatch): Examples {
  const count = labels.length;
  return {
    images: tf.tensor4d(images, [count, 32, 32, 3]),
    labels: tf.tensor1d(labels, "int32"),
    masks: tf.tensor4d(masks, [count, 32, 32, 1]),
  };
}

/**
 * Latents of a batch.
 *
 * @param purpose what they are for, and `index` which batch: with the seed they decide the latents.
 */
export function drawLatents(seed: number, purpose: string, index: number, count: number): tf.Tensor2D {
  const random = createRandom(seed, "latents", purpose, index);
  return tf.tensor2d(Float32Array.from({ length: count * LATENT }, () => random.normal()), [count, LATENT]);
}

/** Shares of true images in the points of the penalty. */
function uniform(seed: number, index: number, count: number): tf.Tensor4D {
  const random = createRandom(seed, "penalty", index);
  return tf.tensor4d(Float32Array.from({ length: count }, () => random.uniform()), [count, 1, 1, 1]);
}
