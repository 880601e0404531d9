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
import { inOneLine } from "../../printable.ts";
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
  /** The clock, in milliseconds; one that never jumps unless given. */
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

/** Milliseconds by a clock that nobody sets. */
const steadyTime = () => performance.now();

/** Begins to show a progress. After Ctrl-C, its next update throws `Interrupted`. */
export function createProgress({ title, ...others }: ProgressOptions): Progress {
  const options = { ...others, title: inOneLine(title) };
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
    detail = now === undefined ? detail : inOneLine(now); // it may name a layer of a stranger's
    show(done, detail);
  };
  return { update, increment: (count = 1, now) => update(done + count, now), stop };
}

/** What a progress has come to. */
interface State {
  readonly done: number;
  /** Since it began. */
  readonly seconds: number;
  /** What is left by the pace so far; null where there is no pace yet, or nothing left. */
  readonly secondsLeft: number | null;
  readonly detail: string;
}

/** Keeps the time of what is done. */
function createMeter({ total, already = 0, now = steadyTime }: ProgressOptions) {
  const begun = now();
  let latest = { done: already, detail: "" };
  let movedAt = begun; // when the first was begun: what came before is not what is left
  return {
    set(done: number, detail: string): void {
      latest = { done, detail };
      if (done <= already) movedAt = now();
    },
    state(): State {
      const { done, detail } = latest;
      const at = now();
      const secondsLeft = done > already && done < total
        ? (at - movedAt) / 1000 / (done - already) * (total - done)
        : null;
      return { done, seconds: (at - begun) / 1000, secondsLeft, detail };
    },
  };
}

/** How many are done, in whole units. */
function countText(done: number, { total, unit }: ProgressOptions): string {
  return unit === "%" ? `${Math.floor(done)} %` : `${Math.floor(done)}/${total} ${unit}`;
}

/** The longest bar, and the shortest that still shows something. */
const BAR = { most: 40, least: 10 };

/** A line with a bar, in a terminal of so many columns; what does not fit beside the count and the times is cut. */
export function barText(
  options: ProgressOptions,
  { done, seconds, secondsLeft, detail }: State,
  columns: number,
): string {
  const { title, total } = options;
  const left = secondsLeft === null ? "" : `, ${duration(secondsLeft)} left`;
  const numbers = `${countText(done, options)}, ${duration(seconds)}${left}`;
  const more = detail === "" ? "" : `; ${detail}`;
  const room = columns - 1 - title.length - numbers.length - 2;
  const size = Math.max(0, Math.min(room, BAR.most, Math.max(BAR.least, room - more.length)));
  const full = Math.round(size * (total > 0 ? Math.min(1, done / total) : 1));
  const { barCompleteChar, barIncompleteChar } = Presets.shades_classic;
  const drawn = barCompleteChar!.repeat(full) + barIncompleteChar!.repeat(size - full);
  return `${title} ${drawn} ${numbers}${more}`.slice(0, columns - 1);
}

function bar(options: ProgressOptions): Progress {
  const { total, already = 0 } = options;
  const meter = createMeter(options);
  const single = new SingleBar({
    format: () => barText(options, meter.state(), process.stderr.columns ?? 80),
    stream: process.stderr,
    hideCursor: true,
  }, Presets.shades_classic);
  single.start(total, already);
  const show = (done: number, detail: string) => {
    meter.set(done, detail);
    single.update(done);
  };
  return counting(already, show, () => single.stop());
}

function lines(options: ProgressOptions): Progress {
  const { title, total, already = 0, unit, now = steadyTime } = options;
  const writeLine = options.writeLine ?? ((line) => writeErr(`${line}\n`));
  const meter = createMeter(options);
  let shownAt = now();
  let shownDone = already;
  const show = () => {
    const { done, seconds, secondsLeft, detail } = meter.state();
    shownAt = now();
    shownDone = done;
    const left = secondsLeft === null ? "" : `, about ${duration(secondsLeft)} left`;
    const share = total > 0 && unit !== "%" ? ` (${Math.floor(100 * done / total)} %)` : "";
    writeLine(
      `${title}: ${countText(done, options)}${share}, ${duration(seconds)}${left}${detail ? `; ${detail}` : ""}`,
    );
  };
  return counting(already, (done, detail) => {
    meter.set(done, detail);
    const elapsed = now() - shownAt;
    const finished = done >= total && shownDone < total;
    const much = done - shownDone >= LINE_SHARE * total && elapsed >= CLOSEST_MILLISECONDS;
    if (finished || elapsed >= LINE_MILLISECONDS || much) show();
  }, () => {
    if (meter.state().done !== shownDone) show();
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
