/**
 * What the commands on planted units share: seeds, families, and the study itself with its progress.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Family, PlantedResult, RandomUnit, StudyPlan, UnitCounts } from "../../validate/planted/mod.ts";
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
      .option("--units <how many>", "full (118 a seed, beside controls) or small (a third of it)", countsOption, "full")
      .option("--size <px>", "side of the planted units' images", integerOption(1, 224), 32)
      .option("--workers <n>", "jobs under way at a time, each on a core of its own", integerOption(1)),
    "the profile's",
  ));
}

function countsOption(text: string): "full" | "small" {
  if (text !== "full" && text !== "small") throw new InvalidArgumentError("Give full or small.");
  return text;
}

/** What a study found. */
interface Study {
  readonly results: PlantedResult[];
  /** Units of random weights; none where no controls were asked for. */
  readonly random: RandomUnit[];
  readonly families: readonly Family[];
  readonly counts: Readonly<Record<Family, UnitCounts>>;
}

/**
 * Runs the study that the options ask for.
 *
 * @param embedder as `embedderRef` gave it, the one of all profiles; null for that of each.
 * @param plan `controls`: whether fooling units and random weights are scored too.
 */
export async function runStudy(
  options: PlantedOptions,
  embedder: EmbedderRef | null,
  { controls, ...plan }:
    & Pick<StudyPlan, "profiles" | "reference" | "calibrate" | "metricImages">
    & { readonly controls?: boolean },
  command: Command,
): Promise<Study> {
  const planted = await import("../../validate/planted/mod.ts");
  const { FAMILIES, parseFamilies, runPlantedStudy, scoreRandomWeights } = planted;
  const { useBackend } = await import("../../engine/mod.ts");
  const { openDataset } = await import("../../data/mod.ts");
  const { suggestWorkers } = await import("../../jobs/mod.ts");
  const families = options.families === undefined ? FAMILIES : parseFamilies(options.families);
  const all = options.units === "small" ? planted.SMALL_COUNTS : planted.FULL_COUNTS;
  const counts = controls === true ? all : planted.withoutControls(all);
  const backend = await useBackend(undefined, { threads: 1 }); // the cores are for the workers
  const dataset = await openDataset(cifar10Ref(options));
  const workers = options.workers ?? suggestWorkers(backend, Infinity);
  printDetail(command, `workers: ${workers}`);
  const { seeds, embedderWeights } = options;
  const own = embedder === null ? {} : { embedder, meanEmbedding: await meanOf(embedder, dataset, command) };
  const size = { height: options.size, width: options.size };
  const results = await withProgress(
    "planted units",
    command,
    (onProgress) =>
      runPlantedStudy(
        { ...plan, seeds, families, counts, size, embedderWeights, ...own },
        backend,
        dataset.ref,
        workers,
        onProgress,
      ),
  );
  const random = controls !== true ? [] : await withProgress(
    "random weights",
    command,
    (onProgress) =>
      scoreRandomWeights(
        { seeds, units: planted.RANDOM_UNITS[options.units], profiles: plan.profiles, embedderWeights, ...own },
        backend,
        dataset.ref,
        workers,
        onProgress,
      ),
  );
  return { results, random, families, counts };
}

/** Does work while its progress is shown. */
async function withProgress<T>(
  title: string,
  command: Command,
  work: (onProgress: (share: number, detail: string) => void) => Promise<T>,
): Promise<T> {
  const progress = createProgress({ title, total: 100, unit: "%", quiet: globalOptions(command).quiet });
  try {
    return await work((share, detail) => progress.update(Math.round(1000 * share) / 10, detail));
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
