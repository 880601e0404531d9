/**
 * The scripts that Slurm is given: one for all tasks of the array, and one that merges.
 *
 * @module
 */
import { basename } from "node:path";
import { InputError } from "../errors.ts";
import { fileName } from "../file_name.ts";
import { polysemCommand, quoted, ROOT } from "./own_command.ts";
import { type Submission, submissionPaths } from "./submission.ts";

/** Seconds before the end of its time at which a task is told to keep what it has, where its time is not short. */
const GRACE_SECONDS = 120;

/** Seconds of a time as Slurm writes it: `MINUTES`, `M:S`, `H:M:S`, `D-H`, `D-H:M` or `D-H:M:S`; null for anything else. */
export function secondsOf(time: string): number | null {
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(time);
  if (match === null) return null;
  const [days, a, b, c] = match.slice(1).map((part) => part === undefined ? undefined : Number(part));
  if (days !== undefined) return ((days * 24 + a!) * 60 + (b ?? 0)) * 60 + (c ?? 0);
  return c !== undefined ? (a! * 60 + b!) * 60 + c : a! * 60 + (b ?? 0);
}

/** A value in an `#SBATCH` line, where `%` begins a pattern and no quote can be written. */
function sbatchValue(value: string): string {
  if (/["\\\n\r\0]/.test(value)) {
    throw new InputError(
      `${
        JSON.stringify(value)
      } cannot stand in a script for Slurm; give a path or value without quotes and backslashes`,
    );
  }
  return /^[\w@+=:,./%-]+$/.test(value) ? value : `"${value}"`;
}

function path(text: string): string {
  return text.replaceAll("%", "%%");
}

function header(run: string, { resources }: Submission, kind: "shard" | "merge", output: string): string[] {
  const { partition, account, time, cpus, mem, gpus, sbatch = [] } = resources;
  const isShard = kind === "shard";
  const options: [string, string | number | undefined][] = [
    ["job-name", `polysem-${kind}-${fileName(basename(run))}`],
    ["output", output],
    ["partition", partition],
    ["account", account],
    ["time", time],
    ["cpus-per-task", isShard ? cpus : 1],
    ["mem", mem],
    ["gpus", isShard ? gpus : undefined],
    [
      "signal",
      isShard && time !== undefined ? `B:USR1@${Math.min(GRACE_SECONDS, Math.floor(secondsOf(time)! / 4))}` : undefined,
    ],
  ];
  return [
    "#!/bin/bash",
    "# Written by `polysem submit`, which writes it anew.",
    "#SBATCH --requeue",
    "#SBATCH --open-mode=append",
    ...options.filter(([, value]) => value !== undefined)
      .map(([name, value]) => `#SBATCH --${name}=${sbatchValue(String(value))}`),
    ...sbatch.map((option) => `#SBATCH ${sbatchValue(option)}`),
  ];
}

/** What both scripts do first. */
function surroundings({ environment, typedIn }: Submission): string[] {
  return [
    "set -u",
    ...Object.entries({ ...environment, INIT_CWD: typedIn, NO_COLOR: "1" })
      .map(([name, value]) => `export ${name}=${quoted(value)}`),
    `cd ${quoted(ROOT)} || exit 1`,
    `polysem=(${[Deno.execPath(), ...polysemCommand().slice(1)].map(quoted).join(" ")})`,
  ];
}

/**
 * The script of each task of the array: `score-all` of the shard whose number the task has. A request to end (preemption,
 * `scancel`) is passed on. Shortly before its time is over the task keeps what it has and has itself queued again, unless it
 * has finished no job since it began: then more time is needed.
 */
export function shardScript(run: string, submission: Submission): string {
  const { shards, options, resources } = submission;
  const paths = submissionPaths(run);
  const workers = resources.gpus !== undefined || options.includes("--workers")
    ? []
    : ["--workers", String(resources.cpus)];
  const asked = [...options, ...workers].map(quoted).join(" ");
  return [
    ...header(run, submission, "shard", `${path(paths.logs)}/shard-%a.log`),
    ...surroundings(submission),
    "shard=$SLURM_ARRAY_TASK_ID",
    `run=${quoted(paths.shards)}/$shard`,
    'size() { stat -c %s "$run/run.sqlite" 2> /dev/null || echo 0; }',
    "before=$(size)",
    "time_is_over=",
    'echo "task $shard on $(hostname), $(date -Is)"',
    `"\${polysem[@]}" score-all --run "$run" --shard "$shard/${shards}" --divide-dataset ${asked} &`,
    "task=$!",
    "# bash hears a signal while it waits, and not while a program runs in the foreground",
    "trap 'kill -TERM \"$task\"' TERM",
    "trap 'time_is_over=yes; kill -TERM \"$task\"' USR1",
    'wait "$task"',
    "code=$?",
    'while kill -0 "$task" 2> /dev/null; do',
    '  wait "$task"',
    "  code=$?",
    "done",
    'if [ -n "$time_is_over" ] && [ "$code" -ne 0 ]; then',
    '  if [ "$(size)" -le "$before" ]; then',
    '    echo "no job was finished in the time that a task has; submit with more --time" >&2',
    "    exit 1",
    "  fi",
    '  scontrol requeue "${SLURM_ARRAY_JOB_ID}_$shard" && exit 0',
    "fi",
    'exit "$code"',
    "",
  ].join("\n");
}

/** The script of the job that merges: all shards or nothing. */
export function mergeScript(run: string, submission: Submission): string {
  const { shards, report, data } = submission;
  const paths = submissionPaths(run);
  const sources = Array.from({ length: shards }, (_, shard) => `  ${quoted(paths.shard(shard))} \\`);
  const images = data === false ? " --no-data" : data === undefined ? "" : ` --data ${quoted(data)}`;
  return [
    ...header(run, submission, "merge", path(paths.mergeLog)),
    ...surroundings(submission),
    '"${polysem[@]}" merge --complete \\',
    ...sources,
    `  --into ${quoted(run)} || exit`,
    ...(report ? [`"\${polysem[@]}" report ${quoted(run)}${images}`] : []),
    "",
  ].join("\n");
}
