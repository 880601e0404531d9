/**
 * Slurm's own tools: what is queued, and how to have something done. Nothing else is ever run.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";

/** What Slurm says of a task or job. */
export interface QueuedJob {
  /** Slurm's word, such as `RUNNING`. */
  readonly state: string;
  /** Why it waits or failed, such as `Priority`; empty where it says nothing. */
  readonly reason: string;
}

/** What is known of jobs, by their number; tasks of an array by `JOB_TASK`. */
export type Queue = ReadonlyMap<string, QueuedJob>;

/** The environment of a tool: Deno lets no program be started with variables that change what its loader loads. */
function toolEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !/^(LD|DYLD)_/.test(name)));
}

/** What to do when a tool refuses. */
const MENDING: Readonly<Record<string, string>> = {
  sbatch: "submit again with all that a task needs (--mem, --partition ...), since what was refused is not kept",
};

/**
 * @returns what it printed.
 * @throws {InputError} when it cannot be run, or ends with a failure.
 */
async function runTool(name: string, args: readonly string[]): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(name, { args: [...args], env: toolEnvironment(), clearEnv: true, stdin: "null" })
      .output();
  } catch (error) {
    const why = error instanceof Deno.errors.NotCapable
      ? `this command may not run it; use \`deno task submit\` and \`deno task status\``
      : error instanceof Deno.errors.NotFound
      ? "it is not on this machine; go to one that has Slurm's tools"
      : messageOf(error);
    throw new InputError(`${name} cannot be run: ${why}`);
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!output.success) {
    const said = text(output.stderr).split("\n").map((line) =>
      line.replace(`${name}: `, "").replace(/^error: /, "").trim()
    );
    const why = said.filter((line) => line !== "").join("; ") || `exit code ${output.code}`;
    throw new InputError(`${name} refused: ${why}; ${MENDING[name] ?? "see whether Slurm answers, and try again"}`);
  }
  return text(output.stdout);
}

/**
 * Has Slurm do a script.
 *
 * @returns the number of the job.
 */
export async function sbatch(args: readonly string[]): Promise<string> {
  const [job] = (await runTool("sbatch", ["--parsable", ...args])).split("\n").at(-1)!.split(";");
  if (!/^\d+$/.test(job)) throw new Error(`sbatch answered ${JSON.stringify(job)}, not the number of a job`);
  return job;
}

/** Takes a job from the queue; one that is not there is no matter. */
export async function scancel(job: string): Promise<void> {
  await runTool("scancel", ["--quiet", job]).catch(() => {});
}

/** What `squeue` prints of a job, apart by bars. */
const FORMAT = "%i|%T|%r";

/**
 * What Slurm says of jobs, among them those that ended a few minutes ago.
 *
 * @param jobs numbers of jobs; those that it no longer knows are missing from the answer.
 */
export async function readQueue(jobs: readonly string[]): Promise<Queue> {
  if (jobs.length === 0) return new Map();
  const args = ["--noheader", "--array", "--all", "--states=all", `--jobs=${jobs.join(",")}`, `--format=${FORMAT}`];
  try {
    return parseQueue(await runTool("squeue", args));
  } catch (error) {
    if (/invalid job id/i.test(messageOf(error))) return new Map(); // it knows none of them any more
    throw error;
  }
}

/** What `squeue` printed. */
export function parseQueue(text: string): Queue {
  return new Map(
    text.split("\n").filter((line) => line.includes("|")).map((line) => {
      const [job, state, reason] = line.trim().split("|");
      return [job, { state, reason: reason === "None" ? "" : reason }];
    }),
  );
}

/** Slurm's words for what will yet run. */
const WAITING = ["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"];
/** ... and for what runs or has not quite ended. */
const UNDER_WAY = ["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"];

/** Whether a job waits or runs; null where it has ended, or Slurm does not know it. */
export function queueState(job: QueuedJob | undefined): "pending" | "running" | null {
  if (job === undefined) return null;
  if (WAITING.includes(job.state)) return "pending";
  return UNDER_WAY.includes(job.state) ? "running" : null;
}
