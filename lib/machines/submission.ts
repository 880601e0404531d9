/**
 * What was submitted of a run that many machines score, as it lies in the run's folder:
 *
 *     RUN/run.sqlite ...             the merged run, at the end
 *     RUN/shards/0/ ...              a run of its own for each shard, which one task writes
 *     RUN/machines/submission.json   this module's file
 *     RUN/machines/...               scripts or manifest, and the tasks' logs
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InputError, messageOf } from "../errors.ts";
import { writeWhole } from "../whole_file.ts";

/** What has tasks done on many machines. */
export const ENGINES = ["slurm", "kubernetes"] as const;

/** What a task asks of its machine; what is missing is left to the cluster. */
const RESOURCES = z.strictObject({
  /** Cores of a task, and workers in it where there is no card. */
  cpus: z.int().min(1),
  /** Memory of a task, such as `8G`; in Kubernetes, `8Gi`. */
  mem: z.string().optional(),
  /** Graphics cards of a task. */
  gpus: z.int().min(1).optional(),
  /** Most tasks at a time. */
  arrayLimit: z.int().min(1).optional(),
  partition: z.string().optional(),
  account: z.string().optional(),
  /** Most time of a task as Slurm writes it, such as `4:00:00`. */
  time: z.string().optional(),
  /** Further options of sbatch, such as `--qos=low`. */
  sbatch: z.array(z.string()).optional(),
  /** Of Kubernetes: the image, the volume claim that holds `runs`, the size of one to make, and the namespace. */
  image: z.string().optional(),
  claim: z.string().optional(),
  storage: z.string().optional(),
  namespace: z.string().optional(),
});

const SUBMISSION = z.strictObject({
  engine: z.enum(ENGINES),
  shards: z.int().min(1),
  /** Units of each shard. */
  units: z.array(z.int().min(0)),
  /** Options of `score-all` as they were typed. */
  options: z.array(z.string()),
  /** Whether the merged run gets its page. */
  report: z.boolean(),
  /** Folder of images, where they are not the model's own; `false` for none. */
  data: z.union([z.string(), z.literal(false)]).optional(),
  /** The folder in which the command was typed, which paths are meant from. */
  typedIn: z.string(),
  /** Variables that change where things lie or how they are computed. */
  environment: z.record(z.string(), z.string()),
  resources: RESOURCES,
  /** What Slurm was given, oldest first. */
  arrays: z.array(z.strictObject({
    /** Number of the array job. */
    job: z.string(),
    /** Its tasks: numbers of shards. */
    shards: z.array(z.int().min(0)),
  })),
  /** Number of the last merge job; null before there is one. */
  merge: z.string().nullable(),
});

/** What tasks ask for where nothing was said. */
export const LEAST_RESOURCES: Resources = { cpus: 1 };

export type Resources = Readonly<z.infer<typeof RESOURCES>>;
export type Submission = Readonly<z.infer<typeof SUBMISSION>>;

/** How engines write a size of memory, and what to give. */
const SIZES = {
  slurm: { form: /^\d+[KMGT]?$/i, name: "Slurm", give: "a whole number with K, M, G or T, such as 8G" },
  kubernetes: {
    form: /^(?=.*[1-9])\d+(\.\d+)?([KMGT]i|[kMGT])?$/,
    name: "Kubernetes",
    give: "a number with Ki, Mi, Gi, Ti, k, M, G or T, such as 8Gi",
  },
} as const;

/** @throws {InputError} when the engine would not take the memory that a task asks for. */
export function refuseMemory({ engine, resources: { mem } }: Submission): void {
  const { form, name, give } = SIZES[engine];
  if (mem !== undefined && !form.test(mem)) {
    throw new InputError(`--mem ${mem} is no size that ${name} takes; give ${give}`);
  }
}

/** Where the parts of a run on many machines lie. */
export function submissionPaths(run: string) {
  const folder = join(run, "machines");
  return {
    folder,
    file: join(folder, "submission.json"),
    logs: join(folder, "logs"),
    shardScript: join(folder, "shard.sh"),
    mergeScript: join(folder, "merge.sh"),
    manifest: join(folder, "kubernetes.yaml"),
    mergeLog: join(folder, "logs", "merge.log"),
    log: (shard: number) => join(folder, "logs", `shard-${shard}.log`),
    shards: join(run, "shards"),
    shard: (shard: number) => join(run, "shards", String(shard)),
  };
}

/**
 * Reads what was submitted.
 *
 * @param run the run's folder.
 * @returns null where nothing was.
 * @throws {InputError} when the file is not what `writeSubmission` wrote.
 */
export function readSubmission(run: string): Submission | null {
  const { file } = submissionPaths(run);
  if (!existsSync(file)) return null;
  try {
    return SUBMISSION.parse(JSON.parse(Deno.readTextFileSync(file)));
  } catch (error) {
    const why = error instanceof z.ZodError
      ? error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")
      : messageOf(error);
    throw new InputError(`${file} is damaged (${why.replaceAll("\n", " ")}); restore it, or submit under another name`);
  }
}

/** Writes it, whole or not at all. */
export function writeSubmission(run: string, submission: Submission): void {
  const { folder, file, logs } = submissionPaths(run);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.mkdirSync(logs, { recursive: true });
  } catch (error) {
    throw new InputError(`run ${run} cannot be created: ${messageOf(error)}; choose a folder that can be`);
  }
  writeWhole(file, `${JSON.stringify(submission, null, 2)}\n`);
}
