/**
 * `polysem status RUN`: how far a submitted run is.
 *
 * @module
 */
import type { Command } from "commander";
import { resolve } from "node:path";
import { InputError, messageOf } from "../../errors.ts";
import {
  jobsOf,
  type Queue,
  readQueue,
  readSubmission,
  stateText,
  type Submission,
  type SubmissionStatus,
  submissionStatus,
  type TaskState,
  type TaskStatus,
} from "../../machines/mod.ts";
import { runDirectory } from "../../store/mod.ts";
import { formatTable, printNote, printResult } from "../console/output.ts";
import { integerOption } from "../options/values.ts";

/** In the order of a run's life. */
const STATES: readonly TaskState[] = ["done", "running", "pending", "failed", "not_submitted"];

/** Adds the command to the program. */
export function registerStatus(program: Command): void {
  program.command("status")
    .description(
      "How far a submitted run is: shards done, running, pending and failed, and the last lines of their logs.",
    )
    .argument("<run>", "name under runs/, or path of a run")
    .option("--lines <n>", "so many last lines of each log", integerOption(0, 1000), 3)
    .action(async (name: string, { lines }: { lines: number }, command: Command) => {
      const run = resolve(runDirectory(name));
      const submission = readSubmission(run);
      if (submission === null) {
        throw new InputError(`run ${run} was not submitted; submit it with \`deno task submit ${name} --shards N\``);
      }
      const { queue, why } = await askSlurm(submission);
      if (why !== null) printNote(command, `note: by the run's files alone: ${why}`);
      const status = submissionStatus(run, submission, queue, lines);
      printResult(command, document(run, submission, status, queue !== null), () => statusText(name, status));
    });
}

/** What Slurm says, or why it does not. */
async function askSlurm(submission: Submission): Promise<{ queue: Queue | null; why: string | null }> {
  if (submission.engine !== "slurm") return { queue: null, why: null };
  try {
    return { queue: await readQueue(jobsOf(submission)), why: null };
  } catch (error) {
    return { queue: null, why: messageOf(error) };
  }
}

function countsOf(tasks: readonly TaskStatus[]): Record<TaskState, number> {
  const count = (state: TaskState) => tasks.filter((task) => task.state === state).length;
  return {
    done: count("done"),
    running: count("running"),
    pending: count("pending"),
    failed: count("failed"),
    not_submitted: count("not_submitted"),
  };
}

function document(run: string, { engine, shards }: Submission, status: SubmissionStatus, asked: boolean) {
  const { tasks, units, merge } = status;
  return {
    run,
    engine,
    slurm_asked: asked,
    shards: { planned: shards, ...countsOf(tasks) },
    units,
    merge: {
      state: merge.state,
      job: merge.job,
      slurm_state: merge.queued?.state ?? null,
      reason: merge.queued?.reason || null,
      log: merge.log,
      last_lines: merge.lastLines,
    },
    tasks: tasks.map(({ shard, state, units, images, job, queued, writer, problem, log, lastLines }) => ({
      shard,
      state,
      units,
      images,
      job,
      slurm_state: queued?.state ?? null,
      reason: queued?.reason || null,
      writer,
      problem,
      log,
      last_lines: lastLines,
    })),
  };
}

function statusText(name: string, { tasks, units, merge }: SubmissionStatus): string {
  const counts = countsOf(tasks);
  const summary =
    `${STATES.map((state) => `${counts[state]} ${stateText(state)}`).join(", ")}, of ${tasks.length} shards; ` +
    `${units.done} of ${units.planned} units are scored; the merge is ${stateText(merge.state)}.`;
  const left = tasks.filter(({ state }) => state !== "done");
  const rows = left.map(({ shard, state, units, job, queued, writer }) => [
    shard,
    stateText(state),
    `${units.done} of ${units.planned}`,
    job,
    queued === null ? null : [queued.state, queued.reason].filter((word) => word !== "").join(" "),
    state === "running" ? writer?.host ?? null : null,
  ]);
  const isToSubmit = counts.not_submitted > 0 || merge.state === "not_submitted";
  const logs = left.filter(({ state, lastLines }) => state !== "pending" && lastLines.length > 0)
    .map(({ shard, log, lastLines }) => `shard ${shard}, ${log}:\n${indented(lastLines)}`);
  const failedMerge = merge.state === "failed" ? [`merge, ${merge.log}:\n${indented(merge.lastLines)}`] : [];
  return [
    summary,
    ...(rows.length === 0 ? [] : [formatTable(["shard", "state", "units", "job", "Slurm", "on"], rows)]),
    ...logs,
    ...failedMerge,
    ...(counts.failed > 0 || merge.state === "failed"
      ? [`Submit what has failed: deno task submit ${name}`]
      : isToSubmit
      ? [`Submit what is not submitted: deno task submit ${name}`]
      : []),
  ].join("\n");
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}`).join("\n");
}
