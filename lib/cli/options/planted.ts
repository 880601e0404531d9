/**
 * What the commands on planted units share: seeds, families, and the study itself with its progress.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Family, PlantedResult, StudyPlan, UnitCounts } from "../../validate/planted/mod.ts";
import type { Dataset } from "../../data/mod.ts";
import type { EmbedderRef } from "../../embed/mod.ts";
import { cifar10Ref, type DataOptions, withCifar10Option } from "./data.ts";
import { integerOption, seedOption } from "./values.ts";
import { globalOptions, printDetail } from "../console/output.ts";
import { createMeanProgress, createProgress } from "../console/progress.ts";
import { type EmbedderOptions, withEmbedderOptions } from "./embedder.ts";

/** Options of commands on planted units. */
export interface PlantedOptions extends DataOptions, EmbedderOptions {
  readonly seeds: readonly number[];
  readonly families?: string;
  readonly units: "full" | "small";
  readonly size: number;
  readonly workers?: number;
}

/** Reads `1,2,3`. */
function seedsOption(text: string): number[] {
  const seeds = text.split(",").map(seedOption);
  if (new Set(seeds).size < seeds.length) throw new InvalidArgumentError("Give each seed once.");
  return seeds;
}

/** Adds the options. */
export function withPlantedOptions(command: Command, seeds: readonly number[]): Command {
  return withCifar10Option(withEmbedderOptions(
    command
      .addOption(
        new Option("--seeds <list>", "seeds, such as 1,2; each plants its own units").argParser(seedsOption)
          .default([...seeds], seeds.join(",")),
      )
      .option("--families <list>", "template, patch, texture, alexnet, lenet, resnet (default: all)")
      .option("--units <how many>", "full (118 a seed) or small (a third of it)", countsOption, "full")
      .option("--size <px>", "side of the planted units' images", integerOption(1, 224), 32)
      .option("--workers <n>", "jobs under way at a time, each on a core of its own", integerOption(1)),
    "the profile's",
  ));
}

function countsOption(text: string): "full" | "small" {
  if (text !== "full" && text !== "small") throw new InvalidArgumentError("Give full or small.");
  return text;
}

/**
 * Runs the study that the options ask for.
 *
 * @param embedder as `embedderRef` gave it, the one of all profiles; null for that of each.
 */
export async function runStudy(
  options: PlantedOptions,
  embedder: EmbedderRef | null,
  plan: Pick<StudyPlan, "profiles" | "reference" | "calibrate" | "metricImages">,
  command: Command,
): Promise<{ results: PlantedResult[]; families: readonly Family[]; counts: Readonly<Record<Family, UnitCounts>> }> {
  const { FAMILIES, FULL_COUNTS, parseFamilies, runPlantedStudy, SMALL_COUNTS } = await import(
    "../../validate/planted/mod.ts"
  );
  const { useBackend } = await import("../../engine/mod.ts");
  const { openDataset } = await import("../../data/mod.ts");
  const { suggestWorkers } = await import("../../jobs/mod.ts");
  const families = options.families === undefined ? FAMILIES : parseFamilies(options.families);
  const counts = options.units === "small" ? SMALL_COUNTS : FULL_COUNTS;
  const backend = await useBackend(undefined, { threads: 1 }); // the cores are for the workers
  const dataset = await openDataset(cifar10Ref(options));
  const workers = options.workers ?? suggestWorkers(backend, Infinity);
  printDetail(command, `workers: ${workers}`);
  const progress = createProgress({
    title: "planted units",
    total: 100,
    unit: "%",
    quiet: globalOptions(command).quiet,
  });
  try {
    const size = { height: options.size, width: options.size };
    const { seeds, embedderWeights } = options;
    const own = embedder === null ? {} : { embedder, meanEmbedding: await meanOf(embedder, dataset, command) };
    const results = await runPlantedStudy(
      { ...plan, seeds, families, counts, size, embedderWeights, ...own },
      backend,
      dataset.ref,
      workers,
      (share, detail) => progress.update(Math.round(1000 * share) / 10, detail),
    );
    return { results, families, counts };
  } finally {
    progress.stop();
  }
}

/** The mean embedding of the dataset, once for all workers. */
async function meanOf(ref: EmbedderRef, { train }: Dataset, command: Command): Promise<Float32Array | null> {
  const { loadEmbedder } = await import("../../embed/mod.ts");
  const { meanEmbeddingOf } = await import("../../pipeline/mod.ts");
  const embedder = await loadEmbedder(ref);
  const progress = createMeanProgress(command);
  try {
    return await meanEmbeddingOf(embedder, train, progress.update);
  } finally {
    progress.stop();
    embedder.dispose();
  }
}
