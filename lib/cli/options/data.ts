/**
 * The dataset of a command: `--data DIR`, the cache, or none.
 *
 * @module
 */
import type { Command } from "commander";
import {
  type Dataset,
  type DatasetRef,
  DEFAULT_DATASET,
  type ImageSource,
  locateDataset,
  openDataset,
} from "../../data/mod.ts";
import type { RunManifest } from "../../types.ts";
import { printNote } from "../console/output.ts";

/** The options that say where the dataset is. */
export interface DataOptions {
  /** Folder given by the user; false for `--no-data`. */
  readonly data?: string | false;
}

/** Adds `--data DIR`, for a command that cannot do without the dataset. */
export function withDataOption(command: Command): Command {
  return command.option(
    "--data <dir>",
    "folder with CIFAR-10 in the official binary layout (default: what `deno task setup` fetched)",
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
 * @throws {InputError} when a file of it is missing from the given folder, truncated or altered.
 */
export async function readData(options: DataOptions, command: Command, without: string): Promise<Dataset | null> {
  if (options.data === false) {
    printNote(command, `note: without a dataset ${without}`);
    return null;
  }
  const ref = datasetRef(options);
  const { title, directory, present } = locateDataset(ref);
  if (options.data === undefined && !present) {
    printNote(
      command,
      `note: ${title} is not in ${directory}, and without it ${without}; run \`deno task setup\` to fetch it, ` +
        "or give --data DIR",
    );
    return null;
  }
  return await openDataset(ref);
}

/** The dataset that the options name: that of the folder, or the one in the cache. */
export function datasetRef({ data }: DataOptions): DatasetRef {
  return typeof data === "string" ? { ...DEFAULT_DATASET, directory: data } : DEFAULT_DATASET;
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
): (manifest: RunManifest) => Promise<ImageSource | null> {
  return async (manifest) => {
    if (data === false) return null;
    const { reopenTestImages } = await import("../../pipeline/mod.ts");
    return await reopenTestImages({ name, manifest }, { data });
  };
}
