/**
 * What a run costs, by part: seconds of the threads that do the work, as plain data.
 *
 * @module
 */

/** The parts of a job, in the order of the work. */
export const JOB_PARTS = ["ascent", "lpips", "attributions", "embedding", "clustering", "interval"] as const;

/** A part of a job. */
export type JobPart = typeof JOB_PARTS[number];

/** Seconds of the parts of one job; a part that is not there took none. */
export type JobSeconds = Readonly<Partial<Record<JobPart, number>>>;

/** Seconds of the parts of a job that was done in several pieces. */
export function sumOfParts(pieces: readonly JobSeconds[]): JobSeconds {
  const sums: Partial<Record<JobPart, number>> = {};
  for (const piece of pieces) {
    for (const part of JOB_PARTS) {
      if (piece[part] !== undefined) sums[part] = (sums[part] ?? 0) + piece[part];
    }
  }
  return sums;
}

/** What belongs to no job: getting ready, of the process and of each worker, and the page for the browser. */
export const RUN_PARTS = ["start", "report"] as const;

/** A part of a run that belongs to no job. */
export type RunPart = typeof RUN_PARTS[number];

/**
 * All parts of a run, in the order of the work. `dataset` is the pass of the dataset's test images; `other` is what jobs took
 * beside their parts, and the whole of those whose parts were not measured.
 */
export const PARTS = ["start", "dataset", ...JOB_PARTS, "other", "report"] as const;

/** Seconds of each part of a run, summed over threads. */
export type PartSeconds = Readonly<Record<typeof PARTS[number], number>>;

/** Adds up what the parts of one job take. */
export interface Stopwatch {
  /** Seconds of each part so far. */
  readonly seconds: JobSeconds;
  /**
   * Does something, and counts the time until it is done, or its promise is settled, to a part. Not to be nested: the inner
   * time would count twice.
   *
   * @returns what the action returns; what it throws is thrown.
   */
  time<T>(part: JobPart, action: () => T): T;
}

/**
 * A stopwatch at zero.
 *
 * @param now the time in milliseconds; another clock in tests.
 */
export function createStopwatch(now: () => number = () => performance.now()): Stopwatch {
  const seconds: Partial<Record<JobPart, number>> = {};
  return {
    seconds,
    time(part, action) {
      const began = now();
      const stop = () => void (seconds[part] = (seconds[part] ?? 0) + (now() - began) / 1000);
      let result;
      try {
        result = action();
      } catch (error) {
        stop();
        throw error;
      }
      if (!(result instanceof Promise)) {
        stop();
        return result;
      }
      return result.finally(stop) as typeof result;
    },
  };
}
