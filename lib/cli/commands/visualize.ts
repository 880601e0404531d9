/**
 * `polysem visualize conv2:3`: images of a unit.
 *
 * @module
 */
import { join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../errors.ts";
import { fileName } from "../../file_name.ts";
import { type DataOptions, readData, withDataOptions } from "../options/data.ts";
import { integerOption, seedOption } from "../options/values.ts";
import { activationText, formatTable, globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress } from "../console/progress.ts";
import { startEngine } from "../options/engine.ts";
import { DEFAULT_PROFILE } from "../options/profiles.ts";
import { PROFILE_HELP } from "../options/scoring.ts";
import { describeChosenModel, type ModelOptions, refuseUnscorable, withModelOptions } from "../options/model.ts";
import { createImageFolder, writeImages } from "../console/write_images.ts";

interface VisualizeCommandOptions extends DataOptions, ModelOptions {
  readonly profile: string;
  readonly seed: number;
  readonly count: number;
  readonly out: string;
}

/** Adds the command to the program. */
export function registerVisualize(program: Command): void {
  withDataOptions(
    withModelOptions(program.command("visualize"))
      .description("Make the first images of a unit's sequence as PNG files, with their activations.")
      .argument("<unit>", "the unit, such as conv2:3")
      .requiredOption("--out <dir>", "folder to write the images into, and a sheet of them")
      .option("--count <n>", "how many images", integerOption(1, 10_000), 8)
      .option("--profile <name>", PROFILE_HELP, DEFAULT_PROFILE)
      .option("--seed <n>", "seed of everything random", seedOption, 0),
    "ascent starts from noise",
  ).action(async (text: string, options: VisualizeCommandOptions, command: Command) => {
    const { makeFirstImages, loadProfile, parseUnit, refuseUnfollowable } = await import("../../pipeline/mod.ts");
    const { loadNetwork } = await import("../../networks/mod.ts");
    const described = await describeChosenModel(options, command);
    refuseUnscorable(described, text);
    const { layers, ref } = described;
    const { layer, unit } = parseUnit(text, layers); // before anything is loaded
    const { profile } = await loadProfile(options.profile);
    await startEngine(command);
    const { network } = await loadNetwork(ref);
    try {
      await refuseUnfollowable(network, profile, [layer]);
      await createImageFolder(options.out); // before the work
      // noise needs no dataset, and nothing else is done with one here
      const data = profile.visualize.start === "dataset"
        ? await readData(options, command, "ascent starts from noise")
        : null;
      const progress = createProgress({
        title: text,
        total: options.count,
        unit: "images",
        quiet: globalOptions(command).quiet,
      });
      const { images, activations, gradientless, exploded } = await makeFirstImages(
        network,
        layer,
        unit,
        options.count,
        profile,
        {
          seed: options.seed,
          dataset: data?.train ?? null,
          onProgress: (share) => progress.update(Math.round(options.count * share)),
        },
      );
      progress.stop();
      const made = exploded.flatMap((isExploded, i) => isExploded ? [] : [i]);
      if (made.length === 0) {
        throw new InputError(
          `${text} explodes: its activation or gradient is too large for a float32 number, or is none, so there is nothing to show; ` +
            "choose another unit, or weights that are not too large",
        );
      }
      const stuck = gradientless.filter(Boolean).length;
      if (stuck > 0) {
        printNote(
          command,
          `note: ${stuck} of ${options.count} starts have no gradient to follow; those images are the starts themselves`,
        );
      }
      if (made.length < options.count) {
        printNote(
          command,
          `note: ${
            options.count - made.length
          } of ${options.count} images of ${layer}:${unit} exploded: its activation or ` +
            "gradient is too large for a float32 number, or is none; they are not written",
        );
      }
      const files = await writeImages(
        options.out,
        images,
        [made],
        (i) => `${fileName(layer)}_${unit}_${String(i).padStart(2, "0")}.png`,
        join(options.out, `${fileName(layer)}_${unit}_sheet.png`),
      );
      const rows = made.map((i, at) => ({ file: files[at], activation: activations[i] }));
      const sheet = files.at(-1);
      printResult(
        command,
        { layer, unit, seed: options.seed, images: rows, sheet, exploded: options.count - made.length },
        () =>
          formatTable(["image", "activation"], rows.map(({ file, activation }) => [file, activationText(activation)])) +
          `\nsheet: ${sheet}`,
      );
    } finally {
      network.dispose();
    }
  });
}
