/**
 * The state of a training: all that a step reads and changes. Its checkpoint is two files; the earlier one is used when
 * the later one is damaged.
 *
 * @module
 */
import { dirname } from "node:path";
import { tf } from "../../engine/mod.ts";
import { InputError, messageOf } from "../../errors.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors, type WeightArray } from "../../weights/mod.ts";
import { createRandom } from "../../random.ts";
import { UnfinishedFile } from "../../whole_file.ts";
import { CRITIC_PARAMETERS } from "../network/critic.ts";
import { GENERATOR_PARAMETERS } from "../network/generator.ts";
import { copyParameters, disposeParameters, initializeParameters, type Parameters } from "../network/parameters.ts";
import type { GanRecipe } from "./recipe.ts";

/** A row of the curve of a training: means over the steps since the row before. */
export interface GanRecord {
  /** How many steps of the generator have been done. */
  readonly step: number;
  /** Seconds of training steps so far. The time of samples, measures and checkpoints does not count. */
  readonly seconds: number;
  /** The critic's estimate of the Wasserstein distance: the mean score of true images minus that of generated ones. */
  readonly distance: number;
  /** Mean score of true images with their own label and mask, minus that of the same images with wrong ones. */
  readonly advantage: number;
  /** Mean (|gradient| - 1)^2; 0 with clipped weights. */
  readonly penalty: number;
  /** The loss that the critic descends. */
  readonly criticLoss: number;
  /** The loss that the generator descends: minus the mean score of its images. */
  readonly generatorLoss: number;
  /** Frechet distance of the averaged generator's images from test images; null in a row without a measurement. */
  readonly frechet: number | null;
  /**
   * Share of its images in which our ResNet-18 sees the label that was asked for; null in a row without a measurement.
   */
  readonly labelShare: number | null;
}

/** How far a training has come. */
export interface GanProgress {
  readonly step: number;
  readonly seconds: number;
  readonly curve: readonly GanRecord[];
}

/** An optimizer of TensorFlow.js: Adam or RMSprop. */
export type Optimizer = ReturnType<typeof tf.train.adam> | ReturnType<typeof tf.train.rmsprop>;

/** Networks and optimizers in training. */
export interface GanState {
  readonly generator: Parameters;
  /** The exponential moving average of the generator. */
  readonly averaged: Parameters;
  readonly critic: Parameters;
  readonly generatorOptimizer: Optimizer;
  readonly criticOptimizer: Optimizer;
}

/** New networks of a seed. */
export function createGanState(recipe: GanRecipe, seed: number): GanState {
  const generator = initializeParameters(GENERATOR_PARAMETERS, createRandom(seed, "initialize", "generator"));
  const critic = initializeParameters(CRITIC_PARAMETERS, createRandom(seed, "initialize", "critic"));
  const optimizer = (rate: number) =>
    recipe.loss === "clip"
      ? tf.train.rmsprop(rate, 0.99) // PyTorch's decay, which the paper's program used
      : tf.train.adam(rate, 0, 0.9); // Gulrajani et al. (2017) for their residual networks
  return {
    generator,
    averaged: copyParameters(generator),
    critic,
    generatorOptimizer: optimizer(recipe.generatorRate),
    criticOptimizer: optimizer(recipe.criticRate),
  };
}

/** Frees everything. */
export function disposeGanState(state: GanState): void {
  for (const parameters of [state.generator, state.averaged, state.critic]) disposeParameters(parameters);
  state.generatorOptimizer.dispose();
  state.criticOptimizer.dispose();
}

/** Names of the networks in a checkpoint. */
const NETWORKS = ["generator", "averaged", "critic"] as const;
/** Names of the optimizers in a checkpoint. */
const OPTIMIZERS = ["generatorOptimizer", "criticOptimizer"] as const;

/**
 * Writes a checkpoint to `path`. The file that was there becomes `path.previous`.
 *
 * @param key says which training it is of.
 * @throws {NotFiniteError} when a number of the state is not finite; nothing is written then.
 */
export async function saveGanCheckpoint(
  path: string,
  key: string,
  progress: GanProgress,
  state: GanState,
): Promise<void> {
  const arrays = new Map<string, WeightArray>();
  const add = async (name: string, tensor: tf.Tensor) => {
    const data = Float32Array.from(await tensor.data());
    if (!data.every(Number.isFinite)) throw new NotFiniteError(`${name} is not finite`);
    arrays.set(name, { shape: tensor.shape, data });
  };
  for (const network of NETWORKS) {
    for (const [name, variable] of state[network]) await add(`${network}:${name}`, variable);
  }
  for (const optimizer of OPTIMIZERS) {
    const weights = await state[optimizer].getWeights(); // the number of steps, which is a new tensor, then variables
    try {
      for (const [i, { tensor }] of weights.entries()) await add(`${optimizer}:${i}`, tensor);
    } finally {
      weights[0].tensor.dispose();
    }
  }
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = new UnfinishedFile(path);
  try {
    file.write(encodeSafetensors(arrays, { key, progress: JSON.stringify(progress) }));
    await Deno.rename(path, `${path}.previous`).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    file.finish();
  } finally {
    file.discard();
  }
}

/** A number of a network or an optimizer is NaN or infinite. */
export class NotFiniteError extends Error {}

/**
 * Restores the checkpoint at `path`, or the one before it if that file is damaged.
 *
 * @param onDamaged is told what is wrong with a damaged file.
 * @returns how far the training has come; null when there is no checkpoint.
 * @throws {InputError} when the checkpoint is of another training or architecture, or when both files are damaged.
 */
export async function loadGanCheckpoint(
  path: string,
  key: string,
  state: GanState,
  onDamaged: (message: string) => void = () => {},
): Promise<GanProgress | null> {
  const damaged: string[] = [];
  for (const file of [path, `${path}.previous`]) {
    const bytes = await Deno.readFile(file).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    if (bytes === null) continue;
    let content: Safetensors;
    try {
      content = decodeSafetensors(bytes, file);
    } catch (error) {
      damaged.push(`${file} is not a whole checkpoint (${messageOf(error)})`);
      continue;
    }
    const progress = await restore(content, file, key, state);
    damaged.forEach((message) => onDamaged(`${message}; going on from ${file}`));
    return progress;
  }
  if (damaged.length > 0) throw new InputError(`${damaged.join(", and ")}; delete what is there to start anew`);
  return null;
}

async function restore(
  { tensors, metadata }: Safetensors,
  file: string,
  key: string,
  state: GanState,
): Promise<GanProgress> {
  if (metadata.key !== key) {
    throw new InputError(
      `${file} is the checkpoint of another training run (${metadata.key}); delete it to start anew`,
    );
  }
  // everything is checked before anything is changed
  const networks = NETWORKS.flatMap((network) =>
    [...state[network]].map(([name, variable]) => ({ name: `${network}:${name}`, variable }))
  );
  for (const { name, variable } of networks) {
    const array = tensors.get(name);
    if (array === undefined || array.shape.join() !== variable.shape.join()) {
      throw new InputError(`${file} is of another architecture: it does not fit at ${name}; delete it to start anew`);
    }
  }
  for (const { name, variable } of networks) {
    tf.tidy(() => variable.assign(tf.tensor(tensors.get(name)!.data, variable.shape)));
  }
  for (const optimizer of OPTIMIZERS) {
    const weights: { name: string; tensor: tf.Tensor }[] = [];
    for (let i = 0; tensors.has(`${optimizer}:${i}`); i++) {
      const { shape, data } = tensors.get(`${optimizer}:${i}`)!;
      weights.push({ name: String(i), tensor: i === 0 ? tf.scalar(data[0], "int32") : tf.tensor(data, [...shape]) });
    }
    await state[optimizer].setWeights(weights);
    tf.dispose(weights.map(({ tensor }) => tensor));
  }
  return JSON.parse(metadata.progress);
}
