/**
 * `polysem train MODEL`: trains one of the committed models anew.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { cacheDirectory } from "../../cache.ts";
import { InputError, writeError } from "../../errors.ts";
import { type Dataset, type DatasetRef, openDataset } from "../../data/mod.ts";
import { cifar10Ref, withCifar10Option } from "../options/data.ts";
import { integerOption, seedOption } from "../options/values.ts";
import { Interrupted, signalThatCame } from "../console/interruption.ts";
import { duration, globalOptions, printNote, printResult } from "../console/output.ts";
import { makeFolder } from "../console/study_files.ts";
import { createProgress } from "../console/progress.ts";
import type { TrainGanCliOptions } from "./train_gan.ts";

const GAN = "gan-cifar10";
/** Options of one kind of model that the other does not know, by the name the parser gives them. */
const OF_CLASSIFIERS = { epochs: "--epochs", shuffleLabels: "--shuffle-labels" } as const;
const OF_GAN = { loss: "--loss", steps: "--steps", minutes: "--minutes" } as const;

/** What is said of an interrupted training. */
const KEPT = "what was learned is kept; the same command goes on from there";

interface TrainOptions extends TrainGanCliOptions {
  readonly out?: string;
  readonly epochs?: number;
  readonly data?: string;
  readonly shuffleLabels?: boolean;
}

/**
 * Adds the command to the program.
 *
 * @param open opens the dataset to learn from.
 */
export function registerTrain(program: Command, open: (ref: DatasetRef) => Promise<Dataset> = openDataset): void {
  withCifar10Option(
    program.command("train")
      .description(
        "Train a model on CIFAR-10 and write its weights and card; goes on from its checkpoint if it was cut.",
      )
      .argument("<model>", "lenet5-cifar10, resnet18-cifar10, vit-cifar10 or gan-cifar10")
      .option("--seed <n>", "seed of the weights, the order and the augmentation", seedOption, 0)
      .option("--epochs <n>", "passes over the training images (default: the recipe's)", integerOption(1))
      .addOption(
        new Option("--loss <name>", "gan-cifar10: gradient penalty or clipped weights; clip is trained for comparison")
          .choices(["penalty", "clip"]),
      )
      .option("--steps <n>", "gan-cifar10: steps of the generator (default: the recipe's)", integerOption(1))
      .option("--minutes <n>", "gan-cifar10: end after so many minutes of steps, if sooner", integerOption(1))
      .option("--out <dir>", "folder of models to write into (default: the repository's models/)")
      .option(
        "--shuffle-labels",
        "permute the labels by the seed first: a network that knows nothing, to set scores against; needs --out",
      ),
  ).action(async (name: string, options: TrainOptions, command: Command) => {
    const { TRAINABLE_MODELS, trainModel } = await import("../../training/mod.ts");
    if (![...TRAINABLE_MODELS, GAN].includes(name)) {
      throw new InputError(`there is no model "${name}" to train; choose ${[...TRAINABLE_MODELS, GAN].join(" or ")}`);
    }
    for (const [option, flag] of Object.entries(name === GAN ? OF_CLASSIFIERS : OF_GAN)) {
      if (options[option as keyof TrainOptions] !== undefined) {
        throw new InputError(`${flag} is not for ${name}; leave it out, see \`deno task polysem train --help\``);
      }
    }
    const { MODELS_DIRECTORY } = await import("../../weights/mod.ts");
    if (options.shuffleLabels && (options.out === undefined || resolve(options.out) === resolve(MODELS_DIRECTORY))) {
      throw new InputError(
        "a network of shuffled labels must not take the place of a trained one in models/; give another folder with --out",
      );
    }
    if (options.out !== undefined) makeFolder(options.out); // before hours of work
    const { useBackend } = await import("../../engine/mod.ts");
    const engine = await useBackend(undefined, { readsAtOnce: true });
    const { backend } = engine;
    if (backend !== "native") {
      throw new InputError(
        `training needs the native engine, and this is ${backend}; see \`deno task polysem doctor\``,
      );
    }
    const checkpoints = join(cacheDirectory(), "checkpoints");
    using _held = await holdTraining(name, checkpoints, options);
    const data = await open(cifar10Ref(options));
    const directory = options.out ?? MODELS_DIRECTORY;
    makeFolder(directory);
    if (name === GAN) {
      const { trainGanCommand } = await import("./train_gan.ts");
      return await trainGanCommand(data, engine, directory, options, command);
    }
    let progress: ReturnType<typeof createProgress> | undefined;
    const report = await trainModel(name, data, {
      seed: options.seed,
      directory,
      checkpoints,
      recipe: options.epochs === undefined ? {} : { epochs: options.epochs },
      shuffleLabels: options.shuffleLabels,
      command: commandLine(name, options),
      stopWhen: () => signalThatCame() !== null,
      onStep: (step, total, loss) => {
        progress ??= createProgress({
          title: name,
          total,
          already: step - 1,
          unit: "steps",
          quiet: globalOptions(command).quiet,
        });
        progress.update(step, `loss ${loss.toFixed(3)}`);
      },
      onEpoch: ({ epoch, loss, trainAccuracy, testAccuracy, seconds }) => {
        const test = testAccuracy === null ? "" : `, test ${(100 * testAccuracy).toFixed(2)} %`;
        printNote(
          command,
          `epoch ${epoch}: loss ${loss.toFixed(4)}, train ${(100 * trainAccuracy).toFixed(2)} %${test}, ${
            duration(seconds)
          }`,
        );
      },
    });
    progress?.stop();
    if (report === null) throw new Interrupted(signalThatCame()!, KEPT);
    printResult(
      command,
      report,
      `${name}: ${(100 * report.testAccuracy).toFixed(2)} % of the test images, sha256 ${report.sha256}\n` +
        `files: ${join(directory, name)}`,
    );
  });
}

/**
 * Holds a checkpoint for this process, of whatever seed or settings: there is one for each kind of training.
 *
 * @throws {InputError} when another process trains it, or the folder of checkpoints cannot be written.
 */
async function holdTraining(
  name: string,
  checkpoints: string,
  { shuffleLabels, loss }: TrainOptions,
): Promise<Disposable> {
  const { lockRun } = await import("../../store/mod.ts");
  const folder = join(
    checkpoints,
    `${name}${shuffleLabels ? "-shuffled-labels" : ""}${loss === "clip" ? "-clip" : ""}`,
  );
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error, "give another cache with POLYSEM_CACHE");
  }
  const lock = lockRun(folder, {}, {
    what: `${name} is being trained`,
    instead: "give another cache with POLYSEM_CACHE",
  });
  return { [Symbol.dispose]: () => lock.release() };
}

function commandLine(name: string, { seed, epochs, shuffleLabels }: TrainOptions): string {
  return [
    `deno task train ${name}`,
    ...(seed === 0 ? [] : [`--seed ${seed}`]),
    ...(epochs === undefined ? [] : [`--epochs ${epochs}`]),
    ...(shuffleLabels ? ["--shuffle-labels"] : []),
  ].join(" ");
}
