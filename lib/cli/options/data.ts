/**
 * The dataset of a command: `--data DIR`, the cache, or none.
 *
 * @module
 */
import type { Command } from "commander";
import type { Dataset, DatasetRef } from "../../data/mod.ts";
import type { DatasetImages } from "../../run_data.ts";
import type { RunManifest } from "../../types.ts";
import { printNote } from "../console/output.ts";

/** The options that say where the dataset is. */
export interface DataOptions {
  /** Folder given by the user; false for `--no-data`. */
  readonly data?: string | false;
}

/** Adds `--data DIR`, for a command that cannot do without CIFAR-10. */
export function withCifar10Option(command: Command): Command {
  return command.option(
    "--data <dir>",
    "folder with CIFAR-10 in the official binary layout (default: what `deno task setup` fetched)",
  );
}

/** Adds `--data DIR`, for a command that cannot do without a dataset. */
export function withDataOption(command: Command): Command {
  return command.option(
    "--data <dir>",
    "folder of images: PNG and JPEG files (flat, or a folder for each class), images.npy, or CIFAR-10's .bin files " +
      "(default: CIFAR-10 as `deno task setup` fetched it)",
  );
}

/**
 * Adds `--data DIR` and `--no-data`.
 *
 * @param without what the command does without a dataset.
 */
export function withDataOptions(command: Command, without: string): Command {
  return withDataOption(command).option("--no-data", `do without a dataset: ${without}`);
}

/**
 * The dataset that the options ask for, verified.
 *
 * @param without what follows from having none, for a note.
 * @returns null, with a note, with `--no-data` or where `setup` has not fetched it.
 * @throws {InputError} when there is no such folder, or a file in it is missing, truncated, altered or no image.
 */
export async function readData(options: DataOptions, command: Command, without: string): Promise<Dataset | null> {
  if (options.data === false) {
    printNote(command, `note: without a dataset ${without}`);
    return null;
  }
  const { datasetIn, DEFAULT_DATASET, locateDataset, openDataset } = await import("../../data/mod.ts");
  const ref = options.data === undefined ? DEFAULT_DATASET : datasetIn(options.data);
  const { title, directory, present } = locateDataset(ref);
  if (options.data === undefined && !present) {
    printNote(
      command,
      `note: ${title} is not in ${directory}, and without it ${without}; run \`deno task setup\` to fetch it, ` +
        "or give --data DIR",
    );
    return null;
  }
  const dataset = await openDataset(ref);
  for (const note of dataset.notes ?? []) printNote(command, `note: ${dataset.title}: ${note}`);
  return dataset;
}

/** CIFAR-10 as the options name it: that of the folder, or the one in the cache. */
export function cifar10Ref({ data }: DataOptions): DatasetRef {
  return { kind: "cifar10", ...(typeof data === "string" ? { directory: data } : {}) };
}

/**
 * Opens the test images of a run's dataset, to be shown.
 *
 * @param name what the user calls the run.
 * @returns what opens them: null with `--no-data`, and where `setup` has not fetched the dataset.
 */
export function testImages(
  name: string,
  { data }: DataOptions,
): (manifest: RunManifest) => Promise<DatasetImages | null> {
  return async (manifest) => {
    if (data === false) return null;
    const { reopenTestImages } = await import("../../pipeline/mod.ts");
    return await reopenTestImages({ name, manifest }, { data });
  };
}
