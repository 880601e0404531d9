/**
 * A small dataset and a small classifier, made up for tests of training.
 *
 * @module
 */
import { tf } from "../../lib/engine/mod.ts";
import type { Dataset, PixelSet } from "../../lib/data/mod.ts";
import type { TrainableClassifier } from "../../lib/networks/network.ts";
import { createRandom } from "../../lib/random.ts";
import { LENET5_RECIPE, type Recipe } from "../../lib/training/recipe.ts";
import type { TrainingData } from "../../lib/training/train.ts";
import { madeUpDataset, sourceOf } from "../data/made_up_dataset.ts";
import { madeUp } from "../lpips/made_up.ts";

/** 3 epochs of 5 steps of 8 images. */
export const RECIPE: Recipe = { ...LENET5_RECIPE, epochs: 3, batch: 8, warmup: 1, learningRate: 0.05, testEvery: 2 };

/** Images of noise whose brightness tells the label. */
function labelled(stream: number, count: number): PixelSet {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const pixels = Uint8Array.from(madeUp(stream, count * 3072), (u, i) => 20 * labels[Math.floor(i / 3072)] + 60 * u);
  return { count, height: 32, width: 32, pixels, labels };
}

/** 43 training images (3 of each epoch sit it out) and 20 test images. */
export const DATA: TrainingData = { train: labelled(700, 43), test: labelled(701, 20) };

/** The same images as a dataset. */
export const DATASET: Dataset = madeUpDataset(sourceOf(DATA.train), sourceOf(DATA.test));

/** Mean brightness in 4 x 4 fields, less a running mean, to class scores: two parameters and a buffer that matters. */
export function createSmallClassifier(seed: number): TrainableClassifier {
  const random = createRandom(seed);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => 0.2 * (random.uniform() - 0.5));
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(numbers(48 * 10), [48, 10])));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d(numbers(10))));
  const mean = tf.tidy(() => tf.variable(tf.zeros([48]), false));
  return {
    parameters: new Map<string, tf.Variable>([["dense.weight", weight], ["dense.bias", bias]]),
    buffers: new Map([["running_mean", mean]]),
    logits: (images, training) => {
      const fields = tf.avgPool(images, 8, 8, "valid").reshape([-1, 48]);
      if (training) tf.tidy(() => mean.assign(mean.mul(0.9).add(fields.mean(0).mul(0.1))));
      return fields.sub(mean).matMul(weight as unknown as tf.Tensor2D).add(bias) as tf.Tensor2D;
    },
    dispose: () => tf.dispose([weight, bias, mean]),
  };
}

/** All of a classifier's numbers. */
export function stateOf(classifier: TrainableClassifier): Float32Array[] {
  return [...classifier.parameters.values(), ...classifier.buffers.values()].map((variable) =>
    Float32Array.from(variable.dataSync())
  );
}
