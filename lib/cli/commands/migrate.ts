/**
 * `polysem migrate RUN...`: runs of older versions, converted to the present format.
 *
 * @module
 */
import type { Command } from "commander";
import { migrateRun, readRun, runDirectory, writeScores } from "../../store/mod.ts";
import { globalOptions, printResult } from "../console/output.ts";
import { createProgress, type Progress } from "../console/progress.ts";

/** Adds the command to the program. */
export function registerMigrate(program: Command): void {
  program.command("migrate")
    .description(
      "Convert runs that an older polysem made to the present format, so that they can be gone on with and merged. " +
        "Nothing is computed anew; the old file is kept beside the new one.",
    )
    .argument("<run...>", "names under runs/, or paths of runs")
    .action((names: string[], _options: unknown, command: Command) => {
      const migrated = names.map((name) => {
        const directory = runDirectory(name);
        let progress: Progress | undefined;
        try {
          const { quiet } = globalOptions(command);
          const result = migrateRun(directory, (done, total) => {
            progress ??= createProgress({ title: `converting ${name}`, total, unit: "units", quiet });
            progress.update(done);
          });
          using run = readRun(directory);
          return { run: name, directory, ...result, scores: writeScores(run) };
        } finally {
          progress?.stop();
        }
      });
      printResult(
        command,
        { runs: migrated },
        () =>
          migrated.map(({ directory, from, to, units, kept }) =>
            kept === null
              ? `${directory} has schema ${to} already`
              : `${directory}: ${units} units converted from schema ${from} to ${to}; the file as it was is ${kept}`
          ).join("\n"),
      );
    });
}
