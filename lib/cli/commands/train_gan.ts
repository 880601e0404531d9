/**
 * `polysem train gan-cifar10`: the generator of images by label and mask.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { cacheDirectory } from "../../cache.ts";
import type { BackendReport } from "../../engine/mod.ts";
import type { Cifar10 } from "../../data/mod.ts";
import { decimals, duration, globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";

/** The options that are its own. */
export interface TrainGanCliOptions {
  readonly seed: number;
  readonly loss?: "penalty" | "clip";
  readonly steps?: number;
  readonly minutes?: number;
}

/** Trains it, writes it and prints what came of it. */
export async function trainGanCommand(
  data: Cifar10,
  engine: BackendReport,
  directory: string,
  options: TrainGanCliOptions,
  command: Command,
): Promise<void> {
  const { CLIP_RECIPE, DEFAULT_STEPS, PENALTY_RECIPE } = await import("../../gan/training/mod.ts");
  const { trainGanModel } = await import("../../gan/training/mod.ts");
  const { writeCardWithCurve } = await import("../../gan/training/mod.ts");
  const recipe = options.loss === "clip" ? CLIP_RECIPE : PENALTY_RECIPE;
  const steps = options.steps ?? DEFAULT_STEPS;
  const { quiet } = globalOptions(command);
  const masks = createProgress({ title: "masks", total: 100, unit: "%", quiet });
  let bar: ReturnType<typeof createProgress> | undefined;
  const training = await trainGanModel(data, {
    seed: options.seed,
    recipe,
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
      bar ??= createProgress({ title: "gan-cifar10", total: steps, already: step - 1, unit: "steps", quiet });
      bar.update(step, `distance ${distance.toFixed(2)}`);
    },
    onRecord: ({ step, seconds, distance, advantage, generatorLoss, penalty, frechet, labelShare }) => {
      const measured = frechet === null || labelShare === null
        ? ""
        : `, Frechet ${frechet.toFixed(2)}, labels ${(100 * labelShare).toFixed(1)} %`;
      printNote(
        command,
        `step ${step}: Wasserstein ${decimals(distance)}, advantage ${decimals(advantage)}, generator ${
          decimals(generatorLoss)
        }, penalty ` +
          `${decimals(penalty)}${measured}, ${duration(seconds)}`,
      );
    },
    onNote: (message) => printNote(command, message),
  });
  bar?.stop();
  const folder = join(directory, "gan-cifar10");
  await writeCardWithCurve(folder);
  printResult(
    command,
    training,
    `gan-cifar10: ${training.steps} steps in ${duration(training.seconds)}` +
      (training.file === null ? ", for comparison" : `, sha256 ${training.file.sha256}`) + `\nfiles: ${folder}\n` +
      "next: deno task polysem validate gan --card",
  );
}

function commandLine({ seed, loss, steps, minutes }: TrainGanCliOptions): string {
  return [
    "deno task train gan-cifar10",
    ...(seed === 0 ? [] : [`--seed ${seed}`]),
    ...(loss === undefined ? [] : [`--loss ${loss}`]),
    ...(steps === undefined ? [] : [`--steps ${steps}`]),
    ...(minutes === undefined ? [] : [`--minutes ${minutes}`]),
  ].join(" ");
}
