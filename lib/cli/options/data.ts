/**
 * The dataset of a command: `--data DIR`, the cache, or none.
 *
 * @module
 */
import type { Command } from "commander";
import { type Cifar10, cifar10Directory, isCifar10Present, readCifar10 } from "../../data/mod.ts";
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
export async function readData(options: DataOptions, command: Command, without: string): Promise<Cifar10 | null> {
  if (options.data === false) {
    printNote(command, `note: without a dataset ${without}`);
    return null;
  }
  if (typeof options.data !== "string" && !isCifar10Present()) {
    printNote(
      command,
      `note: CIFAR-10 is not in ${cifar10Directory()}, and without it ${without}; run \`deno task setup\` to fetch it, ` +
        "or give --data DIR",
    );
    return null;
  }
  return await readCifar10(typeof options.data === "string" ? options.data : undefined);
}
