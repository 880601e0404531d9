/**
 * The commands as the program's help lists them. What each is made of is loaded only when it is asked for: the help and the
 * version load none, and those that need no engine start at once and work without one.
 *
 * @module
 */
import type { Command } from "commander";

/** A command before it is loaded. */
export interface ListedCommand {
  readonly name: string;
  /** Its arguments as the help has them, such as `<run>`. */
  readonly args: string;
  /** Whether it has options of its own. */
  readonly options: boolean;
  /** What the command says of itself, word for word. */
  readonly description: string;
  /** Loads what adds the command to a program. */
  readonly load: () => Promise<(program: Command) => void>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly ListedCommand[] = [
  {
    name: "score-all",
    args: "",
    options: true,
    description:
      "Score units into runs/NAME, all of them or those chosen: visualize, elbow, embed, cluster, score, check. A run that was cut goes on where it stopped.",
    load: async () => (await import("./commands/score_all.ts")).registerScoreAll,
  },
  {
    name: "score-unit",
    args: "<unit>",
    options: true,
    description: "Score one unit: its images, elbow, clusters and score, each stage shown.",
    load: async () => (await import("./commands/score_unit.ts")).registerScoreUnit,
  },
  {
    name: "score-embeddings",
    args: "<file>",
    options: true,
    description: "Cluster and score any [I, D] array of embeddings; with labels, only the formula.",
    load: async () => (await import("./commands/score_embeddings.ts")).registerScoreEmbeddings,
  },
  {
    name: "layers",
    args: "[model]",
    options: true,
    description: "List a model's layers: their units, where their responses lie, and why some cannot be scored.",
    load: async () => (await import("./commands/layers.ts")).registerLayers,
  },
  {
    name: "visualize",
    args: "<unit>",
    options: true,
    description: "Make the first images of a unit's sequence as PNG files, with their activations.",
    load: async () => (await import("./commands/visualize.ts")).registerVisualize,
  },
  {
    name: "lpips",
    args: "<a> <b>",
    options: true,
    description: "LPIPS v0.1, the published perceptual distance, of two PNG images of one size; 0 for equal images.",
    load: async () => (await import("./commands/lpips.ts")).registerLpips,
  },
  {
    name: "embed",
    args: "<images...>",
    options: true,
    description: "Embed PNG images; those of another size are resized to the embedder's own.",
    load: async () => (await import("./commands/embed.ts")).registerEmbed,
  },
  {
    name: "check",
    args: "<run>",
    options: false,
    description:
      "Do a run's images excite their units more than any of the dataset's test images? (The paper's section 3.)",
    load: async () => (await import("./commands/check.ts")).registerCheck,
  },
  {
    name: "export",
    args: "<run>",
    options: true,
    description: "Write the scores of a run as CSV, Parquet or JSON; also of a run in progress.",
    load: async () => (await import("./commands/export.ts")).registerExport,
  },
  {
    name: "report",
    args: "<run>",
    options: true,
    description: "Write a run as one page for the browser: summary, figures and every unit; also of a run in progress.",
    load: async () => (await import("./commands/report.ts")).registerReport,
  },
  {
    name: "figures",
    args: "<run>",
    options: true,
    description: "Draw the figures of a run as SVG and as PNG at print size, each with its data as CSV.",
    load: async () => (await import("./commands/figures.ts")).registerFigures,
  },
  {
    name: "merge",
    args: "<run...>",
    options: true,
    description: "Merge runs of the same settings, such as the shards 0/2 and 1/2, into one run and its scores.csv.",
    load: async () => (await import("./commands/merge.ts")).registerMerge,
  },
  {
    name: "submit",
    args: "<run>",
    options: true,
    description:
      "Have many machines score a run, a shard each: a Slurm job array, or a manifest for Kubernetes. Called again, it submits what has failed.",
    load: async () => (await import("./commands/submit.ts")).registerSubmit,
  },
  {
    name: "status",
    args: "<run>",
    options: true,
    description:
      "How far a submitted run is: shards done, running, pending and failed, and the last lines of their logs.",
    load: async () => (await import("./commands/status.ts")).registerStatus,
  },
  {
    name: "migrate",
    args: "<run...>",
    options: false,
    description:
      "Convert runs that an older polysem made to the present format, so that they can be gone on with and merged. Nothing is computed anew; the old file is kept beside the new one.",
    load: async () => (await import("./commands/migrate.ts")).registerMigrate,
  },
  {
    name: "validate",
    args: "",
    options: false,
    description: "Studies of the method's free choices.",
    load: async () => (await import("./commands/validate/mod.ts")).registerValidate,
  },
  {
    name: "generate",
    args: "",
    options: true,
    description: "Generate 32 x 32 images of CIFAR-10's labels with their object where a mask is.",
    load: async () => (await import("./commands/generate.ts")).registerGenerate,
  },
  {
    name: "probe",
    args: "<run>",
    options: true,
    description:
      "Show generated images of every label under many masks to a run's units: which of the two drives them, and how that goes with S. Writes probe.csv, probe.json and two figures into the run.",
    load: async () => (await import("./commands/probe.ts")).registerProbe,
  },
  {
    name: "train",
    args: "<model>",
    options: true,
    description: "Train a model on CIFAR-10 and write its weights and card; goes on from its checkpoint if it was cut.",
    load: async () => (await import("./commands/train.ts")).registerTrain,
  },
  {
    name: "weights",
    args: "",
    options: false,
    description: "Pretrained weights: what is known by name, what is there, and downloads of the official files.",
    load: async () => (await import("./commands/weights.ts")).registerWeights,
  },
  {
    name: "lab",
    args: "[options...]",
    options: false,
    description: "Open the notebooks in JupyterLab with Deno's kernel; the first time, install both into the cache.",
    load: async () => (await import("./commands/lab.ts")).registerLab,
  },
  {
    name: "setup",
    args: "",
    options: true,
    description: "Build the native engine and fetch CIFAR-10 into the cache; what is there already is left as it is.",
    load: async () => (await import("./commands/setup.ts")).registerSetup,
  },
  {
    name: "doctor",
    args: "",
    options: false,
    description: "Show the engine in use and why not a better one, versions, and the state of data and weights.",
    load: async () => (await import("./commands/doctor.ts")).registerDoctor,
  },
];
