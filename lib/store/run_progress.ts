/**
 * How far a run is, read at once: a few rows, and none of its file checked.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../errors.ts";
import { isInShard } from "../shards.ts";
import { datasetChunks } from "./dataset_chunks.ts";
import { RunReader } from "./run_reader.ts";
import { RUN_FILE } from "./schema.ts";

/** So many of so many. */
export interface Share {
  readonly done: number;
  readonly planned: number;
}

/** How far a run is with its part of the plan. */
export interface RunProgress {
  readonly units: Share;
  /** Test images of the dataset, of the stretches that are the shard's. */
  readonly images: Share;
}

/** How long to wait for a commit. */
const WAIT_MILLISECONDS = 2000;

/**
 * How far a run is with the jobs of its shard and with its shard's stretches of the dataset, also while another machine writes
 * it. Nothing is ever written, so what a killed writer left half written is told as a problem.
 *
 * @param directory the run's folder.
 * @returns null where there is no run yet; a sentence, without its stop, where it cannot be read now.
 */
export function runProgress(directory: string): RunProgress | string | null {
  const file = join(directory, RUN_FILE);
  if (!existsSync(file)) return null;
  try {
    using db = new DatabaseSync(file, { readOnly: true });
    db.exec(`PRAGMA busy_timeout = ${WAIT_MILLISECONDS}`);
    const { tables } = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as { tables: number };
    if (tables === 0) return null;
    const run = new RunReader(directory, db);
    const { jobs, shard } = run.manifest;
    const unitsOf = (of: readonly number[]) => of.reduce((sum, job) => sum + jobs[job].units.length, 0);
    const own = jobs.map((_, job) => job).filter((job) => isInShard(job, shard));
    const chunks = datasetChunks(run.manifest).filter((_, index) => isInShard(index, shard));
    const imagesOf = (of: typeof chunks) => of.reduce((sum, { from, to }) => sum + to - from, 0);
    const planned = { units: unitsOf(own), images: imagesOf(chunks) };
    return {
      units: { done: planned.units - unitsOf(run.pendingJobs()), planned: planned.units },
      images: { done: planned.images - imagesOf(run.pendingChunksOfShard()), planned: planned.images },
    };
  } catch (error) {
    return `${RUN_FILE} cannot be read now: ${messageOf(error).replaceAll("\n", " ")}`;
  }
}
