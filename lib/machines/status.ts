/**
 * How far a run on many machines is: by its files, which every machine sees, and by what Slurm says, where it can be asked.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LEASE_MILLISECONDS, lockHolder, type RunProgress, runProgress, type Share } from "../store/mod.ts";
import { type Queue, type QueuedJob, queueState } from "./slurm.ts";
import { type Submission, submissionPaths } from "./submission.ts";

/**
 * What becomes of a shard: `done`: all of it is in its file; `running`; `pending`: it has not begun, or waits to begin again;
 * `failed`: it began, is not done, and nothing does it; `not_submitted`: it has not begun, and `submit` did not
 * give it to Slurm, or, of a merge, it was taken from the queue.
 */
export type TaskState = "done" | "running" | "pending" | "failed" | "not_submitted";

/** A state in words. */
export function stateText(state: TaskState): string {
  return state.replace("_", " ");
}

/** A shard and its task. */
export interface TaskStatus {
  readonly shard: number;
  readonly state: TaskState;
  readonly units: Share;
  /** Images of the dataset that are the shard's; null before it has begun. */
  readonly images: Share | null;
  /** Its job in Slurm, such as `12_3`; null where it has none. */
  readonly job: string | null;
  /** What Slurm says of it; null where Slurm does not know it or was not asked. */
  readonly queued: QueuedJob | null;
  /** Who writes its file, and how many seconds ago they last said so; null where nobody does. */
  readonly writer: { readonly host: string; readonly pid: number; readonly seconds: number } | null;
  /** Why its file cannot be read; null where it can, or is not there. */
  readonly problem: string | null;
  readonly log: string;
  /** Last lines of its log; none where there is no log. */
  readonly lastLines: readonly string[];
}

/** A run on many machines. */
export interface SubmissionStatus {
  readonly tasks: readonly TaskStatus[];
  readonly units: Share;
  readonly merge: {
    readonly state: TaskState;
    readonly job: string | null;
    readonly queued: QueuedJob | null;
    readonly log: string;
    readonly lastLines: readonly string[];
  };
}

/** Most bytes of a log that are looked at for its last lines. */
const TAIL_BYTES = 16_384;

/** The last lines of a text file that are not empty; none where it cannot be read. */
function tail(file: string, lines: number): string[] {
  try {
    using open = Deno.openSync(file);
    const { size } = open.statSync();
    open.seekSync(Math.max(0, size - TAIL_BYTES), Deno.SeekMode.Start);
    const bytes = new Uint8Array(TAIL_BYTES);
    const text = new TextDecoder().decode(bytes.subarray(0, open.readSync(bytes) ?? 0));
    const all = text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
    return lines === 0 ? [] : all.slice(-lines);
  } catch {
    return [];
  }
}

function isWhole({ units, images }: RunProgress): boolean {
  return units.done === units.planned && images.done === images.planned;
}

/** The job that was last given a shard, such as `12_3`. */
function jobOfShard({ arrays }: Submission, shard: number): string | null {
  const last = arrays.findLast(({ shards }) => shards.includes(shard));
  return last === undefined ? null : `${last.job}_${shard}`;
}

/** Whether Slurm was asked for a job and no longer knows it. */
function isForgotten(job: string | null, queue: Queue | null): boolean {
  return job !== null && queue !== null && !queue.has(job);
}

/** The state of what has not begun, as far as is known. What Kubernetes is given, it is given by hand. */
function stateBefore({ engine }: Submission, job: string | null): "pending" | "not_submitted" {
  return engine === "slurm" && job === null ? "not_submitted" : "pending";
}

/**
 * The state of a merge that neither is done nor waits or runs. One that was cancelled before it began, by somebody or since a
 * shard had failed, has no log, and is yet to be submitted.
 */
function stateOfIdleMerge(submission: Submission, hasLog: boolean, queue: Queue | null): TaskState {
  const { merge } = submission;
  if (hasLog) return "failed";
  if (isForgotten(merge, queue)) return "not_submitted";
  const queued = merge === null ? undefined : queue?.get(merge);
  if (queued === undefined) return stateBefore(submission, merge);
  return queued.state === "CANCELLED" ? "not_submitted" : "failed";
}

/** All jobs of a submission that Slurm may know. */
export function jobsOf({ arrays, merge }: Submission): string[] {
  return [...arrays.map(({ job }) => job), ...(merge === null ? [] : [merge])];
}

/** Whether somebody said within the lease that they write a run. */
function isHeard(writer: { readonly seconds: number } | null): boolean {
  return writer !== null && writer.seconds * 1000 < LEASE_MILLISECONDS;
}

/**
 * @param run the run's folder.
 * @param queue what Slurm says; null where it was not asked. Then a task that waits to begin again looks failed.
 * @param lines how many last lines of each log.
 */
export function submissionStatus(
  run: string,
  submission: Submission,
  queue: Queue | null,
  lines = 3,
): SubmissionStatus {
  const paths = submissionPaths(run);
  const tasks = submission.units.map((planned, shard): TaskStatus => {
    const directory = paths.shard(shard);
    const progress = runProgress(directory);
    const writer = lockHolder(directory);
    const job = jobOfShard(submission, shard);
    const queued = job === null ? undefined : queue?.get(job);
    const known = progress !== null && typeof progress !== "string" ? progress : null;
    const begun = progress !== null || existsSync(paths.log(shard));
    const hasEnded = queued !== undefined && queueState(queued) === null; // whatever a file says of who writes it
    const unseen = hasEnded
      ? "failed"
      : isHeard(writer)
      ? "running"
      : begun || isForgotten(job, queue)
      ? "failed"
      : stateBefore(submission, job);
    return {
      shard,
      state: known !== null && isWhole(known) ? "done" : queueState(queued) ?? unseen,
      units: known?.units ?? { done: 0, planned },
      images: known?.images ?? null,
      job,
      queued: queued ?? null,
      writer: writer === null ? null : { host: writer.host, pid: writer.pid, seconds: writer.seconds },
      problem: typeof progress === "string" ? progress : null,
      log: paths.log(shard),
      lastLines: tail(paths.log(shard), lines),
    };
  });
  const merged = runProgress(run);
  const queued = submission.merge === null ? undefined : queue?.get(submission.merge);
  const isMerged = merged !== null && typeof merged !== "string" && isWhole(merged) &&
    existsSync(join(run, "scores.csv"));
  const hasEnded = queued !== undefined && queueState(queued) === null;
  const isHeardOf = !hasEnded && isHeard(lockHolder(run));
  const unseen = isHeardOf ? "running" : stateOfIdleMerge(submission, existsSync(paths.mergeLog), queue);
  const sum = (part: keyof Share) => tasks.reduce((all, { units }) => all + units[part], 0);
  return {
    tasks,
    units: { done: sum("done"), planned: sum("planned") },
    merge: {
      state: isMerged ? "done" : queueState(queued) ?? unseen,
      job: submission.merge,
      queued: queued ?? null,
      log: paths.mergeLog,
      lastLines: tail(paths.mergeLog, lines),
    },
  };
}
