/**
 * Converts runs of older schemas to the present one.
 *
 * @module
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../errors.ts";
import type { RunManifest } from "../types.ts";
import { lockRun } from "./lock.ts";
import { copyChunks } from "./merge_runs.ts";
import { openRun } from "./run.ts";
import { readRun, type RunReader, type StoredUnit } from "./run_reader.ts";
import { RUN_FILE, RUN_SCHEMA, storeError } from "./schema.ts";

/** Test images of CIFAR-10, the dataset of every run of schema 1 and 2 that has one. */
const CIFAR10_TEST_IMAGES = 10_000;

/** What a conversion did. */
export interface Migration {
  /** Schema that the run had. */
  readonly from: number;
  /** Schema that it has now. */
  readonly to: number;
  /** Units that were converted; 0 where nothing was to do. */
  readonly units: number;
  /** The file as it was; null where nothing was to do. */
  readonly kept: string | null;
}

/**
 * Converts a run to the present schema. The new file is made beside the old one, compared with it unit by unit, and takes its
 * place at the end; the old one is kept under another name. A conversion that is cut off leaves the run as it was.
 *
 * @param directory the run's folder.
 * @param onUnit called after each unit, with how many are done and how many there are.
 * @throws {InputError} when there is no run, it is damaged or of a newer schema, another process writes it, or the folder
 *   cannot be written; nothing is changed then.
 */
export function migrateRun(directory: string, onUnit: (done: number, total: number) => void = () => {}): Migration {
  readRun(directory).close(); // a run that is not there or damaged is refused before anything is made
  const lock = lockRun(directory);
  lock.keep();
  try {
    foldJournal(join(directory, RUN_FILE));
    using old = readRun(directory);
    const from = old.schema;
    if (from === RUN_SCHEMA) return { from, to: RUN_SCHEMA, units: 0, kept: null };
    const work = join(directory, "migrating.tmp");
    const kept = join(directory, `run.schema${from}.sqlite`);
    if (existsSync(kept) && !isSameFile(kept, old.file)) { // the same is of a conversion that was cut off at its end
      throw new InputError(`${kept} is there already; move it away to convert the run once more`);
    }
    try {
      rmSync(work, { recursive: true, force: true }); // of a conversion that was cut off
      mkdirSync(work);
      const units = convert(old, work, onUnit);
      copyFileSync(old.file, join(work, "kept"));
      renameSync(join(work, "kept"), kept);
      renameSync(join(work, RUN_FILE), join(directory, RUN_FILE));
      return { from, to: RUN_SCHEMA, units, kept };
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } catch (error) {
    // a failure while the new file is written speaks of it already
    throw error instanceof Error && error.message.includes(directory)
      ? error
      : storeError(error, join(directory, RUN_FILE));
  } finally {
    lock.release();
  }
}

function isSameFile(a: string, b: string): boolean {
  return readFileSync(a).equals(readFileSync(b));
}

/** Puts what a killed writer left in the journal into the file itself, which is copied and replaced. */
function foldJournal(file: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA journal_mode = DELETE");
  } finally {
    db.close();
  }
}

function migratedManifest({ manifest }: RunReader): RunManifest {
  const { dataset } = manifest;
  return {
    ...manifest,
    schema: RUN_SCHEMA,
    dataset: dataset && { ...dataset, images: dataset.images ?? CIFAR10_TEST_IMAGES },
  };
}

/** Writes the old run's jobs and chunks of the dataset into a new file, and reads them back. */
function convert(old: RunReader, work: string, onUnit: (done: number, total: number) => void): number {
  const jobs = old.completedJobs();
  const planned = old.manifest.jobs;
  const total = jobs.reduce((sum, job) => sum + planned[job].units.length, 0);
  const recordsOf = (run: RunReader, job: number): StoredUnit[] =>
    planned[job].units.map((unit) => {
      const record = run.unit(planned[job].layer, unit);
      if (record === null) {
        throw new InputError(
          `${run.file}: unit ${planned[job].layer}:${unit} is missing though its job is committed; restore the file`,
        );
      }
      return record;
    });

  {
    using run = openRun(work, migratedManifest(old));
    for (const job of jobs) run.commitJob(job, recordsOf(old, job), old.jobSeconds(job)!);
    copyChunks(old, run);
  }

  using converted = readRun(work);
  let done = 0;
  for (const job of jobs) {
    const [before, after] = [recordsOf(old, job), recordsOf(converted, job)];
    for (const [i, record] of before.entries()) {
      if (!isDeepStrictEqual(record, after[i])) {
        throw new Error(`unit ${record.layer}:${record.unit} came out different; the run was left as it was`);
      }
      onUnit(++done, total);
    }
  }
  for (const range of old.completedChunks()) {
    if (!isDeepStrictEqual(old.chunk(range), converted.chunk(range))) {
      throw new Error(`the dataset's images from ${range.from} on came out different; the run was left as it was`);
    }
  }
  return done;
}
