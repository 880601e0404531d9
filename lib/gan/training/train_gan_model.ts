/**
 * Training the generator and writing it as `models/gan-cifar10`: weights, sample sheets, what training measured, and
 * the entry in `models/index.json`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Dataset, PixelSet } from "../../data/mod.ts";
import { encodePng, markForPeople } from "../../images/mod.ts";
import { encodeSafetensors, recordModel } from "../../weights/mod.ts";
import { readDatasetImages } from "../dataset_images.ts";
import { createCurveMeasure } from "./curve_measure.ts";
import { createExamples } from "./examples.ts";
import type { GanRecord } from "./gan_state.ts";
import { createGenerator, GAN } from "../network/generator.ts";
import type { ImageGenerator } from "../network/image_generator.ts";
import type { GanRecipe } from "./recipe.ts";
import { labelSheet, maskSheet } from "./sample_sheets.ts";
import { type TrainedGan, trainGan } from "./train_gan.ts";
import { writeWhole } from "../../whole_file.ts";

/** Steps of the critic between two rows of the curve. */
const RECORD_EVERY = 250;
/** Rows of the curve between two measurements, each with sample sheets. */
const MEASURE_EVERY = 2;

/** A finished training: one plain document, `training.json`. */
export interface GanTraining {
  /** The command that made it. */
  readonly command: string;
  readonly seed: number;
  readonly recipe: GanRecipe;
  /** Steps of the generator. */
  readonly steps: number;
  /** Seconds of training steps. */
  readonly seconds: number;
  /** Engine, threads and processor. */
  readonly machine: string;
  /** How many numbers the two networks have. */
  readonly parameters: { readonly generator: number; readonly critic: number };
  readonly curve: readonly GanRecord[];
  /** The weight file; null for a training that was made for comparison only. */
  readonly file: { readonly bytes: number; readonly sha256: string } | null;
}

/** What `trainGanModel` needs. */
export interface TrainGanModelOptions {
  readonly seed: number;
  readonly recipe: GanRecipe;
  readonly steps: number;
  /** Training also ends after so many seconds of training steps. */
  readonly seconds?: number;
  /** Folder of the models; the model goes into `<directory>/gan-cifar10`. */
  readonly directory: string;
  /** Folder of checkpoints, and of the sample sheets that are made while training. */
  readonly checkpoints: string;
  readonly command: string;
  readonly machine: string;
  /** Called with the share of the masks that has been made, in [0, 1]. */
  readonly onMasks?: (share: number) => void;
  readonly onStep?: (step: number, distance: number) => void;
  readonly onRecord?: (record: GanRecord) => void;
  readonly onNote?: (message: string) => void;
  /** For tests: steps between two rows of the curve, and images of a measurement. */
  readonly recordEvery?: number;
  readonly measured?: number;
}

/** File name of the document of a training. The gradient penalty's is that of the model; the other stands beside it. */
export function trainingFile(loss: GanRecipe["loss"]): string {
  return loss === "penalty" ? "training.json" : `training-${loss}.json`;
}

/**
 * Trains the generator, or goes on from its checkpoint, and writes it. A training with clipped weights is for
 * comparison: only its document is written beside the model's, and its weights stay in the folder of checkpoints.
 *
 * @param dataset of the generator's labels.
 * @throws {Error} when a loss is no longer finite; the last checkpoint is kept.
 * @throws {InputError} when the dataset has other labels, or the checkpoint is of another training.
 */
export async function trainGanModel(dataset: Dataset, options: TrainGanModelOptions): Promise<GanTraining> {
  const { seed, recipe, checkpoints } = options;
  const images = await readDatasetImages(dataset);
  const run = recipe.loss === "penalty" ? GAN : `${GAN}-${recipe.loss}`;
  const samples = join(checkpoints, `${run}-samples`);
  await Deno.mkdir(samples, { recursive: true });
  const examples = createExamples(images.train, seed, options.onMasks);
  const curve = await createCurveMeasure(images.test, { count: options.measured });
  const trained = await trainGan(examples, recipe, {
    ...options,
    recordEvery: options.recordEvery ?? Math.round(RECORD_EVERY / recipe.criticSteps),
    measureEvery: MEASURE_EVERY,
    checkpoint: join(checkpoints, `${run}.safetensors`),
    measure: (generator, step) => {
      const name = String(step).padStart(6, "0");
      writeSheets(generator, images.test, samples, { labels: `labels-${name}.png`, masks: `masks-${name}.png` });
      return curve.measure(generator);
    },
  }).finally(() => curve.dispose());
  return await writeModel(trained, images.test, options);
}

/** Writes what came of a training: its weights, its document and, for the model itself, its sheets and its entry. */
async function writeModel(
  { steps, seconds, parameters, curve, weights }: TrainedGan,
  test: PixelSet,
  { seed, recipe, checkpoints, directory, command, machine }: TrainGanModelOptions,
): Promise<GanTraining> {
  const folder = join(directory, GAN);
  await Deno.mkdir(folder, { recursive: true });
  const bytes = encodeSafetensors(weights, { model: GAN, seed: String(seed), loss: recipe.loss }, "F16");
  const isModel = recipe.loss === "penalty";
  const weightFile = isModel
    ? join(folder, "weights.safetensors")
    : join(checkpoints, `${GAN}-${recipe.loss}-weights.safetensors`);
  writeWhole(weightFile, bytes);
  const file = isModel ? { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") } : null;
  const training: GanTraining = { command, seed, recipe, steps, seconds, machine, parameters, curve, file };
  writeWhole(join(folder, trainingFile(recipe.loss)), `${JSON.stringify(training, null, 1)}\n`);
  if (isModel) {
    const generator = createGenerator(weights, weightFile);
    try {
      writeSheets(generator, test, folder, { labels: "labels.png", masks: "masks.png" });
    } finally {
      generator.dispose();
    }
    await recordModel(GAN, { about: "WGAN-CGAN by label and mask, CIFAR-10 (ours)", licence: "MIT" }, directory);
  }
  return training;
}

/** Writes the two sample sheets of a generator into a folder, under these names. */
function writeSheets(
  generator: ImageGenerator,
  test: PixelSet,
  folder: string,
  names: { readonly labels: string; readonly masks: string },
): void {
  writeWhole(join(folder, names.labels), markForPeople(encodePng(labelSheet(generator, test))));
  writeWhole(join(folder, names.masks), markForPeople(encodePng(maskSheet(generator))));
}
