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
import { startEngine } from "./engine.ts";
import { seedOption } from "./values.ts";
import { printDetail, printNote } from "../console/output.ts";
import { createMeanProgress } from "../console/progress.ts";
import { DEFAULT_PROFILE } from "./profiles.ts";
import { type EmbedderOptions, embedderRef, pricedProfile, withEmbedderOptions } from "./embedder.ts";

/** Options of commands that score. */
export interface ScoringOptions extends DataOptions, ModelOptions, EmbedderOptions {
  readonly profile: string;
  readonly seed: number;
}

/** What `--profile` takes. */
export const PROFILE_HELP: string =
  `${DEFAULT_PROFILE} (or calibrated, the newest), calibrated-1, paper, or a JSON file such as ` +
  `{"extends": "${DEFAULT_PROFILE}", "visualize": {"steps": 256}}`;

/** Adds the options. */
export function withScoringOptions(command: Command): Command {
  return withDataOptions(
    withEmbedderOptions(
      withModelOptions(command).option("--profile <name>", PROFILE_HELP, DEFAULT_PROFILE),
      "the profile's",
    )
      .option("--seed <n>", "seed of everything random", seedOption, 0),
    "ascent starts from noise, and activations are not compared with the dataset's",
  );
}

/** A context, and what is said beside it. */
export interface ScoringContext extends LoadedContext {
  readonly profileName: string;
  readonly backend: BackendReport;
  /** Whether the profile's price of a cluster was found for the embedder. */
  readonly priceCalibrated: boolean;
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
  const { loadContext, loadProfile, withEmbedder } = await import("../../pipeline/mod.ts");
  const { name: profileName, profile: asked } = await loadProfile(options.profile);
  const chosen = await embedderRef(options, command);
  const profile = chosen === null ? asked : withEmbedder(asked, chosen);
  const backend = await startEngine(command, engine);
  printDetail(command, `engine: ${JSON.stringify(backend)}`);
  const dataset = await readData(
    options,
    command,
    (profile.visualize.start === "dataset" ? "ascent starts from noise, and " : "") +
      "activations are not compared with the dataset's",
  );
  const meanProgress = createMeanProgress(command);
  const context = await loadContext(
    {
      subject: { model, dataset: dataset?.ref ?? null },
      instruments: {
        profile,
        ...(chosen === null ? {} : { embedder: chosen }),
        embedderWeights: options.embedderWeights,
      },
      seed: options.seed,
    },
    meanProgress.update,
  );
  meanProgress.stop();
  if (profile.cluster.center && context.meanEmbedding === null) {
    printNote(
      command,
      `note: embeddings are not centred: ${context.embedder.name}'s weights come without a mean embedding, and without ` +
        "a dataset it cannot be computed",
    );
  }
  const { ref } = context;
  const { name, sha256 } = context.embedder;
  const used = chosen ?? { kind: "shipped", name, weights: options.embedderWeights } as const;
  const priced = await pricedProfile(profile, used, sha256, command);
  return {
    ...context,
    profile: priced.profile,
    ref: { ...ref, instruments: { ...ref.instruments, profile: priced.profile } },
    priceCalibrated: priced.calibrated,
    profileName,
    backend,
  };
}
