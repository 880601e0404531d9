/**
 * Progress on standard error: a bar on a terminal, a plain line now and then elsewhere.
 *
 * @module
 */
// @ts-types="@types/cli-progress"
import { Presets, SingleBar } from "cli-progress";
import process from "node:process";
import type { Command } from "commander";
import type { OnMean } from "../../pipeline/mod.ts";
import { beginWork, throwIfInterrupted } from "./interruption.ts";
import { duration, globalOptions } from "./output.ts";
import { writeErr } from "../../streams.ts";

/** What a progress counts, and where it shows. */
export interface ProgressOptions {
  /** What is going on, such as `scoring`. */
  readonly title: string;
  /** How many there are in all. */
  readonly total: number;
  /** How many were done before it began, by an earlier run; 0 unless given. */
  readonly already?: number;
  /** What is counted, in the plural, such as `units`. */
  readonly unit: string;
  /** Shows nothing. */
  readonly quiet?: boolean;
  /** Whether to draw a bar; by default, where standard error is a terminal. */
  readonly terminal?: boolean;
  /** Takes the plain lines; by default they go to standard error. */
  readonly writeLine?: (line: string) => void;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** A progress that is being shown. */
export interface Progress {
  /**
   * Sets how many are done.
   *
   * @param detail what to show beside the count, such as `conv2, 37 images`.
   */
  update(done: number, detail?: string): void;
  /** Adds to how many are done. */
  increment(count?: number, detail?: string): void;
  /** Ends it, leaving its last state on the screen. */
  stop(): void;
}

/** Plain lines come when this much time has passed, or this share was done, since the last. */
const LINE_MILLISECONDS = 10_000;
const LINE_SHARE = 0.05;
/** ... but no closer than this, so that quick work is not a flood of lines. */
const CLOSEST_MILLISECONDS = 1_000;

/** Begins to show a progress. After Ctrl-C, its next update throws `Interrupted`. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.quiet) return counting(options.already ?? 0, () => {}, () => {});
  return options.terminal ?? process.stderr.isTTY ? bar(options) : lines(options);
}

function counting(already: number, show: (done: number, detail: string) => void, end: () => void): Progress {
  let done = already;
  let detail = "";
  const over = beginWork(end);
  const stop = () => {
    over();
    end();
  };
  const update = (count: number, now?: string) => {
    throwIfInterrupted();
    done = count;
    detail = now ?? detail;
    show(done, detail);
  };
  return { update, increment: (count = 1, now) => update(done + count, now), stop };
}

function bar({ title, total, already = 0, unit }: ProgressOptions): Progress {
  const single = new SingleBar({
    format: `${title} {bar} {value}/{total} ${unit}, {duration_formatted}, {eta_formatted} left {detail}`,
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: 20,
  }, Presets.shades_classic);
  single.start(total, already, { detail: "" });
  return counting(already, (done, detail) => single.update(done, { detail }), () => single.stop());
}

function lines(
  { title, total, already = 0, unit, writeLine = (line) => writeErr(`${line}\n`), now = Date.now }: ProgressOptions,
): Progress {
  const begun = now();
  let shownAt = begun;
  let shownDone = already;
  let latest = { done: already, detail: "" };
  let movedAt = begun; // when the first was begun: what came before is not what is left
  const show = () => {
    const { done, detail } = latest;
    shownAt = now();
    shownDone = done;
    const seconds = (shownAt - begun) / 1000;
    const left = done > already && done < total
      ? `, about ${duration((shownAt - movedAt) / 1000 / (done - already) * (total - done))} left`
      : "";
    const share = total > 0 && unit !== "%" ? ` (${Math.floor(100 * done / total)} %)` : "";
    const count = unit === "%" ? `${done} %` : `${done}/${total} ${unit}`;
    writeLine(`${title}: ${count}${share}, ${duration(seconds)}${left}${detail ? `; ${detail}` : ""}`);
  };
  return counting(already, (done, detail) => {
    latest = { done, detail };
    if (done <= already) movedAt = now();
    const elapsed = now() - shownAt;
    const finished = done >= total && shownDone < total;
    const much = done - shownDone >= LINE_SHARE * total && elapsed >= CLOSEST_MILLISECONDS;
    if (finished || elapsed >= LINE_MILLISECONDS || much) show();
  }, () => {
    if (latest.done !== shownDone) show();
  });
}

/** Progress of a mean embedding, which shows as soon as one is computed. */
export function createMeanProgress(command: Command): { update: OnMean; stop(): void } {
  let progress: ReturnType<typeof createProgress> | undefined;
  return {
    update: (done, total) => {
      progress ??= createProgress({
        title: "mean embedding of the dataset",
        total,
        unit: "images",
        quiet: globalOptions(command).quiet,
      });
      progress.update(done);
    },
    stop: () => progress?.stop(),
  };
}
