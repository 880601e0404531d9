/**
 * What the commands that score share: their options, and a run's context from them.
 *
 * @module
 */
import type { Command } from "commander";
import type { BackendOptions, BackendReport } from "../../engine/mod.ts";
import type { ModelRef } from "../../networks/mod.ts";
import { type ModelOptions, withModelOptions } from "./model.ts";
import type { LoadedContext } from "../../pipeline/mod.ts";
import { type DataOptions, readData, withDataOptions } from "./data.ts";
import { seedOption } from "./values.ts";
import { printDetail, printNote } from "../console/output.ts";

/** Options of commands that score. */
export interface ScoringOptions extends DataOptions, ModelOptions {
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
    withModelOptions(command)
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

/**
 * Loads everything that scoring needs. Modules come late, so that help and usage errors need no engine.
 *
 * @param model the model that the options name.
 */
export async function loadScoring(
  model: ModelRef,
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
    subject: { model, dataset: dataset?.ref ?? null },
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
