/**
 * `polysem check RUN`: the paper's section 3 on a run.
 *
 * @module
 */
import type { Command } from "commander";
import { decimals, formatTable, printNote, printResult } from "../console/output.ts";

/** Adds the command to the program. */
export function registerCheck(program: Command): void {
  program.command("check")
    .description(
      "Do a run's images excite their units more than any of the dataset's test images? (The paper's section 3.)",
    )
    .argument("<run>", "name under runs/, or path of a run")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { readRun, runDirectory } = await import("../../store/mod.ts");
      const { checkRun } = await import("../../validate/check/mod.ts");
      using run = readRun(runDirectory(name));
      const { dataset, layers, units } = checkRun(run, name);
      const pending = run.pendingJobs().length;
      if (pending > 0) {
        printNote(command, `note: ${pending} jobs of run ${name} are not finished; only finished units are checked`);
      }
      if (run.pendingChunks().length > 0) {
        printNote(
          command,
          `note: run ${name} has not been through its dataset yet, so no unit can be compared; let score-all finish it`,
        );
      }
      printResult(command, { run: name, dataset, layers, units }, () => {
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
