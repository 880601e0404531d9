/**
 * What is scored and how: the options that `score-all` and `submit`, which has many machines do it, share.
 *
 * @module
 */
import type { Command } from "commander";
import { type ScoringOptions, withScoringOptions } from "./scoring.ts";
import { integerOption } from "./values.ts";

/** The options. */
export interface ScoredOptions extends ScoringOptions {
  readonly layers?: string;
  readonly units?: string;
  readonly limit?: number;
  readonly sample?: number;
  readonly workers?: number;
  readonly deterministic?: boolean;
  readonly report: boolean;
}

/** Adds the options. */
export function withScoredOptions(command: Command): Command {
  return withScoringOptions(
    command
      .option("--layers <names>", "layers to score, such as conv1,conv2 (default: all)")
      .option("--units <list>", "units to score, such as conv2:0-7,fc1:3 (default: all)")
      .option("--limit <n>", "at most so many units, the first ones", integerOption(1))
      .option("--sample <n>", "so many units of each layer, drawn by the seed", integerOption(1))
      .option(
        "--workers <n>",
        "jobs under way at a time, each on a core of its own; results do not depend on it (default: as many as there are " +
          "cores, with 1 GB of free memory each; on a graphics card 4 that share it, with 2 GB of its memory each)",
        integerOption(1),
      )
      .option(
        "--deterministic",
        "on a graphics card: equal bits in every run and for any number of workers, which takes longer (a processor's are equal " +
          "without it)",
      )
      .option("--no-report", "do without the page for the browser, report.html"),
  );
}
