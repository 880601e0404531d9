/**
 * `polysem merge RUN... --into NAME`: the union of runs that hold shards of one plan.
 *
 * @module
 */
import type { Command } from "commander";
import { type MergeResult, mergeRuns, readRun, runDirectory, writeScores } from "../../store/mod.ts";
import { severalKernelsNote } from "../console/kernels.ts";
import { Interrupted } from "../console/interruption.ts";
import { globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress, type Progress } from "../console/progress.ts";

/** Adds the command to the program. */
export function registerMerge(program: Command): void {
  program.command("merge")
    .description("Merge runs of the same settings, such as the shards 0/2 and 1/2, into one run and its scores.csv.")
    .argument("<run...>", "names under runs/, or paths of runs")
    .requiredOption("--into <run>", "name under runs/, or path, of the merged run; created, or added to")
    .option("--complete", "write nothing unless every job and all of the dataset is there")
    .action((runs: string[], options: { into: string; complete?: boolean }, command: Command) => {
      const directory = runDirectory(options.into);
      const result = mergeWithProgress(runs.map(runDirectory), directory, options, command);
      using merged = readRun(directory);
      const scores = writeScores(merged);
      const { planned, completed, added, missing, kernels } = result;
      if (kernels !== undefined) printNote(command, severalKernelsNote(kernels));
      if (missing.length > 0) {
        printNote(
          command,
          `note: ${missing.length} of ${planned} jobs are in none of the runs (${abridge(missing)}); ` +
            `merge the shards that hold them too, or finish them with score-all --run ${options.into}`,
        );
      }
      printResult(
        command,
        { directory, scores, ...result },
        `${completed} of ${planned} jobs in ${directory} (${added} added); scores in ${scores}`,
      );
    });
}

function mergeWithProgress(
  runs: readonly string[],
  directory: string,
  { complete }: { complete?: boolean },
  command: Command,
): MergeResult {
  const { quiet } = globalOptions(command);
  let progress: Progress | undefined;
  let kept = 0;
  try {
    return mergeRuns(runs, directory, {
      complete,
      onJob: (merged, total) => {
        kept = merged;
        progress ??= createProgress({ title: "merging", total, unit: "jobs", quiet });
        progress.update(merged);
      },
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(
      error.signal,
      kept === 0
        ? "nothing was merged yet; the same command begins anew"
        : `${kept} jobs are merged and kept in ${directory}; the same command goes on with the rest`,
    );
  } finally {
    progress?.stop();
  }
}

function abridge(jobs: readonly number[]): string {
  return jobs.length <= 8 ? jobs.join(" ") : `${jobs.slice(0, 7).join(" ")} ... ${jobs.at(-1)}`;
}
