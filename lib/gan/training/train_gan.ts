/**
 * Training the generator against its critic.
 *
 * @module
 */
import type { WeightArray } from "../../weights/mod.ts";
import { createGenerator, GAN } from "../network/generator.ts";
import type { ImageGenerator } from "../network/image_generator.ts";
import type { Parameters } from "../network/parameters.ts";
import type { CurvePoint } from "./curve_measure.ts";
import type { ExampleSource } from "./examples.ts";
import { finishedWeights } from "./finished_weights.ts";
import {
  createGanState,
  disposeGanState,
  type GanProgress,
  type GanRecord,
  loadGanCheckpoint,
  NotFiniteError,
  type Optimizer,
  saveGanCheckpoint,
} from "./gan_state.ts";
import { type GanRecipe, rateFactor } from "./recipe.ts";
import { type StepLosses, trainStep } from "./train_step.ts";

/** What a caller of {@linkcode trainGan} may set and watch. */
export interface TrainGanOptions {
  /** Seed of the weights, the order of the images, masks and latents. */
  readonly seed: number;
  /**
   * Steps of the generator in all, with those that a checkpoint already has. The generator's rate falls towards the
   * last.
   */
  readonly steps: number;
  /** Training also ends after so many steps; for tests of resuming. */
  readonly stopAfter?: number;
  /** Training also ends after so many seconds of training steps. */
  readonly seconds?: number;
  /** File of the checkpoint; without it none is kept. */
  readonly checkpoint?: string;
  /** Steps between two rows of the curve. With each row a checkpoint is written. */
  readonly recordEvery: number;
  /** Rows of the curve between two measurements. */
  readonly measureEvery: number;
  /** Measures the averaged generator for the curve. Samples can be drawn here too. */
  readonly measure?: (generator: ImageGenerator, step: number) => CurvePoint | Promise<CurvePoint>;
  /** Called after every step. */
  readonly onStep?: (step: number, distance: number) => void;
  /** Called with every new row of the curve. */
  readonly onRecord?: (record: GanRecord) => void;
  /** Called when a checkpoint is damaged and the one before it is used. */
  readonly onNote?: (message: string) => void;
}

/** A finished training. */
export interface TrainedGan {
  readonly curve: readonly GanRecord[];
  /** Steps of the generator. */
  readonly steps: number;
  /** Seconds of training steps. */
  readonly seconds: number;
  /** How many numbers the two networks have. */
  readonly parameters: { readonly generator: number; readonly critic: number };
  /** Parameters of the averaged generator, and means and variances of its normalized layers, by name. */
  readonly weights: Map<string, WeightArray>;
}

/**
 * Trains a generator, or goes on from the checkpoint. Every draw depends on the seed and the step alone, so that a
 * training that was interrupted goes on as if it had not been.
 *
 * @throws {Error} when a loss or a parameter is no longer finite; the last checkpoint is kept.
 * @throws {InputError} when the checkpoint is of another training, or when it and the one before it are damaged.
 */
export async function trainGan(
  examples: ExampleSource,
  recipe: GanRecipe,
  options: TrainGanOptions,
): Promise<TrainedGan> {
  const { seed, steps, checkpoint } = options;
  const key = JSON.stringify({ model: GAN, seed, recipe });
  const state = createGanState(recipe, seed);
  const finished = () => finishedWeights(state.averaged, examples, recipe, seed);
  try {
    const fresh: GanProgress = { step: 0, seconds: 0, curve: [] };
    let progress = (checkpoint && await loadGanCheckpoint(checkpoint, key, state, options.onNote)) || fresh;
    let sinceRecord: StepLosses[] = [];
    const isOver = () =>
      progress.step >= Math.min(steps, options.stopAfter ?? steps) || progress.seconds >= (options.seconds ?? Infinity);
    while (!isOver()) {
      const started = performance.now();
      setRate(state.generatorOptimizer, recipe.generatorRate * rateFactor(recipe, progress.step, steps));
      const losses = trainStep(state, examples, recipe, seed, progress.step);
      if (!Object.values(losses).every(Number.isFinite)) throw divergence(recipe, progress.step, "a loss");
      sinceRecord.push(losses);
      progress = {
        ...progress,
        step: progress.step + 1,
        seconds: progress.seconds + (performance.now() - started) / 1000,
      };
      options.onStep?.(progress.step, losses.distance);
      if (progress.step % options.recordEvery !== 0 && !isOver()) continue;

      const { step, seconds } = progress;
      const isMeasured = isOver() || Math.ceil(step / options.recordEvery) % options.measureEvery === 0;
      const point = isMeasured ? await measurePoint(finished, step, options) : null;
      const { frechet = null, labelShare = null } = point ?? {};
      const record: GanRecord = { step, seconds, ...meanLosses(sinceRecord), frechet, labelShare };
      sinceRecord = [];
      progress = { ...progress, curve: [...progress.curve, record] };
      options.onRecord?.(record);
      if (checkpoint) {
        await saveGanCheckpoint(checkpoint, key, progress, state).catch((error) => {
          throw error instanceof NotFiniteError ? divergence(recipe, step, error.message) : error;
        });
      }
    }
    const parameters = { generator: sizeOf(state.generator), critic: sizeOf(state.critic) };
    return { curve: progress.curve, steps: progress.step, seconds: progress.seconds, parameters, weights: finished() };
  } finally {
    disposeGanState(state);
  }
}

/** Measures the averaged generator as it would be stored now. */
async function measurePoint(
  finished: () => Map<string, WeightArray>,
  step: number,
  { measure }: TrainGanOptions,
): Promise<CurvePoint | null> {
  if (measure === undefined) return null;
  const generator = createGenerator(finished(), "the network in training");
  try {
    return await measure(generator, step);
  } finally {
    generator.dispose();
  }
}

/** Means of the losses of several steps. */
function meanLosses(steps: readonly StepLosses[]): StepLosses {
  const mean = (key: keyof StepLosses) => steps.reduce((sum, step) => sum + step[key], 0) * (1 / steps.length);
  return {
    distance: mean("distance"),
    advantage: mean("advantage"),
    penalty: mean("penalty"),
    criticLoss: mean("criticLoss"),
    generatorLoss: mean("generatorLoss"),
  };
}

/** Sets the learning rate. TensorFlow.js reads it in each step, but declares it as protected. */
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
