/**
 * Writing a run: created or resumed under a lock, one transaction per job.
 *
 * The journal is one for rolling back: a write-ahead one needs memory that all readers share, which machines do not. It is
 * emptied, not deleted, after each commit (`TRUNCATE`), since another machine may go on for a while believing that a file is
 * missing which it once did not find. It is removed when the run is closed. A reader makes a commit wait for as long as a
 * statement of it takes, and the other way round. A process killed at any moment leaves every committed job and nothing of an
 * uncommitted one; the next opening recovers by itself.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deflateSync } from "node:zlib";
import type { JobSeconds, RunPart } from "../cost.ts";
import { InputError, messageOf } from "../errors.ts";
import { isInShard } from "../shards.ts";
import { DATASET_HIGHER, unitName } from "../run_data.ts";
import type { ClusteringRecord, DatasetChunk, DatasetRecord, RunManifest, UnitRecord } from "../types.ts";
import { contradictionIn } from "./check_unit.ts";
import { bestImages, checkChunk, plannedUnits } from "./dataset_chunks.ts";
import { lockRun, type RunLock } from "./lock.ts";
import { joinKernels, settingDifferences } from "./manifest.ts";
import { checkRunFile, RunReader } from "./run_reader.ts";
import { CREATE_PARTS, CREATE_TABLES, RUN_FILE, RUN_SCHEMA, storeError } from "./schema.ts";

/** How long a commit waits for a reader that has begun, such as one that checks a file of gigabytes: a job is worth more. */
const WRITER_MILLISECONDS = 600_000;

/** How a run is opened for writing. */
export interface RunOptions {
  /** Largest size of the run file, in SQLite pages of 4096 bytes; as large as the disk allows when not given. */
  readonly maxPages?: number;
}

/** A unit to commit. One out of another run brings along what the dataset does to it, if that was known there. */
type CommittedUnit = UnitRecord & Partial<DatasetRecord>;

/** What computed a job, and what its parts took. */
export interface JobCost {
  /** By default what the run was opened with; undefined where it is not known. */
  readonly kernels?: RunManifest["kernels"];
  /** Seconds of its parts; none where they were not measured. */
  readonly parts?: JobSeconds;
}

/** A run open for writing. */
export class Run extends RunReader {
  readonly #lock: RunLock;
  /** Position in the whole plan of each unit. */
  readonly #positions = new Map<string, number>();

  /**
   * @param lock the run's lock, released on closing.
   * @param kernels what computes the jobs to come; undefined where it is not known.
   */
  constructor(directory: string, db: DatabaseSync, lock: RunLock, readonly kernels: RunManifest["kernels"]) {
    super(directory, db);
    this.#lock = lock;
    for (const { layer, units } of this.manifest.jobs) {
      for (const unit of units) this.#positions.set(unitName({ layer, unit }), this.#positions.size);
    }
  }

  /**
   * Commits one job: all of it or, whatever happens meanwhile, nothing.
   *
   * @param job index of the job in the whole plan; of this run's shard and not committed yet.
   * @param records one record for each unit of the job, in any order.
   * @param seconds how long the job took.
   * @param cost what computed it, and what its parts took.
   * @throws {RangeError} when the job or a record does not fit the plan, or a record contradicts itself.
   * @throws {Error} when the disk is full; jobs committed before stay.
   */
  commitJob(job: number, records: readonly CommittedUnit[], seconds: number, cost: JobCost = {}): void {
    const planned = this.manifest.jobs[job];
    const { shard } = this.manifest;
    if (!planned) throw new RangeError(`job ${job} is not in the plan of ${this.manifest.jobs.length} jobs`);
    if (!isInShard(job, shard)) throw new RangeError(`job ${job} is not of shard ${shard.index}/${shard.count}`);
    const names = (units: readonly { layer: string; unit: number }[]) => units.map(unitName).sort().join(" ");
    const expected = names(planned.units.map((unit) => ({ layer: planned.layer, unit })));
    if (names(records) !== expected) throw new RangeError(`job ${job} is ${expected}, not ${names(records)}`);
    records.forEach(refuseContradiction);

    this.transaction(() => {
      if (this.db.prepare("SELECT 1 FROM jobs WHERE job = ?").get(job)) {
        throw new RangeError(`job ${job} is already committed`);
      }
      this.db.prepare("INSERT INTO jobs VALUES (?, ?, ?, ?)")
        .run(job, planned.layer, JSON.stringify(planned.units), seconds);
      for (const record of records) this.#insertUnit(job, record);
      const insertPart = this.db.prepare("INSERT INTO job_parts VALUES (?, ?, ?)");
      for (const [part, taken] of Object.entries(cost.parts ?? {})) insertPart.run(job, part, taken);
      this.#recordKernels("kernels" in cost ? cost.kernels : this.kernels);
    });
    this.rereadManifest();
  }

  /**
   * Commits what a chunk of the dataset does to the planned units: all of it or nothing. With the last chunk come the best
   * images of every planned unit.
   *
   * @param seconds how long the chunk took.
   * @param kernels as of `commitJob`.
   * @throws {RangeError} when the chunk does not fit the plan, or is committed already.
   * @throws {Error} when the disk is full; what was committed before stays.
   */
  commitChunk(chunk: DatasetChunk, seconds: number, kernels = this.kernels): void {
    checkChunk(this.manifest, chunk);
    this.transaction(() => {
      if (this.db.prepare("SELECT 1 FROM dataset_chunks WHERE first = ?").get(chunk.from)) {
        throw new RangeError(`images from ${chunk.from} on are already committed`);
      }
      this.db.prepare("INSERT INTO dataset_chunks VALUES (?, ?, ?)").run(chunk.from, chunk.to - chunk.from, seconds);
      const insert = this.db.prepare("INSERT INTO dataset_activations VALUES (?, ?, ?, ?)");
      for (const { layer, activations, responses } of chunk.layers) {
        insert.run(chunk.from, layer, "activation", bytesOf(Float32Array.from(activations.data)));
        if (responses !== null) insert.run(chunk.from, layer, "response", bytesOf(Float32Array.from(responses.data)));
      }
      if (this.pendingChunks().length === 0) this.#insertBest();
      this.#recordKernels(kernels);
    });
    this.rereadManifest();
  }

  /**
   * Adds seconds to what the run took beside its jobs and its dataset.
   *
   * @param seconds at least 0.
   */
  addSeconds(part: RunPart, seconds: number): void {
    const { index, count } = this.manifest.shard;
    this.transaction(() => {
      this.db.prepare(
        "INSERT INTO run_parts VALUES (?, ?, ?) ON CONFLICT (shard, part) DO UPDATE SET seconds = seconds + excluded.seconds",
      ).run(`${index}/${count}`, part, seconds);
    });
  }

  /** Takes over what another run of the same plan took beside its jobs; of the same shard's in both, the greater. */
  copySeconds(from: RunReader): void {
    const rows = from.runParts();
    this.transaction(() => {
      const insert = this.db.prepare(
        "INSERT INTO run_parts VALUES (?, ?, ?) " +
          "ON CONFLICT (shard, part) DO UPDATE SET seconds = max(seconds, excluded.seconds)",
      );
      for (const { shard, part, seconds } of rows) insert.run(shard, part, seconds);
    });
  }

  /** Adds kernels to those that the manifest names; where they are not known, it names none any more. */
  #recordKernels(kernels: RunManifest["kernels"]): void {
    const stored = this.manifest.kernels;
    const joined = joinKernels(stored, kernels);
    if (joined?.length === stored?.length) return;
    this.db.prepare("DELETE FROM manifest WHERE field = 'kernels'").run();
    if (joined) this.db.prepare("INSERT INTO manifest VALUES ('kernels', ?)").run(JSON.stringify(joined));
  }

  #insertBest(): void {
    this.db.exec("DELETE FROM dataset_best"); // units out of another run may have brought theirs
    const insert = this.db.prepare("INSERT INTO dataset_best VALUES (?, ?, ?, ?)");
    for (const { layer, units } of plannedUnits(this.manifest.jobs)) {
      const { activations } = this.datasetActivations(layer)!;
      for (const [place, unit] of units.entries()) {
        const id = this.#positions.get(unitName({ layer, unit }))!;
        bestImages(activations, place).forEach(({ index, activation }, rank) =>
          insert.run(id, rank, index, activation)
        );
      }
    }
  }

  /** Does all of something in the file or, whatever happens meanwhile, nothing. */
  protected transaction(action: () => void): void {
    this.#lock.assertHeld();
    this.attempt(() => {
      this.db.exec("BEGIN IMMEDIATE");
      try {
        action();
        this.db.exec("COMMIT");
      } catch (error) {
        try {
          this.db.exec("ROLLBACK");
        } catch {
          // SQLite has already rolled back, as it does on a full disk; the first error is the one to tell.
        }
        throw error;
      }
    });
  }

  #insertUnit(job: number, record: CommittedUnit): void {
    const id = this.#positions.get(unitName(record))!;
    const { images, embeddings } = record;
    this.db.prepare("INSERT INTO units VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
      id,
      job,
      record.layer,
      record.unit,
      record.stopReason,
      JSON.stringify(record.flags.filter((flag) => flag !== DATASET_HIGHER)), // it follows from the dataset's part
      images.height,
      images.width,
      record.meanAngle,
      record.scoreInterval?.low ?? null,
      record.scoreInterval?.high ?? null,
      record.kShares?.K1 ?? null,
      record.kShares?.K2 ?? null,
      record.kShares?.K3 ?? null,
    );
    const insertImage = this.db.prepare("INSERT INTO images VALUES (?, ?, ?)");
    record.activations.forEach((activation, i) => insertImage.run(id, i, activation));
    const rgb = new Uint8ClampedArray(images.data.length); // clamps to 0 .. 255 and rounds
    for (let p = 0; p < rgb.length; p++) rgb[p] = images.data[p] * 255;
    this.db.prepare("INSERT INTO pixels VALUES (?, ?)").run(id, deflateSync(rgb));
    this.db.prepare("INSERT INTO distances VALUES (?, ?, ?, ?, ?)").run(
      id,
      bytesOf(Float64Array.from(record.distances)),
      bytesOf(Float64Array.from(record.pooledDistances)),
      record.attributions?.layer ?? null,
      record.attributions === undefined ? null : bytesOf(Float64Array.from(record.attributions.distances)),
    );
    this.db.prepare("INSERT INTO embeddings VALUES (?, ?, ?, ?)")
      .run(id, embeddings.rows, embeddings.cols, bytesOf(Float32Array.from(embeddings.data)));
    this.#insertClustering(id, "profile", record.score);
    this.#insertClustering(id, "paper", record.paper);
    const insertBest = this.db.prepare("INSERT OR IGNORE INTO dataset_best VALUES (?, ?, ?, ?)"); // its own chunks come first
    record.datasetBest?.forEach(({ index, activation }, rank) => insertBest.run(id, rank, index, activation));
  }

  #insertClustering(id: number, rule: "profile" | "paper", record: ClusteringRecord | null): void {
    if (record === null) return;
    this.db.prepare("INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
      id,
      rule,
      record.I,
      record.K,
      record.C,
      record.D,
      record.S,
      JSON.stringify(record.theta),
      JSON.stringify(record.b),
    );
    const insertCluster = this.db.prepare("INSERT INTO clusters VALUES (?, ?, ?, ?)");
    record.assignments.forEach((cluster, image) => insertCluster.run(id, rule, image, cluster));
    const insertCandidate = this.db.prepare("INSERT INTO candidates VALUES (?, ?, ?, ?, ?)");
    for (const { k, criterion, inertia } of record.candidates) {
      insertCandidate.run(id, rule, k, Number.isNaN(criterion) ? null : criterion, inertia);
    }
  }

  /**
   * Has a thread tell every few seconds that the run is being written: for work that may take longer than a minute. Ends when
   * the run is closed.
   */
  keepLock(): void {
    this.#lock.keep();
  }

  /** Closes the file, removes its empty journal and releases the lock. */
  override close(): void {
    try {
      this.db.exec("PRAGMA busy_timeout = 0");
      this.db.exec("PRAGMA journal_mode = DELETE");
    } catch {
      // A reader is still there: an empty journal stays beside the file and means nothing.
    }
    super.close();
    this.#lock.release();
  }
}

function bytesOf(array: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function refuseContradiction(record: UnitRecord): void {
  const contradiction = contradictionIn(record);
  if (contradiction !== null) throw new RangeError(`unit ${unitName(record)}: ${contradiction}`);
}

/**
 * Opens a run for writing: creates it, or resumes the one that is there if it is the same. Where other kernels computed that
 * one, the manifest names both from the first commit on.
 *
 * @param directory the run's folder; created when missing.
 * @param manifest what the run is.
 * @returns the run, locked until it is closed or the process ends.
 * @throws {InputError} when the run there was made with other settings (saying which), another process writes it, or its
 *   file or folder cannot be used.
 */
export function openRun(directory: string, manifest: RunManifest, options: RunOptions = {}): Run {
  const file = join(directory, RUN_FILE);
  if (manifest.schema !== RUN_SCHEMA) throw new RangeError(`schema ${manifest.schema} is not ${RUN_SCHEMA}`);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new InputError(`run ${directory} cannot be created: ${messageOf(error)}; choose a folder that can be`);
  }
  const lock = lockRun(directory);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec(`PRAGMA busy_timeout = ${WRITER_MILLISECONDS}`);
    const exists = checkRunFile(db, file);
    if (exists) { // all of it before anything of the file is changed
      const there = new RunReader(directory, db);
      refuseOther(there, manifest);
      there.checkCommitted();
    }
    db.exec("PRAGMA journal_mode = TRUNCATE"); // folds a write-ahead journal that an older version left
    db.exec("PRAGMA synchronous = FULL"); // a job takes seconds: waiting for the disk once a job costs nothing
    if (options.maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${options.maxPages}`);
    if (!exists) createTables(db, manifest);
    else db.exec(CREATE_PARTS);
    return new Run(directory, db, lock, manifest.kernels);
  } catch (error) {
    db?.close();
    lock.release();
    throw storeError(error, file);
  }
}

/** Refuses a run of an older schema, or made with other settings. */
function refuseOther({ directory, schema, manifest: stored }: RunReader, manifest: RunManifest): void {
  if (schema < RUN_SCHEMA) {
    throw new InputError(
      `run ${directory} was made by an older polysem (schema ${schema}, this one writes ${RUN_SCHEMA}); ` +
        `convert it with \`deno task polysem migrate ${directory}\`, or use another run name with --run`,
    );
  }
  const differences = settingDifferences(stored, manifest);
  if (differences.length > 0) {
    throw new InputError(
      `run ${directory} was made with other settings: ${differences.join("; ")}; ` +
        `give the same settings to resume it, or another run name`,
    );
  }
}

/** Tables and manifest in one transaction, so that a process killed here leaves a file that counts as new. */
function createTables(db: DatabaseSync, manifest: RunManifest): void {
  db.exec("BEGIN IMMEDIATE");
  db.exec(CREATE_TABLES);
  const insert = db.prepare("INSERT INTO manifest VALUES (?, ?)");
  for (const [field, value] of Object.entries(manifest)) {
    if (value !== undefined) insert.run(field, JSON.stringify(value));
  }
  db.exec("COMMIT");
}
