/**
 * The commands, but that `train` learns from a few images and `weights` knows a file that a local server has: for trials in
 * which the real ones would take too long, or reach a foreign host.
 *
 * @module
 */
import { COMMANDS, type ListedCommand } from "../../lib/cli/command_list.ts";
import type { WeightSet } from "../../lib/weights/mod.ts";

/** Names the environment variable that holds what `weights` knows, as JSON. */
const SETS = "POLYSEM_FAULTS_WEIGHTS";

/** Images to learn from: ten steps an epoch. */
const TRAINING_IMAGES = 1280;

/** All commands. */
export const TRIAL_COMMANDS: readonly ListedCommand[] = COMMANDS.map((command) => {
  if (command.name === "train") {
    return {
      ...command,
      load: async () => {
        const { registerTrain } = await import("../../lib/cli/commands/train.ts");
        const { madeUpDataset, randomPixels, sourceOf } = await import("../data/made_up_dataset.ts");
        const images = (count: number) => {
          const pixels = randomPixels(count, { height: 32, width: 32 }, "faults");
          return sourceOf({ ...pixels, labels: pixels.labels.map((_, i) => i % 10) });
        };
        return (program) =>
          registerTrain(program, () => Promise.resolve(madeUpDataset(images(TRAINING_IMAGES), images(100))));
      },
    };
  }
  if (command.name === "weights") {
    return {
      ...command,
      load: async () => {
        const { registerWeights } = await import("../../lib/cli/commands/weights.ts");
        const sets: WeightSet[] = JSON.parse(Deno.env.get(SETS) ?? "[]");
        return (program) => registerWeights(program, () => Promise.resolve(sets));
      },
    };
  }
  return command;
});
