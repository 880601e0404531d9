/**
 * Training the generator by name and writing it as `models/gan-cifar10`: weights, sample sheets, what training measured, and
 * the entry in `models/index.json`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Cifar10 } from "../../data/mod.ts";
import { writePng } from "../../images/mod.ts";
import { encodeSafetensors, recordModel } from "../../weights/mod.ts";
import { createCurveMeasure } from "./curve_measure.ts";
import { createExamples } from "./examples.ts";
import type { GanRecord } from "./gan_state.ts";
import { createGenerator, GAN } from "../network/generator.ts";
import type { GanRecipe } from "./recipe.ts";
import { labelSheet, maskSheet } from "./sample_sheets.ts";
import { trainGan } from "./train_gan.ts";

/** Steps of the critic between two rows of the curve. */
const RECORD_EVERY = 250;
/** Rows between two measurements, each with sample sheets. */
const MEASURE_EVERY = 2;

/** What is known of a training: one plain document, `training.json`. */
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
  /** Numbers in the generator and the critic. */
  readonly parameters: { readonly generator: number; readonly critic: number };
  readonly curve: readonly GanRecord[];
  /** The weight file; null for a training that was made for comparison. */
  readonly file: { readonly bytes: number; readonly sha256: string } | null;
}

/** What `trainGanModel` needs. */
export interface TrainGanModelOptions {
  readonly seed: number;
  readonly recipe: GanRecipe;
  readonly steps: number;
  /** Ends after this many seconds of training steps, if that is sooner. */
  readonly seconds?: number;
  /** Folder of the models; the model goes into `<directory>/gan-cifar10`. */
  readonly directory: string;
  /** Folder of checkpoints, and of sample sheets made on the way. */
  readonly checkpoints: string;
  readonly command: string;
  readonly machine: string;
  /** Called with the share of the masks that is made, in [0, 1]. */
  readonly onMasks?: (share: number) => void;
  readonly onStep?: (step: number, distance: number) => void;
  readonly onRecord?: (record: GanRecord) => void;
  readonly onNote?: (message: string) => void;
  /** For tests: steps between two rows of the curve, and images of a measurement. */
  readonly recordEvery?: number;
  readonly measured?: number;
}

/** Name of the document of a training: the default loss is the model's, another stands beside it. */
export function trainingFile(loss: GanRecipe["loss"]): string {
  return loss === "penalty" ? "training.json" : `training-${loss}.json`;
}

/**
 * Trains the generator, or goes on from its checkpoint, and writes it. With clipped weights only the document is written, to
 * stand beside the model's: its weights stay in the folder of checkpoints.
 *
 * @throws {Error} when a loss is no longer finite; the last checkpoint is kept.
 * @throws {InputError} when the checkpoint is of another run.
 */
export async function trainGanModel(data: Cifar10, options: TrainGanModelOptions): Promise<GanTraining> {
  const { seed, recipe, checkpoints, directory } = options;
  const run = recipe.loss === "penalty" ? GAN : `${GAN}-${recipe.loss}`;
  const samples = join(checkpoints, `${run}-samples`);
  await Deno.mkdir(samples, { recursive: true });
  const examples = createExamples(data.train, seed, options.onMasks);
  const curve = await createCurveMeasure(data.test, { count: options.measured });
  const trained = await trainGan(examples, recipe, {
    ...options,
    recordEvery: options.recordEvery ?? Math.round(RECORD_EVERY / recipe.criticSteps),
    measureEvery: MEASURE_EVERY,
    checkpoint: join(checkpoints, `${run}.safetensors`),
    measure: async (generator, step) => {
      const name = String(step).padStart(6, "0");
      await writePng(join(samples, `labels-${name}.png`), labelSheet(generator, data.test));
      await writePng(join(samples, `masks-${name}.png`), maskSheet(generator));
      return curve.measure(generator);
    },
  }).finally(() => curve.dispose());

  const folder = join(directory, GAN);
  await Deno.mkdir(folder, { recursive: true });
  const bytes = encodeSafetensors(trained.weights, { model: GAN, seed: String(seed), loss: recipe.loss }, "F16");
  const model = recipe.loss === "penalty";
  const weightFile = model ? join(folder, "weights.safetensors") : join(checkpoints, `${run}-weights.safetensors`);
  await Deno.writeFile(`${weightFile}.tmp`, bytes);
  await Deno.rename(`${weightFile}.tmp`, weightFile);
  const training: GanTraining = {
    command: options.command,
    seed,
    recipe,
    steps: trained.steps,
    seconds: trained.seconds,
    machine: options.machine,
    parameters: trained.parameters,
    curve: trained.curve,
    file: model ? { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") } : null,
  };
  await Deno.writeTextFile(join(folder, trainingFile(recipe.loss)), `${JSON.stringify(training, null, 1)}\n`);
  if (model) {
    const generator = createGenerator(trained.weights, weightFile);
    try {
      await writePng(join(folder, "labels.png"), labelSheet(generator, data.test));
      await writePng(join(folder, "masks.png"), maskSheet(generator));
    } finally {
      generator.dispose();
    }
    await recordModel(GAN, { about: "WGAN-CGAN by label and mask, CIFAR-10 (ours)", licence: "MIT" }, directory);
  }
  return training;
}
