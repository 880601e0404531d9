/**
 * Reading a run: what is committed, unit by unit and in sum. Works beside a running writer.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { InputError } from "../errors.ts";
import { type LayerSummary, plannedLayers, summarizeLayers, type UnitOverview } from "../run_data.ts";
import { jobsOfShard } from "../shards.ts";
import type { ClusteringRecord, RunManifest, ScoreInterval, ScoreParts, StopReason, UnitRecord } from "../types.ts";
import { APPLICATION_ID, RUN_FILE, RUN_SCHEMA, storeError } from "./schema.ts";

type Row = Record<string, SQLOutputValue>;

/** A run in sum. */
export interface RunSummary {
  /** Jobs of this run's shard, and how many of them are committed. */
  readonly jobs: { readonly planned: number; readonly completed: number };
  /** Layers in the order of the plan; planned of each are the units of the whole plan, whatever the shard. */
  readonly layers: readonly LayerSummary[];
}

/** The committed part of a run. */
export class RunReader {
  /** What the run is. */
  readonly manifest: RunManifest;

  /**
   * @param directory the run's folder.
   * @param db the opened run file; the reader closes it.
   */
  constructor(readonly directory: string, protected readonly db: DatabaseSync) {
    this.manifest = readManifest(db, this.file);
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
      if (error instanceof RangeError || error instanceof TypeError) throw error;
      throw storeError(error, this.file);
    }
  }

  private all(sql: string, ...parameters: (string | number)[]): Row[] {
    return this.db.prepare(sql).all(...parameters) as Row[];
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
      const order = new Map(plannedLayers(this.manifest.jobs).map(({ name }, index) => [name, index]));
      return this.all("SELECT * FROM units")
        .map((row): UnitOverview => {
          const id = row.id as number;
          const part = (rule: string) => {
            const score = scores.get(id)?.find((each) => each.rule === rule);
            return score ? scoreParts(score) : null;
          };
          return {
            layer: row.layer as string,
            unit: row.unit as number,
            stopReason: row.stop_reason as StopReason,
            flags: JSON.parse(row.flags as string),
            activations: (activations.get(id) ?? []).map((each) => each.activation as number),
            score: part("profile"),
            scoreInterval: scoreInterval(row),
            paper: part("paper"),
            meanAngle: row.mean_angle as number | null,
            datasetMax: row.dataset_max as number | null,
          };
        })
        .sort((a, b) => order.get(a.layer)! - order.get(b.layer)! || a.unit - b.unit);
    });
  }

  /**
   * All that is stored of one unit; null when it is not committed. Images come back as the bytes they were stored as, over
   * 255; everything else exactly as committed.
   */
  unit(layer: string, unit: number): UnitRecord | null {
    return this.attempt(() => {
      const [row] = this.all("SELECT * FROM units WHERE layer = ? AND unit = ?", layer, unit);
      if (!row) return null;
      const id = row.id as number;
      const images = this.all("SELECT activation, rgb FROM images WHERE unit_id = ? ORDER BY image", id);
      const [distances] = this.all("SELECT * FROM distances WHERE unit_id = ?", id);
      const [embeddings] = this.all("SELECT rows, cols, entries FROM embeddings WHERE unit_id = ?", id);
      const [height, width] = [row.height as number, row.width as number];
      const pixels = new Float32Array(images.length * height * width * 3);
      images.forEach((image, i) => {
        const offset = i * height * width * 3;
        (image.rgb as Uint8Array).forEach((byte, j) => pixels[offset + j] = byte / 255);
      });
      return {
        layer,
        unit,
        stopReason: row.stop_reason as StopReason,
        flags: JSON.parse(row.flags as string),
        images: { count: images.length, height, width, data: pixels },
        activations: images.map((image) => image.activation as number),
        distances: numbersOf(distances.lpips),
        pooledDistances: distances.pooled === undefined ? [] : numbersOf(distances.pooled), // schema 1 has none
        embeddings: {
          rows: embeddings.rows as number,
          cols: embeddings.cols as number,
          data: new Float32Array((embeddings.entries as Uint8Array).slice().buffer),
        },
        score: this.clustering(id, "profile"),
        scoreInterval: scoreInterval(row),
        paper: this.clustering(id, "paper"),
        meanAngle: row.mean_angle as number | null,
        datasetMax: row.dataset_max as number | null,
        datasetBest: this.all(
          "SELECT dataset_index, activation FROM dataset_best WHERE unit_id = ? ORDER BY rank",
          id,
        ).map((best) => ({ index: best.dataset_index as number, activation: best.activation as number })),
      };
    });
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
      candidates: this.all("SELECT k, bic, inertia FROM candidates WHERE unit_id = ? AND rule = ? ORDER BY k", id, rule)
        .map((each) => ({
          k: each.k as number,
          bic: each.bic === null ? NaN : each.bic as number, // SQLite has no NaN
          inertia: each.inertia as number,
        })),
    };
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

function numbersOf(blob: SQLOutputValue): number[] {
  return Array.from(new Float64Array((blob as Uint8Array).slice().buffer));
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
  if (!Array.isArray(manifest.jobs) || typeof manifest.shard !== "object") {
    throw new InputError(`${file} has no complete manifest; restore it, or use another run name`);
  }
  return manifest as RunManifest;
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
  const check = pragma("quick_check(1)");
  if (check !== "ok") {
    throw new InputError(
      `${file} is damaged (${String(check).replaceAll("\n", " ")}); restore it, or use another run name`,
    );
  }
  return true;
}

/**
 * Opens a run for reading, also while another process writes it.
 *
 * @param directory the run's folder.
 * @throws {InputError} when there is no run, or its file is damaged, of something else or of a newer schema.
 */
export function readRun(directory: string): RunReader {
  const file = join(directory, RUN_FILE);
  if (!existsSync(file)) throw new InputError(`there is no run in ${directory}: it has no ${RUN_FILE}; check the name`);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    db.exec("PRAGMA busy_timeout = 10000");
    if (!checkRunFile(db, file)) {
      throw new InputError(`the run in ${directory} has not begun: ${RUN_FILE} is empty; start it with score-all`);
    }
    return new RunReader(directory, db);
  } catch (error) {
    db?.close();
    throw storeError(error, file);
  }
}
