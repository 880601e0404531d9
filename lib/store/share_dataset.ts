/**
 * Copies the dataset's activations from another shard of the same plan that has computed them.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { manifestDifferences } from "./manifest.ts";
import { copyChunks } from "./merge_runs.ts";
import type { Run } from "./run.ts";
import { readRun } from "./run_reader.ts";
import { RUN_FILE } from "./schema.ts";

/**
 * Copies what the dataset does to the planned units from other shards of the run's plan, as far as they lie in folders beside
 * its own. What they have not done yet, or cannot be read, is left to the run.
 *
 * @returns the number of chunks that were copied.
 */
export function shareDataset(run: Run): number {
  const parent = dirname(resolve(run.directory));
  let copied = 0;
  for (const { name } of readdirSync(parent, { withFileTypes: true })) {
    if (run.pendingChunks().length === 0) break;
    const directory = join(parent, name);
    if (directory === resolve(run.directory) || !existsSync(join(directory, RUN_FILE))) continue;
    try {
      using other = readRun(directory);
      if (manifestDifferences(run.manifest, other.manifest, ["shard"]).length === 0) copied += copyChunks(other, run);
    } catch (error) {
      if (!(error instanceof InputError)) throw error; // a damaged or foreign run beside this one is no concern of it
    }
  }
  return copied;
}
