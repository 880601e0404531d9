/**
 * Checkpoints: all of a training run's state in one safetensors file, replaced in one step, so that a run killed at any
 * moment goes on from the last whole one.
 *
 * @module
 */
import { dirname } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors, type WeightArray } from "../weights/mod.ts";
import { tf } from "../engine/mod.ts";
import { writeWhole } from "../whole_file.ts";

/** One epoch of a training run. */
export interface EpochRecord {
  /** 1, 2, ... */
  readonly epoch: number;
  /** Mean loss over the epoch's batches. */
  readonly loss: number;
  /** Share of augmented training images classified right, as they were trained on. */
  readonly trainAccuracy: number;
  /** Share of the 10,000 test images classified right; null where it was not measured. */
  readonly testAccuracy: number | null;
  /** Seconds of the epoch. */
  readonly seconds: number;
}

/** Where a run stands. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Epochs finished. */
  readonly history: readonly EpochRecord[];
  /** Sums over the epoch in progress. */
  readonly epochLoss: number;
  readonly epochCorrect: number;
  readonly epochSeconds: number;
}

/** What identifies a run: a checkpoint of another one is not continued. */
export type RunKey = string;

/**
 * Writes a checkpoint.
 *
 * @param variables everything that a step reads and changes, by name.
 */
export async function saveCheckpoint(
  path: string,
  key: RunKey,
  progress: Progress,
  variables: ReadonlyMap<string, tf.Variable>,
): Promise<void> {
  const arrays = new Map<string, WeightArray>();
  for (const [name, variable] of variables) {
    arrays.set(name, { shape: variable.shape, data: (await variable.data()) as Float32Array });
  }
  await Deno.mkdir(dirname(path), { recursive: true });
  writeWhole(path, encodeSafetensors(arrays, { key, progress: JSON.stringify(progress) }));
}

/**
 * Restores a checkpoint into the variables.
 *
 * @returns where the run stood, or null when there is no checkpoint.
 * @throws {InputError} when it is of another run (other model, recipe or seed), or not a whole file.
 */
export async function loadCheckpoint(
  path: string,
  key: RunKey,
  variables: ReadonlyMap<string, tf.Variable>,
): Promise<Progress | null> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const { tensors, metadata } = decode(bytes, path);
  if (metadata.key !== key) {
    throw new InputError(
      `${path} is the checkpoint of another training run (${metadata.key}); delete it to start anew`,
    );
  }
  for (const [name, variable] of variables) {
    const array = tensors.get(name);
    if (array === undefined || array.shape.join() !== variable.shape.join()) {
      throw new InputError(`${path} does not fit the network at ${name}; delete it to start anew`);
    }
    tf.tidy(() => variable.assign(tf.tensor(array.data, variable.shape)));
  }
  return JSON.parse(metadata.progress);
}

/** The file's content; what is wrong with it is said with what to do about a checkpoint. */
function decode(bytes: Uint8Array, path: string): Safetensors {
  try {
    return decodeSafetensors(bytes, path);
  } catch (error) {
    throw new InputError(`${path} is not a whole checkpoint; delete it to start anew (${messageOf(error)})`);
  }
}
