/**
 * What the commands that score share: their options, and a run's context from them.
 *
 * @module
 */
import type { Command } from "commander";
import type { BackendOptions, BackendReport } from "../../engine/mod.ts";
import type { ModelRef } from "../../networks/mod.ts";
import type { LoadedContext } from "../../pipeline/mod.ts";
import { type DataOptions, readData, withDataOptions } from "./data.ts";
import { seedOption } from "./values.ts";
import { printDetail, printNote } from "../console/output.ts";

/** Options of commands that score. */
export interface ScoringOptions extends DataOptions {
  readonly model: string;
  readonly modelWeights?: string;
  readonly embedderWeights?: string;
  readonly profile: string;
  readonly seed: number;
}

/** What `--profile` takes. */
export const PROFILE_HELP: string = 'calibrated, paper, or a JSON file such as {"extends": "calibrated", ' +
  '"visualize": {"steps": 256}}';

/** Adds the options. */
export function withScoringOptions(command: Command): Command {
  return withDataOptions(
    command
      .option("--model <name>", "model whose units are scored", "lenet5-cifar10")
      .option("--model-weights <file>", "its weights, .pth or .safetensors, in place of the committed ones")
      .option("--profile <name>", PROFILE_HELP, "calibrated")
      .option("--embedder-weights <file>", "weights of the profile's embedder, .pth or .safetensors")
      .option("--seed <n>", "seed of everything random", seedOption, 0),
    "ascent starts from noise, and activations are not compared with the dataset's",
  );
}

/** A context, and what is said beside it. */
export interface ScoringContext extends LoadedContext {
  readonly profileName: string;
  readonly backend: BackendReport;
}

/** The model that the options name. */
export function modelRef({ model, modelWeights }: Pick<ScoringOptions, "model" | "modelWeights">): ModelRef {
  return { kind: "shipped", name: model, weights: modelWeights };
}

/** Loads everything that scoring needs. Modules come late, so that help and usage errors need no engine. */
export async function loadScoring(
  options: ScoringOptions,
  command: Command,
  engine: BackendOptions = {},
): Promise<ScoringContext> {
  const { loadContext, loadProfile } = await import("../../pipeline/mod.ts");
  const { useBackend } = await import("../../engine/mod.ts");
  const { name: profileName, profile } = await loadProfile(options.profile);
  const backend = await useBackend(undefined, engine);
  printDetail(command, `engine: ${JSON.stringify(backend)}`);
  const dataset = await readData(
    options,
    command,
    (profile.visualize.start === "dataset" ? "ascent starts from noise, and " : "") +
      "activations are not compared with the dataset's",
  );
  const context = await loadContext({
    subject: { model: modelRef(options), dataset: dataset?.ref ?? null },
    instruments: { profile, embedderWeights: options.embedderWeights },
    seed: options.seed,
  });
  if (profile.cluster.center && context.meanEmbedding === null) {
    printNote(
      command,
      `note: embeddings are not centred: ${context.embedder.name}'s weights come without a mean embedding, and without ` +
        "a dataset it cannot be computed",
    );
  }
  return { ...context, profileName, backend };
}
