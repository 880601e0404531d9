/**
 * Training the generator against its critic.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { decodeSafetensors, encodeSafetensors, type WeightArray } from "../../weights/mod.ts";
import { createRandom } from "../../random.ts";
import { criticScores } from "../network/critic.ts";
import type { CurvePoint } from "./curve_measure.ts";
import type { ExampleBatch, ExampleSource } from "./examples.ts";
import {
  createGanState,
  disposeGanState,
  type GanProgress,
  type GanRecord,
  type GanState,
  loadGanCheckpoint,
  NotFiniteError,
  type Optimizer,
  saveGanCheckpoint,
} from "./gan_state.ts";
import { byBatch, createGenerator, generatedImages, type NormName, NORMS } from "../network/generator.ts";
import { type ImageGenerator, LABELS, LATENT } from "../network/image_generator.ts";
import { type Critic, type Examples, gradientPenalty, joined, slice, wassersteinLoss } from "../network/losses.ts";
import { type Parameters, writeParameters } from "../network/parameters.ts";
import { type GanRecipe, rateFactor } from "./recipe.ts";

/** Batches over which a finished generator's means and variances are taken. */
const STATISTICS_BATCHES = 40;

/** What a caller may watch and set. */
export interface TrainGanOptions {
  /** Seed of the weights, the order of the images, masks and latents. */
  readonly seed: number;
  /** Steps of the generator in all, those of an earlier run of the checkpoint included; the generator's rate falls towards the last. */
  readonly steps: number;
  /** Ends earlier, after this many steps: for tests of resuming. */
  readonly stopAfter?: number;
  /** Ends earlier, after this many seconds of training steps. */
  readonly seconds?: number;
  /** Checkpoint file; none is kept without it. */
  readonly checkpoint?: string;
  /** Steps between two rows of the curve, each with a checkpoint. */
  readonly recordEvery: number;
  /** Rows of the curve between two measurements. */
  readonly measureEvery: number;
  /** Measures the averaged generator, for the curve; also the place to draw samples. */
  readonly measure?: (generator: ImageGenerator, step: number) => CurvePoint | Promise<CurvePoint>;
  /** Called after every step. */
  readonly onStep?: (step: number, distance: number) => void;
  /** Called with every new row of the curve. */
  readonly onRecord?: (record: GanRecord) => void;
  /** Called with what a user should know of the checkpoint. */
  readonly onNote?: (message: string) => void;
}

/** A finished training. */
export interface TrainedGan {
  readonly curve: readonly GanRecord[];
  /** Steps of the generator. */
  readonly steps: number;
  /** Seconds of training steps. */
  readonly seconds: number;
  /** Numbers that are trained. */
  readonly parameters: { readonly generator: number; readonly critic: number };
  /** Parameters of the averaged generator and its statistics, by name. */
  readonly weights: Map<string, WeightArray>;
}

/**
 * Trains a generator, or goes on from the checkpoint. Every draw depends on the seed and the step alone, so that a run that
 * was cut goes on as if it had not been.
 *
 * @throws {Error} when a loss or a parameter is no longer finite; the last checkpoint is kept.
 * @throws {InputError} when the checkpoint is of another run, or damaged together with the one before it.
 */
export async function trainGan(
  examples: ExampleSource,
  recipe: GanRecipe,
  options: TrainGanOptions,
): Promise<TrainedGan> {
  const { seed, steps, checkpoint } = options;
  const key = JSON.stringify({ model: "gan-cifar10", seed, recipe });
  const state = createGanState(recipe, seed);
  try {
    const fresh: GanProgress = { step: 0, seconds: 0, curve: [] };
    let progress = (checkpoint && await loadGanCheckpoint(checkpoint, key, state, options.onNote)) || fresh;
    let sum = noLosses();
    let since = 0;
    const over = () =>
      progress.step >= Math.min(steps, options.stopAfter ?? steps) || progress.seconds >= (options.seconds ?? Infinity);
    while (!over()) {
      const started = performance.now();
      setRate(state.generatorOptimizer, recipe.generatorRate * rateFactor(recipe, progress.step, steps));
      const losses = trainStep(state, examples, recipe, seed, progress.step);
      if (!Object.values(losses).every(Number.isFinite)) throw divergence(recipe, progress.step, "a loss");
      sum = addLosses(sum, losses);
      since++;
      progress = {
        ...progress,
        step: progress.step + 1,
        seconds: progress.seconds + (performance.now() - started) / 1000,
      };
      options.onStep?.(progress.step, losses.distance);
      if (progress.step % options.recordEvery !== 0 && !over()) continue;

      const measured = over() || Math.ceil(progress.step / options.recordEvery) % options.measureEvery === 0;
      let point: CurvePoint | null = null;
      if (options.measure && measured) {
        const generator = createGenerator(
          finishedWeights(state.averaged, examples, recipe, seed),
          "the network in training",
        );
        try {
          point = await options.measure(generator, progress.step);
        } finally {
          generator.dispose();
        }
      }
      const record: GanRecord = {
        step: progress.step,
        seconds: progress.seconds,
        ...scaleLosses(sum, 1 / since),
        frechet: point?.frechet ?? null,
        labelShare: point?.labelShare ?? null,
      };
      [sum, since] = [noLosses(), 0];
      progress = { ...progress, curve: [...progress.curve, record] };
      options.onRecord?.(record);
      if (checkpoint) {
        await saveGanCheckpoint(checkpoint, key, progress, state).catch((error) => {
          throw error instanceof NotFiniteError ? divergence(recipe, progress.step, error.message) : error;
        });
      }
    }
    const { curve, step, seconds } = progress;
    const parameters = { generator: sizeOf(state.generator), critic: sizeOf(state.critic) };
    return {
      curve,
      steps: step,
      seconds,
      parameters,
      weights: finishedWeights(state.averaged, examples, recipe, seed),
    };
  } finally {
    disposeGanState(state);
  }
}

/** TensorFlow.js reads the rate anew in every step, and declares it closed to others. */
function setRate(optimizer: Optimizer, rate: number): void {
  (optimizer as unknown as { learningRate: number }).learningRate = rate;
}

function sizeOf(parameters: Parameters): number {
  return [...parameters.values()].reduce((sum, { size }) => sum + size, 0);
}

function divergence(recipe: GanRecipe, step: number, what: string): Error {
  const rates = `the learning rates (critic ${recipe.criticRate}, generator ${recipe.generatorRate})`;
  const also = recipe.loss === "clip"
    ? `or the clipping bound (${recipe.clip})`
    : `or the penalty's weight (${recipe.penaltyWeight})`;
  return new Error(
    `training stopped at step ${step}: ${what} is no longer finite; lower ${rates} ${also}; the last checkpoint is kept`,
  );
}

type Losses = Pick<GanRecord, "distance" | "advantage" | "penalty" | "criticLoss" | "generatorLoss">;

const noLosses = (): Losses => ({ distance: 0, advantage: 0, penalty: 0, criticLoss: 0, generatorLoss: 0 });
const addLosses = (a: Losses, b: Losses): Losses => ({
  distance: a.distance + b.distance,
  advantage: a.advantage + b.advantage,
  penalty: a.penalty + b.penalty,
  criticLoss: a.criticLoss + b.criticLoss,
  generatorLoss: a.generatorLoss + b.generatorLoss,
});
const scaleLosses = (losses: Losses, factor: number): Losses => ({
  distance: losses.distance * factor,
  advantage: losses.advantage * factor,
  penalty: losses.penalty * factor,
  criticLoss: losses.criticLoss * factor,
  generatorLoss: losses.generatorLoss * factor,
});

/** Some steps of the critic, one of the generator, one of the average. */
function trainStep(state: GanState, examples: ExampleSource, recipe: GanRecipe, seed: number, step: number): Losses {
  const critic: Critic = ({ images, labels, masks }) => criticScores(state.critic, images, labels, masks);
  const { batch: size, criticSteps } = recipe;
  const first = step * criticSteps;
  let batch = examples.batch(first, size);
  let last = noLosses();
  for (let i = 0; i < criticSteps; i++) {
    if (i > 0) batch = examples.batch(first + i, size);
    last = tf.tidy(() => criticStep(state, critic, batch, recipe, seed, first + i));
  }
  // the generator's labels and masks are those that the critic has just seen
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
  const decay = Math.min(recipe.averageDecay, (1 + step) / (10 + step)); // the first steps are soon forgotten
  tf.tidy(() => {
    for (const [name, variable] of state.averaged) {
      const now = state.generator.get(name)!;
      variable.assign(variable.add(now.sub(variable).mul(1 - decay)));
    }
  });
  return { ...last, generatorLoss };
}

function criticStep(
  state: GanState,
  critic: Critic,
  batch: ExampleBatch,
  recipe: GanRecipe,
  seed: number,
  index: number,
): Losses {
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
  return { ...watched, criticLoss: value.dataSync()[0], generatorLoss: 0 };
}

/**
 * True images of the end of a batch: half of them with the label of none of their kind, half with the next one's mask.
 */
function mismatch(truth: Examples, count: number, seed: number, index: number): Examples {
  const size = truth.images.shape[0];
  const { images, labels, masks } = slice(truth, size - count, count);
  const half = count >> 1;
  const random = createRandom(seed, "mismatch", index);
  const turns = Int32Array.from({ length: count }, (_, i) => i < half ? random.integer(1, LABELS - 1) : 0);
  const others = slice(truth, size - count - 1, count).masks; // the neighbour's
  return {
    images,
    labels: labels.add(tf.tensor1d(turns, "int32")).mod(tf.scalar(LABELS, "int32")) as tf.Tensor1D,
    masks: tf.concat([masks.slice(0, half), others.slice(half, count - half)]),
  };
}

/**
 * Where the penalty is taken: between true and generated images, three quarters with the conditions both were made for, a
 * quarter with mismatched ones, where the critic would otherwise be free.
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

/** Gradients in the order of their variables, which is the order of the optimizer's state. */
function named(gradients: tf.NamedTensorMap): { name: string; tensor: tf.Tensor }[] {
  return Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
}

function toExamples({ images, labels, masks }: ExampleBatch): Examples {
  const count = labels.length;
  return {
    images: tf.tensor4d(images, [count, 32, 32, 3]),
    labels: tf.tensor1d(labels, "int32"),
    masks: tf.tensor4d(masks, [count, 32, 32, 1]),
  };
}

function drawLatents(seed: number, purpose: string, index: number, count: number): tf.Tensor2D {
  const random = createRandom(seed, "latents", purpose, index);
  return tf.tensor2d(Float32Array.from({ length: count * LATENT }, () => random.normal()), [count, LATENT]);
}

function uniform(seed: number, index: number, count: number): tf.Tensor4D {
  const random = createRandom(seed, "penalty", index);
  return tf.tensor4d(Float32Array.from({ length: count }, () => random.uniform()), [count, 1, 1, 1]);
}

/**
 * The averaged generator as it will be stored, in half precision, with means and variances of its own: the average over
 * batches of training labels and masks.
 *
 * @see Brock et al. (2019), "Large scale GAN training", appendix B, on standing statistics
 */
function finishedWeights(
  averaged: Parameters,
  examples: ExampleSource,
  recipe: GanRecipe,
  seed: number,
): Map<string, WeightArray> {
  const names = Object.keys(NORMS) as NormName[];
  const sums = new Map(
    names.map((name) => [name, { mean: new Float64Array(NORMS[name]), square: new Float64Array(NORMS[name]) }]),
  );
  for (let i = 0; i < STATISTICS_BATCHES; i++) {
    const batch = examples.batch(i, recipe.batch);
    tf.tidy(() => {
      const { labels, masks } = toExamples(batch);
      generatedImages(
        averaged,
        drawLatents(seed, "statistics", i, recipe.batch),
        labels,
        masks,
        byBatch((name, { mean, variance }) => {
          const [means, variances] = [mean.dataSync(), variance.dataSync()];
          const { mean: meanSum, square } = sums.get(name)!;
          means.forEach((value, c) => {
            meanSum[c] += value;
            square[c] += variances[c] + value * value;
          });
        }),
      );
    });
  }
  const weights = writeParameters(averaged);
  for (const [name, { mean, square }] of sums) {
    const means = mean.map((value) => value / STATISTICS_BATCHES);
    const variances = square.map((value, c) => Math.max(0, value / STATISTICS_BATCHES - means[c] ** 2));
    weights.set(`${name}.mean`, { shape: [NORMS[name]], data: Float32Array.from(means) });
    weights.set(`${name}.variance`, { shape: [NORMS[name]], data: Float32Array.from(variances) });
  }
  return new Map(decodeSafetensors(encodeSafetensors(weights, {}, "F16"), "the generator").tensors);
}
