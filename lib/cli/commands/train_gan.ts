/**
 * `polysem train gan-cifar10`: the generator of images by label and mask.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { cacheDirectory } from "../../cache.ts";
import type { Dataset } from "../../data/mod.ts";
import type { BackendReport } from "../../engine/mod.ts";
import type { GanRecord } from "../../gan/training/mod.ts";
import { Interrupted } from "../console/interruption.ts";
import { decimals, duration, globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress, type Progress } from "../console/progress.ts";

/** What is said of an interrupted training: its curve has a point where it has a checkpoint. */
const KEPT = "what was learned up to the last checkpoint is kept; the same command goes on from there";

/** The options that only this model has. */
export interface TrainGanCliOptions {
  readonly seed: number;
  readonly loss?: "penalty" | "clip";
  readonly steps?: number;
  readonly minutes?: number;
}

/** Trains the generator, writes it and prints what came of it. */
export async function trainGanCommand(
  dataset: Dataset,
  engine: BackendReport,
  directory: string,
  options: TrainGanCliOptions,
  command: Command,
): Promise<void> {
  const { CLIP_RECIPE, DEFAULT_STEPS, PENALTY_RECIPE, trainGanModel, writeCardWithCurve } = await import(
    "../../gan/training/mod.ts"
  );
  const steps = options.steps ?? DEFAULT_STEPS;
  const { quiet } = globalOptions(command);
  const masks = createProgress({ title: "masks", total: 100, unit: "%", quiet });
  let training: Progress | undefined;
  const trained = await trainGanModel(dataset, {
    seed: options.seed,
    recipe: options.loss === "clip" ? CLIP_RECIPE : PENALTY_RECIPE,
    steps,
    seconds: options.minutes === undefined ? undefined : 60 * options.minutes,
    directory,
    checkpoints: join(cacheDirectory(), "checkpoints"),
    command: commandLine(options),
    machine: `${engine.threads} threads of ${cpus()[0]?.model ?? "an unknown processor"}, ${engine.device}`,
    onMasks: (share) => {
      masks.update(Math.round(100 * share));
      if (share >= 1) masks.stop();
    },
    onStep: (step, distance) => {
      training ??= createProgress({ title: "gan-cifar10", total: steps, already: step - 1, unit: "steps", quiet });
      training.update(step, `distance ${distance.toFixed(2)}`);
    },
    onRecord: (record) => printNote(command, recordText(record)),
    onNote: (message) => printNote(command, message),
  }).catch((error) => {
    throw error instanceof Interrupted ? new Interrupted(error.signal, KEPT) : error;
  });
  training?.stop();
  const folder = join(directory, "gan-cifar10");
  await writeCardWithCurve(folder);
  printResult(
    command,
    trained,
    `gan-cifar10: ${trained.steps} steps in ${duration(trained.seconds)}` +
      (trained.file === null ? ", for comparison" : `, sha256 ${trained.file.sha256}`) + `\nfiles: ${folder}\n` +
      "next: deno task polysem validate gan --card",
  );
}

function recordText(
  { step, seconds, distance, advantage, generatorLoss, penalty, frechet, labelShare }: GanRecord,
): string {
  const measured = frechet === null || labelShare === null
    ? ""
    : `, Frechet ${frechet.toFixed(2)}, labels ${(100 * labelShare).toFixed(1)} %`;
  return `step ${step}: Wasserstein ${decimals(distance)}, advantage ${decimals(advantage)}, ` +
    `generator ${decimals(generatorLoss)}, penalty ${decimals(penalty)}${measured}, ${duration(seconds)}`;
}

/** The command that trains the same, for the card. */
function commandLine({ seed, loss, steps, minutes }: TrainGanCliOptions): string {
  return [
    "deno task train gan-cifar10",
    ...(seed === 0 ? [] : [`--seed ${seed}`]),
    ...(loss === undefined ? [] : [`--loss ${loss}`]),
    ...(steps === undefined ? [] : [`--steps ${steps}`]),
    ...(minutes === undefined ? [] : [`--minutes ${minutes}`]),
  ].join(" ");
}
