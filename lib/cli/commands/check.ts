/**
 * `polysem check RUN`: the paper's section 3 on a run.
 *
 * @module
 */
import type { Command } from "commander";
import { mean } from "simple-statistics";
import { InputError } from "../../errors.ts";
import { readRun, runDirectory } from "../../store/mod.ts";
import { activationCheck } from "../../validate/mod.ts";
import { decimals, formatTable, printNote, printResult } from "../console/output.ts";

/** Adds the command to the program. */
export function registerCheck(program: Command): void {
  program.command("check")
    .description(
      "Do a run's images excite their units more than any of the dataset's test images? (The paper's section 3.)",
    )
    .argument("<run>", "name under runs/, or path of a run")
    .action((name: string, _options: unknown, command: Command) => {
      using run = readRun(runDirectory(name));
      if (run.manifest.dataset === null) {
        throw new InputError(
          `run ${name} was made without a dataset, so there is nothing to compare with; ` +
            "score again with one, into another run (`deno task setup` fetches it)",
        );
      }
      const pending = run.pendingJobs().length;
      if (pending > 0) {
        printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units are checked`);
      }
      const units = run.units().flatMap(({ layer, unit, score, activations, datasetMax }) =>
        score === null || datasetMax === null
          ? []
          : [{ layer, unit, ...activationCheck(activations.slice(0, score.I), datasetMax) }]
      );
      const layers = run.summary().layers.map(({ layer }) => {
        const here = units.filter((each) => each.layer === layer);
        return {
          layer,
          units: here.length,
          exceeding: here.filter(({ exceeds }) => exceeds).length,
          best_exceeding: here.filter(({ max, datasetMax }) => max > datasetMax).length,
          mean_share: here.length === 0 ? null : mean(here.map(({ share }) => share)),
        };
      });
      printResult(command, { run: name, dataset: run.manifest.dataset, layers, units }, () => {
        const rows = layers.map((each) => [
          each.layer,
          each.units,
          each.exceeding,
          each.best_exceeding,
          decimals(each.mean_share),
        ]);
        const failing = units.filter(({ exceeds }) => !exceeds).map(({ layer, unit, min, datasetMax, share }) => [
          `${layer}:${unit}`,
          decimals(min),
          decimals(datasetMax),
          decimals(share),
        ]);
        return formatTable(
          ["layer", "units", "every image exceeds", "best image exceeds", "mean share exceeding"],
          rows,
        ) + (failing.length === 0 ? "" : "\nUnits of which some image falls short of the dataset's best:\n" +
          formatTable(["unit", "lowest activation", "dataset's highest", "share exceeding"], failing));
      });
    });
}
