/**
 * `polysem submit RUN`: has a cluster score a run, a shard in each task, and merge the shards.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../../errors.ts";
import {
  ENGINES,
  kubernetesCommands,
  kubernetesManifest,
  LEAST_RESOURCES,
  readSubmission,
  refuseMemory,
  type Resources,
  secondsOf,
  slurmCommands,
  stateText,
  type Submission,
  submissionPaths,
  type Submitted,
  submitToSlurm,
  taskEnvironment,
  writeSlurmScripts,
  writeSubmission,
} from "../../machines/mod.ts";
import { jobsOfShard } from "../../shards.ts";
import { RUN_FILE, runDirectory } from "../../store/mod.ts";
import { writeWhole } from "../../whole_file.ts";
import { printResult } from "../console/output.ts";
import { describeChosenModel, refuseUnscorable } from "../options/model.ts";
import { type ScoredOptions, withScoredOptions } from "../options/scored.ts";
import { integerOption } from "../options/values.ts";

interface SubmitOptions extends ScoredOptions, Partial<Resources> {
  readonly engine?: Submission["engine"];
  readonly shards?: number;
  readonly dryRun?: boolean;
}

/** Options that say what a task asks of its machine. */
const RESOURCES: readonly (keyof Resources)[] = [
  "cpus",
  "mem",
  "gpus",
  "arrayLimit",
  "partition",
  "account",
  "time",
  "sbatch",
  "image",
  "claim",
  "storage",
  "namespace",
];

/** Adds the command to the program. */
export function registerSubmit(program: Command): void {
  const typed: string[] = [];
  const command = withScoredOptions(
    program.command("submit")
      .description(
        "Have many machines score a run, a shard each: a Slurm job array, or a manifest for Kubernetes. Called again, it " +
          "submits what has failed.",
      )
      .argument("<run>", "name under runs/, or path of a folder, that all machines see"),
  );
  for (const option of command.options) { // as they were typed: the tasks read them once more
    command.on(
      `option:${option.name()}`,
      (value?: string | null) => typed.push(option.long!, ...(value ? [value] : [])),
    );
  }
  withClusterOptions(command).action(async (name: string, options: SubmitOptions, command: Command) => {
    const run = resolve(runDirectory(name));
    const there = readSubmission(run);
    const submission = there === null
      ? await newSubmission(run, typed, options, command)
      : resubmission(run, there, typed, options);
    refuseMemory(submission);
    const { engine, units } = submission;
    const paths = submissionPaths(run);
    let files: string[];
    let submitted: Submitted | null = null;
    if (engine === "slurm") {
      const kept = options.dryRun ? submission : there ?? { ...submission, resources: LEAST_RESOURCES };
      files = writeSlurmScripts(run, submission, kept);
      if (!options.dryRun) submitted = await submitToSlurm(run, submission);
    } else {
      writeSubmission(run, submission);
      writeWhole(paths.manifest, kubernetesManifest(run, submission));
      files = [paths.manifest];
    }
    const commands = engine === "slurm" ? slurmCommands(run, submission) : kubernetesCommands(run, submission);
    printResult(
      command,
      {
        run,
        engine,
        shards: submission.shards,
        units: units.reduce((sum, each) => sum + each, 0),
        files,
        commands,
        array: submitted?.array ?? null,
        merge: submitted?.merge ?? null,
      },
      submitted === null
        ? [`Written: ${files.join(", ")}. Nothing was submitted; these commands do:`, ...commands].join("\n")
        : submittedText(name, submitted),
    );
  });
}

function withClusterOptions(command: Command): Command {
  return command
    .addOption(new Option("--engine <name>", "what has the tasks done (default: slurm)").choices(ENGINES))
    .option("--shards <n>", "number of shards, and of tasks", integerOption(1, 100_000))
    .option("--cpus <n>", "cores of a task (default: 1), each a worker where there is no card", integerOption(1))
    .option("--mem <size>", "memory of a task, such as 8G; for Kubernetes 8Gi (default: the cluster's; 4Gi)", word)
    .option("--gpus <n>", "graphics cards of a task", integerOption(1))
    .option("--array-limit <n>", "most tasks at a time", integerOption(1))
    .option("--partition <name>", "Slurm's partition", word)
    .option("--account <name>", "Slurm's account", word)
    .option(
      "--time <time>",
      "most time of a task for Slurm, such as 4:00:00; what is left then is queued again",
      slurmTime,
    )
    .option("--sbatch <option>", "a further option of sbatch, such as --sbatch=--qos=low; may be repeated", several)
    .option("--image <name>", "the image for Kubernetes (default: polysem and its version)", word)
    .option("--claim <name>", "the volume claim that holds runs/ in Kubernetes (default: one is made)", word)
    .option("--storage <size>", "the size of the volume that is made (default: 20Gi)", word)
    .option("--namespace <name>", "Kubernetes' namespace", word)
    .option("--dry-run", "write the files and print the commands that submit them, and submit nothing");
}

function word(text: string): string {
  if (!/^[\w@+:,./%-]+$/.test(text)) throw new InvalidArgumentError("Give a word without blanks and quotes.");
  return text;
}

function several(text: string, former: readonly string[] = []): string[] {
  if (!/^--?[a-z][^"\\\r\n]*$/i.test(text)) {
    throw new InvalidArgumentError("Give an option, such as --sbatch=--qos=low.");
  }
  return [...former, text];
}

function slurmTime(text: string): string {
  if (!((secondsOf(text) ?? 0) >= 60)) {
    throw new InvalidArgumentError("Give a minute or more as Slurm writes it: 90 (minutes), 4:00:00, or 1-12:00:00.");
  }
  return text;
}

/** What a task asks of its machine, as far as it was said. */
function resourcesSaid(options: SubmitOptions): Partial<Resources> {
  return Object.fromEntries(
    RESOURCES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

/**
 * A submission of a run that has none yet, with the plan looked at first: what is wrong is told here, not by every task.
 *
 * @param typed options of `score-all`.
 */
async function newSubmission(
  run: string,
  typed: readonly string[],
  options: SubmitOptions,
  command: Command,
): Promise<Submission> {
  const { engine = "slurm", shards } = options;
  if (shards === undefined) throw new InputError("--shards is missing; say among how many tasks the units are divided");
  if (existsSync(join(run, RUN_FILE))) {
    throw new InputError(`run ${run} is there already, and was not submitted; give another name`);
  }
  const { loadProfile, selectUnits } = await import("../../pipeline/mod.ts");
  const { createPlan } = await import("../../jobs/mod.ts");
  await loadProfile(options.profile);
  const described = await describeChosenModel(options, command);
  refuseUnscorable(described, options.layers, options.units);
  const jobs = createPlan(described.layers, selectUnits(described.layers, options));
  if (shards > jobs.length) {
    throw new InputError(`${shards} shards are more than the plan has jobs; give --shards ${jobs.length} or fewer`);
  }
  return {
    engine,
    shards,
    units: Array.from(
      { length: shards },
      (_, index) =>
        jobsOfShard(jobs.length, { index, count: shards }).reduce((sum, job) => sum + jobs[job].units.length, 0),
    ),
    options: [...typed],
    report: options.report,
    ...(options.data === undefined ? {} : { data: options.data }),
    typedIn: Deno.cwd(),
    environment: taskEnvironment(Deno.env.toObject()),
    resources: { ...LEAST_RESOURCES, ...resourcesSaid(options) },
    arrays: [],
    merge: null,
  };
}

/** The submission that is there, with what a task asks of its machine as it is said now. */
function resubmission(
  run: string,
  there: Submission,
  typed: readonly string[],
  { engine = there.engine, shards = there.shards, ...options }: SubmitOptions,
): Submission {
  const differs = typed.length > 0 && JSON.stringify(typed) !== JSON.stringify(there.options);
  if (engine !== there.engine || shards !== there.shards || differs) {
    throw new InputError(
      `run ${run} was submitted with --engine ${there.engine} --shards ${there.shards} ${there.options.join(" ")}`
        .trimEnd() +
        "; give none of these to submit what is left of it, or another name",
    );
  }
  return { ...there, resources: { ...there.resources, ...resourcesSaid(options as SubmitOptions) } };
}

function submittedText(name: string, { array, merge, tasks, formerMerge }: Submitted): string {
  const count = (state: string) => tasks.filter((task) => task.state === state).length;
  if (array === null && merge === null) {
    return `Nothing is left to submit: ${count("done")} of ${tasks.length} shards are done, ${
      count("running")
    } run and ` +
      `${count("pending")} wait; the merge is ${stateText(formerMerge)}.`;
  }
  const shards = array === null ? "" : `job ${array.job} scores ${array.shards.length} of ${tasks.length} shards; `;
  return `Submitted: ${shards}job ${merge} merges them when all are done.\nHow far it is: deno task status ${name}`;
}
