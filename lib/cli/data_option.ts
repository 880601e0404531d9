/**
 * The dataset of a command: `--data DIR`, the cache, or none.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { type Cifar10, cifar10Directory, isCifar10Present, readCifar10 } from "../images/cifar10.ts";
import { printNote } from "./output.ts";

/** The options that say where the dataset is. */
export interface DataOptions {
  /** Folder given by the user; false for `--no-data`. */
  readonly data?: string | false;
}

/** Adds `--data DIR` and `--no-data`. */
export function withDataOptions(command: Command): Command {
  return command
    .option("--data <dir>", "folder with CIFAR-10 in the official binary layout (default: what `setup` fetched)")
    .addOption(new Option("--no-data", "do without a dataset: ascent starts from noise, and section 3 is not checked"));
}

/**
 * The dataset that the options ask for, verified.
 *
 * @returns null with `--no-data`, or, with a note, where `setup` has not fetched it.
 * @throws {InputError} when a file of it is missing from the given folder, truncated or altered.
 */
export async function readData(options: DataOptions, command: Command): Promise<Cifar10 | null> {
  if (options.data === false) return null;
  if (typeof options.data !== "string" && !isCifar10Present()) {
    printNote(
      command,
      `CIFAR-10 is not in ${cifar10Directory()}: ascent starts from noise and section 3 is not checked; ` +
        "run `deno task setup` to fetch it",
    );
    return null;
  }
  return await readCifar10(typeof options.data === "string" ? options.data : undefined);
}
