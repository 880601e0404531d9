/**
 * `polysem validate WHAT`: studies of whether the method's free choices are right.
 *
 * @module
 */
import type { Command } from "commander";
import { integerOption } from "../../options/values.ts";
import { decimals, formatTable, globalOptions, printResult } from "../../console/output.ts";
import { createProgress } from "../../console/progress.ts";
import { loadScoring, type ScoringOptions, withScoringOptions } from "../../options/scoring.ts";
import { describeChosenModel } from "../../options/model.ts";
import { registerValidateCalibrate } from "./calibrate.ts";
import { registerValidateGan } from "./gan.ts";
import { registerValidateImages } from "./images.ts";
import { registerValidateLayers } from "./layers.ts";
import { registerValidateMetrics } from "./metrics.ts";
import { registerValidatePlanted } from "./planted.ts";
import { registerValidateStability } from "./stability.ts";
import { registerValidateTrained } from "./trained.ts";

interface StepsOptions extends ScoringOptions {
  readonly layers?: string;
  readonly units?: string;
  readonly limit?: number;
  readonly images: number;
  readonly most: number;
}

/** Numbers of steps to measure after: closer where the ascent is steep. */
const POINTS = [16, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512];

/** Adds the commands to the program. */
export function registerValidate(program: Command): void {
  const validate = program.command("validate").description("Studies of the method's free choices.");
  registerValidatePlanted(validate);
  registerValidateTrained(validate);
  registerValidateCalibrate(validate);
  registerValidateMetrics(validate);
  registerValidateImages(validate);
  registerValidateStability(validate);
  registerValidateLayers(validate);
  registerValidateGan(validate);
  withScoringOptions(
    validate.command("steps")
      .description("Activations as ascent goes on: how many steps are enough?")
      .option("--layers <names>", "layers, such as conv1,conv2 (default: all)")
      .option("--units <list>", "units, such as conv2:0-7,fc1:3 (default: all)")
      .option("--limit <n>", "at most so many units, the first ones", integerOption(1))
      .option("--images <n>", "images per unit", integerOption(1), 8)
      .option("--most <n>", "steps of the longest ascent", integerOption(16), 256),
  ).action(async (options: StepsOptions, command: Command) => {
    const { selectUnits } = await import("../../../pipeline/mod.ts");
    const { stepsCurve } = await import("../../../validate/mod.ts");
    const { layers, ref } = await describeChosenModel(options, command);
    const units = selectUnits(layers, options); // before anything is loaded
    const loaded = await loadScoring(ref, options, command);
    try {
      const profile = { ...loaded.profile, visualize: { ...loaded.profile.visualize, steps: options.most } };
      const progress = createProgress({ title: "ascent", total: 100, unit: "%", quiet: globalOptions(command).quiet });
      const curve = await stepsCurve({ ...loaded, profile }, units, options.images, POINTS, (share) => {
        progress.update(Math.round(100 * share));
      });
      progress.stop();
      printResult(
        command,
        { units: units.length, images: options.images, seed: options.seed, curve },
        () =>
          formatTable(
            [
              "steps",
              `activation, share of ${options.most} steps`,
              "first quartile",
              "units all above",
              "images above",
            ],
            curve.map(({ steps, medianShare, lowerQuartileShare, exceeding, imageShare }) => [
              steps,
              decimals(medianShare),
              decimals(lowerQuartileShare),
              exceeding,
              decimals(imageShare),
            ]),
          ),
      );
    } finally {
      loaded.dispose();
    }
  });
}
