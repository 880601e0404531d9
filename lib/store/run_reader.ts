/**
 * Reading a run: what is committed, unit by unit and in sum. Works beside a running writer.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { inflateSync } from "node:zlib";
import { JOB_PARTS, type JobSeconds, PARTS, type PartSeconds, RUN_PARTS } from "../cost.ts";
import { InputError } from "../errors.ts";
import { type LayerSummary, plannedLayers, summarizeLayers, type UnitOverview, withDatasetFlag } from "../run_data.ts";
import { isInShard, jobsOfShard } from "../shards.ts";
import type {
  ClusteringRecord,
  DatasetChunk,
  DatasetImage,
  DatasetRecord,
  KShares,
  Matrix,
  RunManifest,
  ScoreInterval,
  ScoreParts,
  StopReason,
  UnitRecord,
} from "../types.ts";
import { wrongField } from "./check_manifest.ts";
import { checkSchema } from "./check_schema.ts";
import { contradictionIn, wrongNames, wrongParts } from "./check_unit.ts";
import { type ChunkRange, datasetChunks, plannedUnits, stacked } from "./dataset_chunks.ts";
import { lockRun } from "./lock.ts";
import { APPLICATION_ID, RUN_FILE, RUN_SCHEMA, storeError } from "./schema.ts";

type Row = Record<string, SQLOutputValue>;

/** A run in sum. */
export interface RunSummary {
  /** Jobs of this run's shard, and how many of them are committed. */
  readonly jobs: { readonly planned: number; readonly completed: number };
  /** Layers in the order of the plan; planned of each are the units of the whole plan, whatever the shard. */
  readonly layers: readonly LayerSummary[];
}

/** All that a run holds of one unit. */
export interface StoredUnit extends UnitRecord, DatasetRecord {}

/** What the test images of a run's dataset do to the planned units of one layer. */
export interface LayerActivations {
  /** The planned units, ascending: what the columns are. */
  readonly units: readonly number[];
  /** The activations that the profile maximizes, shape [N, units]. */
  readonly activations: Matrix;
  /** Activations after the nonlinearity; null for a layer of units at one place. */
  readonly responses: Matrix | null;
}

/** The committed part of a run. */
export class RunReader {
  #manifest: RunManifest;
  /** Version of the file's tables. */
  readonly schema: number;

  /**
   * @param directory the run's folder.
   * @param db the opened run file; the reader closes it.
   */
  constructor(readonly directory: string, protected readonly db: DatabaseSync) {
    this.#manifest = readManifest(db, this.file);
    this.schema = (db.prepare("PRAGMA user_version").get() as Row).user_version as number;
  }

  /** What the run is. */
  get manifest(): RunManifest {
    return this.#manifest;
  }

  /** Reads the manifest anew, after it was changed. */
  protected rereadManifest(): void {
    this.#manifest = readManifest(this.db, this.file);
  }

  /** Path of the run file. */
  get file(): string {
    return join(this.directory, RUN_FILE);
  }

  /** Runs a query or a transaction; what SQLite throws becomes one line about this file. */
  protected attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      const isOurs = error instanceof RangeError || error instanceof TypeError;
      throw isOurs && !isTooLarge(error) ? error : storeError(error, this.file);
    }
  }

  private all(sql: string, ...parameters: (string | number)[]): Row[] {
    return this.db.prepare(sql).all(...parameters) as Row[];
  }

  /**
   * Checks that every committed unit has all its parts, without reading what weighs.
   *
   * @throws {InputError} naming the first unit of which something is missing, which no writer leaves behind.
   */
  checkCommitted(): void {
    this.attempt(() => {
      this.db.exec("BEGIN"); // one state of the file, whatever a writer does meanwhile
      try {
        const units = this.all(countParts(this.schema));
        const found = new Set(units.map((row) => `${row.job}:${row.unit}`));
        const planned = new Set(
          this.manifest.jobs.flatMap(({ layer, units }, job) =>
            units.map((unit) => JSON.stringify([job, layer, unit]))
          ),
        );
        const jobs = this.completedJobs();
        const foreign = jobs.find((job) => !(job in this.manifest.jobs));
        if (foreign !== undefined) throw this.#damaged(`job ${foreign} is not in its plan`);
        for (const { job, layer, unit } of units) {
          if (!planned.has(JSON.stringify([job, layer, unit]))) {
            throw this.#damaged(`unit ${layer}:${unit} is not in its plan`);
          }
        }
        const chunks = new Set(datasetChunks(this.manifest).map(({ from, to }) => `${from}:${to}`));
        for (const { from, to } of this.completedChunks()) {
          if (!chunks.has(`${from}:${to}`)) {
            throw this.#damaged(`images ${from} to ${to} are no stretch of its dataset`);
          }
        }
        for (const job of jobs) {
          const { layer, units: ofJob } = this.manifest.jobs[job];
          const missing = ofJob.find((unit) => !found.has(`${job}:${unit}`));
          if (missing !== undefined) {
            throw this.#incomplete(layer, missing, "it is missing though its job is committed");
          }
        }
        for (const row of units) {
          const problem = missingPart(row);
          if (problem !== null) throw this.#incomplete(row.layer as string, row.unit as number, problem);
        }
        const [best] = this.all(
          "SELECT unit_id FROM dataset_best GROUP BY unit_id HAVING min(rank) <> 0 OR max(rank) + 1 <> count(*) LIMIT 1",
        );
        if (best !== undefined) {
          throw new InputError(
            `${this.file} lacks some of the dataset's best images; restore the file, or score into another run`,
          );
        }
      } finally {
        this.db.exec("ROLLBACK");
      }
    });
  }

  #damaged(what: string): InputError {
    return new InputError(`${this.file} is damaged: ${what}; restore the file, or score into another run`);
  }

  #incomplete(layer: string, unit: number, what: string): InputError {
    return new InputError(
      `${this.file}: unit ${layer}:${unit} is incomplete: ${what}; restore the file, or score into another run`,
    );
  }

  /** Indices of the committed jobs in the whole plan, ascending. */
  completedJobs(): number[] {
    return this.attempt(() => this.all("SELECT job FROM jobs ORDER BY job").map((row) => row.job as number));
  }

  #jobsOfShard(): number[] {
    return jobsOfShard(this.manifest.jobs.length, this.manifest.shard);
  }

  /** Indices of the jobs of this run's shard that are not committed, ascending. */
  pendingJobs(): number[] {
    const done = new Set(this.completedJobs());
    return this.#jobsOfShard().filter((job) => !done.has(job));
  }

  /** Seconds that a committed job took; null for another. */
  jobSeconds(job: number): number | null {
    const [row] = this.attempt(() => this.all("SELECT seconds FROM jobs WHERE job = ?", job));
    return row ? row.seconds as number : null;
  }

  /** The committed units in the order of the plan's layers, then of the unit; without images, distances and embeddings. */
  units(): UnitOverview[] {
    return this.attempt(() => {
      const activations = groupByUnit(this.all("SELECT unit_id, activation FROM images ORDER BY unit_id, image"));
      const scores = groupByUnit(this.all("SELECT unit_id, rule, I, K, C, D, S FROM scores"));
      const highest = this.#highestOfDataset();
      const order = new Map(plannedLayers(this.manifest.jobs).map(({ name }, index) => [name, index]));
      return this.all("SELECT * FROM units")
        .map((row): UnitOverview => {
          const id = row.id as number;
          const part = (rule: string) => {
            const score = scores.get(id)?.find((each) => each.rule === rule);
            return score ? scoreParts(score) : null;
          };
          const overview: UnitOverview = {
            layer: row.layer as string,
            unit: row.unit as number,
            stopReason: row.stop_reason as StopReason,
            flags: JSON.parse(row.flags as string),
            activations: (activations.get(id) ?? []).map((each) => each.activation as number),
            score: part("profile"),
            scoreInterval: scoreInterval(row),
            kShares: kShares(row),
            paper: part("paper"),
            meanAngle: row.mean_angle as number | null,
            datasetMax: highest.get(id) ?? null,
          };
          const scored = [overview.score, overview.paper].filter((each) => each !== null);
          const wrong = wrongNames(overview) ?? scored.map(wrongParts).find((each) => each !== null);
          if (wrong != null) throw this.#incomplete(overview.layer, overview.unit, wrong);
          return this.#withDataset(overview);
        })
        .sort((a, b) => order.get(a.layer)! - order.get(b.layer)! || a.unit - b.unit);
    });
  }

  /** Highest activations over the dataset, by the position of the unit in the plan. */
  #highestOfDataset(): Map<number, number> {
    const rows = this.schema < 3
      ? this.all("SELECT id, dataset_max AS activation FROM units WHERE dataset_max IS NOT NULL")
      : this.all("SELECT unit_id AS id, activation FROM dataset_best WHERE rank = 0");
    return new Map(rows.map((row) => [row.id as number, row.activation as number]));
  }

  /** A unit with the flag that follows from the dataset, which older files have stored. */
  #withDataset<T extends Pick<UnitOverview, "flags" | "score" | "activations" | "datasetMax">>(unit: T): T {
    return this.schema < 3 ? unit : { ...unit, flags: withDatasetFlag(unit.flags, unit) };
  }

  /**
   * All that is stored of one unit; null when it is not committed. Images come back as the bytes they were stored as, over
   * 255; everything else exactly as committed.
   *
   * @throws {InputError} when a part of the unit is missing or cut, which no writer leaves behind.
   */
  unit(layer: string, unit: number): StoredUnit | null {
    return this.attempt(() => {
      const [row] = this.all("SELECT * FROM units WHERE layer = ? AND unit = ?", layer, unit);
      if (!row) return null;
      const id = row.id as number;
      const incomplete = (what: string) => this.#incomplete(layer, unit, what);
      const activations = this.all("SELECT activation FROM images WHERE unit_id = ? ORDER BY image", id)
        .map((image) => image.activation as number);
      const [distances] = this.all("SELECT * FROM distances WHERE unit_id = ?", id);
      const [embeddings] = this.all("SELECT rows, cols, entries FROM embeddings WHERE unit_id = ?", id);
      if (distances === undefined) throw incomplete("it has no distances");
      if (embeddings === undefined) throw incomplete("it has no embeddings");
      const [height, width] = [row.height as number, row.width as number];
      const bytes = this.#pixels(id, activations.length * height * width * 3);
      if (bytes === null) throw incomplete("it has no pixels, or some that cannot be decompressed");
      const numbers = <T>(array: new (buffer: ArrayBuffer) => T, bytesEach: number, blob: SQLOutputValue): T => {
        const bytes = (blob as Uint8Array).slice();
        if (bytes.length % bytesEach !== 0) {
          throw incomplete(`${bytes.length} bytes are no numbers of ${bytesEach} each`);
        }
        return new array(bytes.buffer);
      };
      const doubles = (blob: SQLOutputValue) => Array.from(numbers(Float64Array, 8, blob));
      const datasetBest = this.all(
        "SELECT dataset_index, activation FROM dataset_best WHERE unit_id = ? ORDER BY rank",
        id,
      ).map((best): DatasetImage => ({
        index: best.dataset_index as number,
        activation: best.activation as number,
      }));
      const stored: StoredUnit = {
        layer,
        unit,
        stopReason: row.stop_reason as StopReason,
        flags: JSON.parse(row.flags as string),
        images: {
          count: activations.length,
          height,
          width,
          data: Float32Array.from(bytes, (byte) => byte / 255),
        },
        activations,
        distances: doubles(distances.lpips),
        pooledDistances: distances.pooled === undefined ? [] : doubles(distances.pooled), // schema 1 has none
        ...(distances.attributions == null ? {} : {
          attributions: {
            layer: distances.attribution_layer as string,
            distances: doubles(distances.attributions),
          },
        }),
        embeddings: {
          rows: embeddings.rows as number,
          cols: embeddings.cols as number,
          data: numbers(Float32Array, 4, embeddings.entries),
        },
        score: this.clustering(id, "profile"),
        scoreInterval: scoreInterval(row),
        kShares: kShares(row),
        paper: this.clustering(id, "paper"),
        meanAngle: row.mean_angle as number | null,
        datasetMax: this.schema < 3 ? row.dataset_max as number | null : datasetBest[0]?.activation ?? null,
        datasetBest,
      };
      const contradiction = contradictionIn(stored);
      if (contradiction !== null) throw incomplete(contradiction);
      return this.#withDataset(stored);
    });
  }

  /**
   * The bytes of a unit's images, image after image; null where there are none that can be read.
   *
   * @param expected how many there are to be: no more are decompressed.
   */
  #pixels(id: number, expected: number): Uint8Array | null {
    if (this.schema >= 3) {
      const [row] = this.all("SELECT rgb FROM pixels WHERE unit_id = ?", id);
      if (row === undefined) return null;
      const compressed = row.rgb as Uint8Array;
      if (expected > MANY_PIXELS && expected > MOST_RATIO * compressed.length) return null;
      try {
        return inflateSync(compressed, { maxOutputLength: Math.max(1, expected) });
      } catch {
        return null;
      }
    }
    const images = this.all("SELECT rgb FROM images WHERE unit_id = ? ORDER BY image", id)
      .map((image) => image.rgb as Uint8Array);
    const bytes = new Uint8Array(images.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const image of images) {
      bytes.set(image, at);
      at += image.length;
    }
    return bytes;
  }

  /** The stretches of the dataset's test images whose activations are committed, ascending. */
  completedChunks(): ChunkRange[] {
    if (this.schema < 3) return [];
    return this.attempt(() => this.all("SELECT first, count FROM dataset_chunks ORDER BY first"))
      .map((row) => ({ from: row.first as number, to: (row.first as number) + (row.count as number) }));
  }

  /** The stretches of the dataset's test images that are still to go through the network, ascending. */
  pendingChunks(): ChunkRange[] {
    if (this.schema < 3) return [];
    const done = new Set(this.completedChunks().map(({ from }) => from));
    return datasetChunks(this.manifest).filter(({ from }) => !done.has(from));
  }

  /**
   * Those of the pending stretches that are this run's where the dataset is divided among shards as jobs are: of the stretches,
   * counted from 0, number c is shard i's of n where c mod n = i.
   */
  pendingChunksOfShard(): ChunkRange[] {
    const done = new Set(this.completedChunks().map(({ from }) => from));
    return datasetChunks(this.manifest)
      .filter(({ from }, index) => isInShard(index, this.manifest.shard) && !done.has(from));
  }

  /** Seconds that a committed chunk took; null for another. */
  chunkSeconds({ from }: ChunkRange): number | null {
    const [row] = this.attempt(() => this.all("SELECT seconds FROM dataset_chunks WHERE first = ?", from));
    return row ? row.seconds as number : null;
  }

  /** A committed chunk. */
  chunk(range: ChunkRange): DatasetChunk {
    return {
      ...range,
      layers: plannedUnits(this.manifest.jobs).map(({ layer, units }) => ({
        layer,
        activations: this.#chunkMatrix(range, layer, "activation", units.length)!,
        responses: this.#chunkMatrix(range, layer, "response", units.length),
      })),
    };
  }

  #chunkMatrix({ from, to }: ChunkRange, layer: string, kind: string, cols: number): Matrix | null {
    return this.attempt(() => {
      const sql = "SELECT entries FROM dataset_activations WHERE first = ? AND layer = ? AND kind = ?";
      const row = this.db.prepare(sql).get(from, layer, kind) as Row | undefined;
      if (row === undefined) {
        if (kind === "response") return null;
        throw new InputError(
          `${this.file}: activations of ${layer} on the dataset are missing; restore the file, or use another run name`,
        );
      }
      const bytes = (row.entries as Uint8Array).slice();
      if (bytes.length !== 4 * (to - from) * cols) {
        throw new InputError(
          `${this.file}: activations of ${layer} on the dataset are cut; restore the file, or use another run name`,
        );
      }
      return { rows: to - from, cols, data: new Float32Array(bytes.buffer) };
    });
  }

  /**
   * What the whole dataset does to the planned units of a layer.
   *
   * @returns null while chunks are missing, for a run without a dataset, and for one of an older schema.
   * @throws {RangeError} when the plan has no such layer.
   */
  datasetActivations(layer: string): LayerActivations | null {
    const planned = plannedUnits(this.manifest.jobs).find((each) => each.layer === layer);
    if (planned === undefined) throw new RangeError(`layer ${layer} is not in the plan of run ${this.directory}`);
    const chunks = datasetChunks(this.manifest);
    if (chunks.length === 0 || this.completedChunks().length < chunks.length) return null;
    const { units } = planned;
    const parts = (kind: string) => chunks.map((range) => this.#chunkMatrix(range, layer, kind, units.length));
    const responses = parts("response").filter((part) => part !== null);
    if (responses.length > 0 && responses.length < chunks.length) {
      throw new InputError(
        `${this.file}: responses of ${layer} to the dataset are missing; restore the file, or use another run name`,
      );
    }
    return {
      units,
      activations: stacked(parts("activation").filter((part) => part !== null)),
      responses: responses.length === 0 ? null : stacked(responses),
    };
  }

  private clustering(id: number, rule: "profile" | "paper"): ClusteringRecord | null {
    const [row] = this.all("SELECT * FROM scores WHERE unit_id = ? AND rule = ?", id, rule);
    if (!row) return null;
    return {
      ...scoreParts(row),
      assignments: this.all("SELECT cluster FROM clusters WHERE unit_id = ? AND rule = ? ORDER BY image", id, rule)
        .map((each) => each.cluster as number),
      theta: JSON.parse(row.theta as string),
      b: JSON.parse(row.b as string),
      candidates: this.all(
        `SELECT k, ${this.schema < 3 ? "bic" : "criterion"} AS criterion, inertia FROM candidates
         WHERE unit_id = ? AND rule = ? ORDER BY k`,
        id,
        rule,
      )
        .map((each) => ({
          k: each.k as number,
          criterion: each.criterion === null ? NaN : each.criterion as number, // SQLite has no NaN
          inertia: each.inertia as number,
        })),
    };
  }

  /** Seconds that the parts of a committed job took; none where they were not measured. */
  jobParts(job: number): JobSeconds {
    if (!this.#hasParts()) return {};
    const rows = this.attempt(() => this.all("SELECT part, seconds FROM job_parts WHERE job = ?", job));
    return Object.fromEntries(rows.map(({ part, seconds }) => [part, seconds]));
  }

  /** Seconds of parts that belong to no job, by the shard that they were for, such as `0/2`. */
  runParts(): { readonly shard: string; readonly part: string; readonly seconds: number }[] {
    if (!this.#hasParts()) return [];
    return this.attempt(() => this.all("SELECT shard, part, seconds FROM run_parts ORDER BY shard, part"))
      .map((row) => ({ shard: row.shard as string, part: row.part as string, seconds: row.seconds as number }));
  }

  /** Runs of earlier versions, and those that were only read since, lack the tables of parts. */
  #hasParts(): boolean {
    const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name IN ('job_parts', 'run_parts')";
    return this.attempt(() => this.all(sql).length) === 2;
  }

  /**
   * Seconds that each part of the run took so far, over all executions, summed over threads. What jobs took beside their
   * parts, and the whole of jobs whose parts were not measured, is `other`.
   */
  partSeconds(): PartSeconds {
    const sums = (sql: string) =>
      new Map(this.attempt(() => this.all(sql)).map(({ part, seconds }) => [part as string, seconds as number]));
    const hasParts = this.#hasParts();
    const ofJobs = sums(hasParts ? "SELECT part, sum(seconds) AS seconds FROM job_parts GROUP BY part" : NO_SECONDS);
    const ofRun = sums(hasParts ? "SELECT part, sum(seconds) AS seconds FROM run_parts GROUP BY part" : NO_SECONDS);
    const wholes = sums(
      "SELECT 'jobs' AS part, total(seconds) AS seconds FROM jobs" +
        (this.schema < 3 ? "" : " UNION ALL SELECT 'dataset', total(seconds) FROM dataset_chunks"),
    );
    const measured = JOB_PARTS.reduce((total, part) => total + (ofJobs.get(part) ?? 0), 0);
    const all = new Map([
      ...[...JOB_PARTS].map((part) => [part, ofJobs.get(part)] as const),
      ...[...RUN_PARTS].map((part) => [part, ofRun.get(part)] as const),
      ["dataset", wholes.get("dataset")] as const,
      ["other", Math.max(0, wholes.get("jobs")! - measured)] as const,
    ]);
    return Object.fromEntries(PARTS.map((part) => [part, all.get(part) ?? 0])) as PartSeconds;
  }

  /** Seconds that the committed jobs of each layer took; a layer without one is not there. */
  layerSeconds(): Map<string, number> {
    const rows = this.attempt(() => this.all("SELECT layer, sum(seconds) AS seconds FROM jobs GROUP BY layer"));
    return new Map(rows.map((row) => [row.layer as string, row.seconds as number]));
  }

  /** The run in sum, layer by layer. */
  summary(): RunSummary {
    const { jobs, dataset } = this.manifest;
    const seconds = this.layerSeconds();
    const layers = plannedLayers(jobs).map((layer) => ({ ...layer, seconds: seconds.get(layer.name) ?? 0 }));
    return {
      jobs: { planned: this.#jobsOfShard().length, completed: this.completedJobs().length },
      layers: summarizeLayers(layers, this.units(), dataset !== null),
    };
  }

  /** Closes the run file. */
  close(): void {
    this.db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Pixel values from which a unit's images are checked for being too well compressed. */
const MANY_PIXELS = 2 ** 27;
/** How many times smaller than they are so many images can honestly be; those of one colour get a thousand times smaller. */
const MOST_RATIO = 100;

/** Whether SQLite found an integer that no number of JavaScript holds. */
function isTooLarge(error: Error): boolean {
  return (error as Error & { code?: unknown }).code === "ERR_OUT_OF_RANGE";
}

/** A query of seconds by part that finds none. */
const NO_SECONDS = "SELECT '' AS part, 0.0 AS seconds WHERE FALSE";

/** Counts the parts of every unit. */
const countParts = (schema: number) => `
  SELECT job, layer, unit, stop_reason,
    (SELECT count(*) FROM images WHERE unit_id = id) AS images,
    (SELECT rows FROM embeddings WHERE unit_id = id) AS embeddings,
    (SELECT count(*) FROM distances WHERE unit_id = id) AS distances,
    (SELECT count(*) FROM scores WHERE unit_id = id) AS scores,
    ${schema < 3 ? "1" : "(SELECT count(*) FROM pixels WHERE unit_id = id)"} AS pixels
  FROM units ORDER BY id`;

/** What a unit lacks, by the numbers of its parts; null where it is whole as far as they tell. */
function missingPart({ images, embeddings, distances, scores, pixels }: Row): string | null {
  if (distances === 0) return "it has no distances";
  if (embeddings === null) return "it has no embeddings";
  if (pixels === 0) return "it has no pixels, or some that cannot be decompressed";
  if (scores !== 0 && scores !== 2) return "one of the two scores is missing";
  if (scores === 0 && embeddings !== 0) return "it has embeddings and no score";
  if (embeddings !== 0 && embeddings !== images) return `${images} activations of ${embeddings} embedded images`;
  return null;
}

function scoreParts(row: Row): ScoreParts {
  return {
    I: row.I as number,
    K: row.K as number,
    C: row.C as number | null,
    D: row.D as number,
    S: row.S as number | null,
  };
}

/** The interval of a unit; schema 1 has no such columns. */
function scoreInterval({ score_low: low, score_high: high }: Row): ScoreInterval | null {
  return typeof low === "number" && typeof high === "number" ? { low, high } : null;
}

/** How sure the K of a unit is; older schemas have no such columns. */
function kShares({ k1_share: K1, k2_share: K2, k3_share: K3 }: Row): KShares | null {
  return typeof K1 === "number" && typeof K2 === "number" && typeof K3 === "number" ? { K1, K2, K3 } : null;
}

function groupByUnit(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.unit_id as number);
    if (group) group.push(row);
    else groups.set(row.unit_id as number, [row]);
  }
  return groups;
}

function readManifest(db: DatabaseSync, file: string): RunManifest {
  const fields = db.prepare("SELECT field, value FROM manifest ORDER BY rowid").all() as {
    field: string;
    value: string;
  }[];
  const manifest = Object.fromEntries(fields.map(({ field, value }) => [field, JSON.parse(value)]));
  const wrong = wrongField(manifest);
  if (wrong !== null) {
    throw new InputError(
      `${file} has no complete manifest: its ${wrong} is missing or not what it must be; restore it, or use another run name`,
    );
  }
  return manifest as unknown as RunManifest;
}

/**
 * Checks that an opened database is a run of a schema that this version reads.
 *
 * @returns whether it holds a run; false for a database with nothing in it yet.
 * @throws {InputError} when it is damaged, something else, or of a newer schema.
 */
export function checkRunFile(db: DatabaseSync, file: string): boolean {
  const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() as Row)[0];
  const tables = (db.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as Row).count as number;
  if (tables === 0) return false;
  if (pragma("application_id") !== APPLICATION_ID) {
    throw new InputError(`${file} is a database of something else, not a run of polysem; use another run name`);
  }
  const schema = pragma("user_version") as number;
  if (schema > RUN_SCHEMA) {
    throw new InputError(
      `${file} was made by a newer polysem (schema ${schema}, this one reads up to ${RUN_SCHEMA}); update polysem`,
    );
  }
  checkSchema(db, file);
  const check = pragma("quick_check(1)");
  if (check !== "ok") {
    throw new InputError(
      `${file} is damaged (${String(check).replaceAll("\n", " ")}); restore it, or use another run name`,
    );
  }
  return true;
}

/** SQLite's code where a killed writer's journal is to be rolled back and the file was opened for reading. */
const ROLLBACK_NEEDED = 776;

/** How long a reader waits for a commit, which itself may wait for another reader. */
const READER_MILLISECONDS = 60_000;

/**
 * Opens a run for reading, also while another process writes it. What a killed writer left half written is taken back first, for
 * which the folder must be writable.
 *
 * @param directory the run's folder.
 * @throws {InputError} when there is no run, or its file is damaged, of something else or of a newer schema.
 */
export function readRun(directory: string): RunReader {
  const file = join(directory, RUN_FILE);
  if (!existsSync(file)) throw new InputError(`there is no run in ${directory}: it has no ${RUN_FILE}; check the name`);
  let db: DatabaseSync | undefined;
  try {
    db = openForReading(file);
    try {
      db.prepare("SELECT count(*) FROM sqlite_schema").get();
    } catch (error) {
      if (!needsRollback(error)) throw error;
      db.close();
      rollBack(directory);
      db = openForReading(file);
    }
    if (!checkRunFile(db, file)) {
      throw new InputError(`the run in ${directory} has not begun: ${RUN_FILE} is empty; start it with score-all`);
    }
    const run = new RunReader(directory, db);
    run.checkCommitted();
    return run;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw storeError(error, file);
  }
}

/** Opens a run's file without a look into it. */
function openForReading(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true });
  db.exec(`PRAGMA busy_timeout = ${READER_MILLISECONDS}`);
  return db;
}

function needsRollback(error: unknown): boolean {
  return (error as { errcode?: unknown }).errcode === ROLLBACK_NEEDED;
}

/** Takes back what a killed writer had begun: SQLite does, when it opens the file for writing. */
function rollBack(directory: string): void {
  const lock = lockRun(directory);
  try {
    using db = new DatabaseSync(join(directory, RUN_FILE));
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
  } finally {
    lock.release();
  }
}
