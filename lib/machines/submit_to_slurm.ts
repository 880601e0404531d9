/**
 * Has Slurm do what is left of a run: an array of the shards that are neither done nor queued, and a job that merges when they
 * have succeeded. So the first call submits all shards, and a later one those that failed.
 *
 * @module
 */
import { writeWhole } from "../whole_file.ts";
import { quoted } from "./own_command.ts";
import { queueState, readQueue, sbatch, scancel } from "./slurm.ts";
import { mergeScript, shardScript } from "./slurm_scripts.ts";
import { jobsOf, type SubmissionStatus, submissionStatus, type TaskStatus } from "./status.ts";
import { type Submission, submissionPaths, writeSubmission } from "./submission.ts";

/** What was submitted. */
export interface Submitted {
  /** The array job and its shards; null where none was left to submit. */
  readonly array: { readonly job: string; readonly shards: readonly number[] } | null;
  /** The job that merges; null where there is one already, or all is merged. */
  readonly merge: string | null;
  /** How far it was before. */
  readonly tasks: readonly TaskStatus[];
  readonly formerMerge: SubmissionStatus["merge"]["state"];
}

/** Numbers as Slurm writes them: `0-3,7`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => from === to ? String(from) : `${from}-${to}`).join(",");
}

function arrayArguments(run: string, { resources }: Submission, shards: readonly number[]): string[] {
  const limit = resources.arrayLimit === undefined ? "" : `%${resources.arrayLimit}`;
  return [`--array=${ranges(shards)}${limit}`, submissionPaths(run).shardScript];
}

/** A merge that can no longer succeed leaves the queue. */
function mergeArguments(run: string, after: readonly string[]): string[] {
  const dependency = after.length === 0 ? [] : [`--dependency=afterok:${after.join(":")}`, "--kill-on-invalid-dep=yes"];
  return [...dependency, submissionPaths(run).mergeScript];
}

/** Whether Slurm will do a task, or somebody does it without Slurm. */
function isInQueue({ state, queued }: Pick<TaskStatus, "state" | "queued">): boolean {
  return state === "running" || queued !== null && queueState(queued) !== null;
}

/**
 * Writes the scripts of a submission, and the submission itself.
 *
 * @param kept the submission as it is kept until Slurm has taken a script.
 */
export function writeSlurmScripts(run: string, submission: Submission, kept: Submission = submission): string[] {
  const { shardScript: shard, mergeScript: merge } = submissionPaths(run);
  const texts = [[shard, shardScript(run, submission)], [merge, mergeScript(run, submission)]] as const;
  writeSubmission(run, kept);
  for (const [path, text] of texts) writeWhole(path, text);
  return [shard, merge];
}

/** The commands that submit all of a run, for a shell. */
export function slurmCommands(run: string, submission: Submission): string[] {
  const all = submission.units.map((_, shard) => shard);
  const words = (args: readonly string[]) => args.map(quoted).join(" ");
  return [
    `array=$(sbatch --parsable ${words(arrayArguments(run, submission, all))})`,
    `sbatch --dependency=afterok:$array ${words(mergeArguments(run, ["0"]).slice(1))}`,
  ];
}

/**
 * Submits what is left.
 *
 * @throws {InputError} when Slurm cannot be asked or refuses; what it was given before is noted in the submission's file, and
 *   what was asked of the machines only with that.
 */
export async function submitToSlurm(run: string, submission: Submission): Promise<Submitted> {
  const { tasks, merge } = submissionStatus(run, submission, await readQueue(jobsOf(submission)), 0);
  const left = tasks.filter((task) => task.state !== "done" && !isInQueue(task)).map(({ shard }) => shard);
  const queued = tasks.filter((task) => isInQueue(task) && task.queued !== null).map(({ job }) => job!);
  let written = submission;
  let array: Submitted["array"] = null;
  if (left.length > 0) {
    array = { job: await sbatch(arrayArguments(run, submission, left)), shards: left };
    written = { ...written, arrays: [...written.arrays, { job: array.job, shards: left }] };
    writeSubmission(run, written);
  }
  const mergeIsQueued = isInQueue(merge);
  if (array === null && (merge.state === "done" || mergeIsQueued)) {
    return { array, merge: null, tasks, formerMerge: merge.state };
  }
  if (written.merge !== null && mergeIsQueued) await scancel(written.merge); // it waits for what has failed
  const job = await sbatch(mergeArguments(run, [...queued, ...(array === null ? [] : [array.job])]));
  writeSubmission(run, { ...written, merge: job });
  return { array, merge: job, tasks, formerMerge: merge.state };
}
