/**
 * Training a classifier of 32 x 32 images.
 *
 * @module
 */
import { dataOf, tf } from "../engine/mod.ts";
import type { PixelSet } from "../data/mod.ts";
import { CIFAR10_COLOURS, type TrainableClassifier } from "../networks/mod.ts";
import { createRandom, permutation } from "../random.ts";
import { augmentedBatch, normalizationTable, plainBatch } from "./augment.ts";
import { type EpochRecord, loadCheckpoint, type Progress, saveCheckpoint } from "./checkpoint.ts";
import { learningRateAt, type Recipe } from "./recipe.ts";
import { createAdamW } from "./adamw.ts";
import { createSgd } from "./sgd.ts";

const TEST_BATCH = 250;
const OPTIMIZERS = { sgd: createSgd, adamw: createAdamW } as const;

/** Images to learn from and to test on, in memory. */
export interface TrainingData {
  readonly train: PixelSet;
  readonly test: PixelSet;
}

/** What a caller may watch and set. */
export interface TrainOptions {
  /** Seed of the order of images and of their augmentation. */
  readonly seed: number;
  /** What identifies the run, such as the model's name; a checkpoint of another run is refused. */
  readonly key: string;
  /** Checkpoint file; none is kept without it. */
  readonly checkpoint?: string;
  /** Steps between two checkpoints. */
  readonly checkpointEvery?: number;
  /** Called after every step. */
  readonly onStep?: (step: number, total: number, loss: number) => void;
  /** Called after every epoch. */
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Ends after this many steps in all, for tests of resuming. */
  readonly stopAfter?: number;
  /** Asked after every step: true ends the training there, with a checkpoint to go on from. */
  readonly stopWhen?: () => boolean;
}

/** What learns: its variables, what it wants to be small, and how good it is. */
export interface Learner extends Pick<TrainableClassifier, "parameters" | "buffers"> {
  /**
   * The loss of a batch in training, and how many of its images are classified rightly.
   *
   * @param images normalized, shape [N, 32, 32, 3].
   * @param labels of the images.
   */
  loss(images: tf.Tensor4D, labels: Int32Array): { readonly loss: tf.Scalar; readonly correct: number };
  /** Share of images that it gets right. */
  accuracy(images: PixelSet): number;
}

/** A classifier that learns labels by their cross-entropy. */
function classifierLearner(classifier: TrainableClassifier, { labelSmoothing }: Recipe): Learner {
  const { parameters, buffers } = classifier;
  return {
    parameters,
    buffers,
    loss: (images, labels) => {
      const logits = classifier.logits(images, true);
      const classes = tf.tensor1d(labels, "int32");
      return { loss: crossEntropy(logits, classes, labelSmoothing), correct: countRight(logits, classes) };
    },
    accuracy: (images) => accuracy((x) => classifier.logits(x, false), images),
  };
}

/** Mean cross-entropy of class scores, shape [N, classes], with labels of which a share is spread over all classes. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing = 0): tf.Scalar {
  const [count, classes] = logits.shape;
  const target = tf.oneHot(labels, classes).toFloat().mul(1 - smoothing).add(smoothing / classes);
  return target.mul(tf.logSoftmax(logits)).sum().mul(-1 / count);
}

/** How many of N class scores are highest at the label. */
export function countRight(logits: tf.Tensor2D, labels: tf.Tensor1D): number {
  return logits.argMax(1).equal(labels).sum().dataSync()[0];
}

/**
 * Trains a classifier by a recipe.
 *
 * @param classifier freshly initialized; holds the trained weights afterwards.
 * @returns and throws as `trainLearner`.
 */
export function trainClassifier(
  classifier: TrainableClassifier,
  data: TrainingData,
  recipe: Recipe,
  options: TrainOptions,
): Promise<readonly EpochRecord[]> {
  return trainLearner(classifierLearner(classifier, recipe), data, recipe, options);
}

/**
 * Trains by a recipe. The same learner, recipe and seed give the same weights, also when the run was cut and resumed from its
 * checkpoint.
 *
 * @param learner freshly initialized; its variables hold the trained weights afterwards.
 * @returns the curve, an entry an epoch.
 * @throws {Error} when the loss is not finite.
 */
export async function trainLearner(
  learner: Learner,
  data: TrainingData,
  recipe: Recipe,
  options: TrainOptions,
): Promise<readonly EpochRecord[]> {
  const { seed, checkpointEvery = 100 } = options;
  const table = normalizationTable(CIFAR10_COLOURS);
  const optimizer = OPTIMIZERS[recipe.optimizer](learner.parameters, recipe);
  const state = new Map<string, tf.Variable>([
    ...learner.parameters,
    ...learner.buffers,
    ...optimizer.state,
  ]);
  try {
    const key = JSON.stringify({ key: options.key, seed, recipe });
    const fresh: Progress = { step: 0, history: [], epochLoss: 0, epochCorrect: 0, epochSeconds: 0 };
    let progress = (options.checkpoint && await loadCheckpoint(options.checkpoint, key, state)) || fresh;

    const perEpoch = Math.floor(data.train.count / recipe.batch); // the rest of an epoch's permutation sits it out
    const total = perEpoch * recipe.epochs;
    const variables = [...learner.parameters.values()];
    let order: { epoch: number; images: Uint32Array } = { epoch: -1, images: new Uint32Array() };

    while (progress.step < Math.min(total, options.stopAfter ?? total)) {
      const started = performance.now();
      const step = progress.step;
      const epoch = Math.floor(step / perEpoch);
      if (order.epoch !== epoch) {
        order = { epoch, images: permutation(data.train.count, createRandom(seed, "order", epoch)) };
      }
      const at = (step - epoch * perEpoch) * recipe.batch;
      const images = order.images.subarray(at, at + recipe.batch);
      const pixels = augmentedBatch(data.train, images, table, recipe, seed, epoch);
      const labels = Int32Array.from(images, (image) => data.train.labels[image]);

      const { loss, correct } = trainStep(learner, variables, pixels, labels, (gradients) => {
        optimizer.step(gradients, learningRateAt(recipe, step, total), step + 1);
      });
      if (!Number.isFinite(loss)) {
        throw new Error(
          `training ${options.key}: the loss is ${loss} at step ${step}; lower the learning rate ` +
            `(${recipe.learningRate}), the last checkpoint is kept`,
        );
      }
      progress = {
        ...progress,
        step: step + 1,
        epochLoss: progress.epochLoss + loss,
        epochCorrect: progress.epochCorrect + correct,
        epochSeconds: progress.epochSeconds + (performance.now() - started) / 1000,
      };
      const stops = step + 1 < total && options.stopWhen?.() === true;
      if (!stops) options.onStep?.(step + 1, total, loss);

      if ((step + 1) % perEpoch === 0) {
        const measured = (epoch + 1) % recipe.testEvery === 0 || epoch + 1 === recipe.epochs;
        const record: EpochRecord = {
          epoch: epoch + 1,
          loss: progress.epochLoss / perEpoch,
          trainAccuracy: progress.epochCorrect / (perEpoch * recipe.batch),
          testAccuracy: measured ? learner.accuracy(data.test) : null,
          seconds: progress.epochSeconds,
        };
        progress = { ...fresh, step: step + 1, history: [...progress.history, record] };
        options.onEpoch?.(record);
      }
      const due = (step + 1) % checkpointEvery === 0 || step + 1 === total || step + 1 === options.stopAfter;
      if (options.checkpoint && (due || stops)) await saveCheckpoint(options.checkpoint, key, progress, state);
      if (stops) break;
    }
    return progress.history;
  } finally {
    optimizer.dispose();
  }
}

/** Forward, loss, backward; the gradients are handed on and freed. */
function trainStep(
  learner: Learner,
  variables: tf.Variable[],
  pixels: Float32Array,
  labels: Int32Array,
  onGradients: (gradients: tf.NamedTensorMap) => void,
): { loss: number; correct: number } {
  return tf.tidy(() => {
    const x = tf.tensor4d(pixels, [labels.length, 32, 32, 3]);
    let correct = 0;
    const { value, grads } = tf.variableGrads(() => {
      const step = learner.loss(x, labels);
      correct = step.correct;
      return step.loss;
    }, variables);
    onGradients(grads);
    return { loss: value.dataSync()[0], correct };
  });
}

/**
 * Share of images that a classifier gets right.
 *
 * @param logits class scores of normalized images, shape [N, 32, 32, 3] to [N, 10].
 */
export function accuracy(logits: (images: tf.Tensor4D) => tf.Tensor2D, images: PixelSet): number {
  const table = normalizationTable(CIFAR10_COLOURS);
  let correct = 0;
  for (let start = 0; start < images.count; start += TEST_BATCH) {
    const count = Math.min(TEST_BATCH, images.count - start);
    const predicted = dataOf(() => {
      const x = tf.tensor4d(plainBatch(images, start, count, table), [count, 32, 32, 3]);
      return logits(x).argMax(1);
    });
    predicted.forEach((label, i) => correct += Number(label === images.labels[start + i]));
  }
  return correct / images.count;
}
