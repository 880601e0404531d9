/**
 * Run files as older versions wrote them: their own statements, filled by hand. Schema 1 is that of commit 3053677, schema 2
 * that of 35b95bf, schema 3 that of ad44765.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deflateSync } from "node:zlib";
import type { ClusteringRecord, DatasetChunk, DatasetRecord, RunManifest, UnitRecord } from "../../lib/types.ts";

/** Schemas that this version reads and does not write. */
export type OldSchema = 1 | 2 | 3;

/** A unit as older versions knew it, with what the dataset does to it; schemas 1 and 2 stored that as a part of the unit. */
export type OldUnit = UnitRecord & DatasetRecord;

const CREATE_TABLES_OF_3 = `
CREATE TABLE pixels (unit_id INTEGER PRIMARY KEY REFERENCES units, rgb BLOB NOT NULL) STRICT;
CREATE TABLE dataset_chunks (
  first INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  seconds REAL NOT NULL
) STRICT;
CREATE TABLE dataset_activations (
  first INTEGER NOT NULL REFERENCES dataset_chunks,
  layer TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('activation', 'response')),
  entries BLOB NOT NULL,
  PRIMARY KEY (first, layer, kind)
) STRICT;
`;

const CREATE_TABLES = (schema: OldSchema) => `
CREATE TABLE manifest (field TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE jobs (job INTEGER PRIMARY KEY, layer TEXT NOT NULL, units TEXT NOT NULL, seconds REAL NOT NULL) STRICT;
CREATE TABLE units (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES jobs,
  layer TEXT NOT NULL,
  unit INTEGER NOT NULL,
  stop_reason TEXT NOT NULL,
  flags TEXT NOT NULL,
  height INTEGER NOT NULL,
  width INTEGER NOT NULL,
  mean_angle REAL,
  ${schema === 3 ? "" : "dataset_max REAL,"}
  ${schema === 1 ? "" : "score_low REAL, score_high REAL,"}
  UNIQUE (layer, unit)
) STRICT;
CREATE TABLE images (
  unit_id INTEGER NOT NULL REFERENCES units,
  image INTEGER NOT NULL,
  activation REAL NOT NULL,
  ${schema === 3 ? "" : "rgb BLOB NOT NULL,"}
  PRIMARY KEY (unit_id, image)
) STRICT;
${schema === 3 ? CREATE_TABLES_OF_3 : ""}
CREATE TABLE distances (
  unit_id INTEGER PRIMARY KEY REFERENCES units,
  lpips BLOB NOT NULL${schema === 1 ? "" : ", pooled BLOB NOT NULL"}
) STRICT;
CREATE TABLE embeddings (
  unit_id INTEGER PRIMARY KEY REFERENCES units,
  rows INTEGER NOT NULL,
  cols INTEGER NOT NULL,
  entries BLOB NOT NULL
) STRICT;
CREATE TABLE scores (
  unit_id INTEGER NOT NULL REFERENCES units,
  rule TEXT NOT NULL CHECK (rule IN ('profile', 'paper')),
  I INTEGER NOT NULL,
  K INTEGER NOT NULL,
  C REAL,
  D REAL NOT NULL,
  S REAL,
  theta TEXT NOT NULL,
  b TEXT NOT NULL,
  PRIMARY KEY (unit_id, rule)
) STRICT, WITHOUT ROWID;
CREATE TABLE clusters (
  unit_id INTEGER NOT NULL REFERENCES units,
  rule TEXT NOT NULL,
  image INTEGER NOT NULL,
  cluster INTEGER NOT NULL,
  PRIMARY KEY (unit_id, rule, image)
) STRICT, WITHOUT ROWID;
CREATE TABLE candidates (
  unit_id INTEGER NOT NULL REFERENCES units,
  rule TEXT NOT NULL,
  k INTEGER NOT NULL,
  ${schema === 3 ? "criterion" : "bic"} REAL,
  inertia REAL NOT NULL,
  PRIMARY KEY (unit_id, rule, k)
) STRICT, WITHOUT ROWID;
CREATE TABLE dataset_best (
  unit_id INTEGER NOT NULL REFERENCES units,
  rank INTEGER NOT NULL,
  dataset_index INTEGER NOT NULL,
  activation REAL NOT NULL,
  PRIMARY KEY (unit_id, rank)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${0x706f6c79};
PRAGMA user_version = ${schema};
`;

/** The manifest as an older version stated it: its own schema, and before schema 3 no number of the dataset's images. */
export function oldManifest(manifest: RunManifest, schema: OldSchema): RunManifest {
  const { dataset } = manifest;
  if (schema === 3) return { ...manifest, schema };
  return { ...manifest, schema, dataset: dataset && { name: dataset.name, sha256: dataset.sha256 } };
}

/** What is left of a unit in a file of an older schema: none has shares of K, schema 1 no interval and no pooled distances. */
export function asStored(unit: OldUnit, schema: OldSchema): OldUnit {
  return { ...unit, kShares: null, ...(schema === 1 && { scoreInterval: null, pooledDistances: [] }) };
}

/**
 * Writes a run file of an older schema.
 *
 * @param jobs the committed jobs by their index in the plan, each with its units and the seconds it took.
 * @returns the open database, in the journal mode that a run has while it is written.
 */
export function openOldRun(
  folder: string,
  manifest: RunManifest,
  schema: OldSchema,
  jobs: ReadonlyMap<number, { readonly units: readonly OldUnit[]; readonly seconds: number }>,
): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(join(folder, "run.sqlite"));
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(CREATE_TABLES(schema));
  const insertField = db.prepare("INSERT INTO manifest VALUES (?, ?)");
  for (const [field, value] of Object.entries(oldManifest(manifest, schema))) {
    insertField.run(field, JSON.stringify(value));
  }
  const ids = manifest.jobs.flatMap(({ layer, units }) => units.map((unit) => `${layer}:${unit}`));
  for (const [job, { units, seconds }] of jobs) {
    const planned = manifest.jobs[job];
    db.prepare("INSERT INTO jobs VALUES (?, ?, ?, ?)").run(job, planned.layer, JSON.stringify(planned.units), seconds);
    for (const unit of units) insertUnit(db, ids.indexOf(`${unit.layer}:${unit.unit}`), job, unit, schema);
  }
  return db;
}

/** Writes a chunk of the dataset into an open run file of schema 3. */
export function insertOldChunk(db: DatabaseSync, { from, to, layers }: DatasetChunk, seconds: number): void {
  db.prepare("INSERT INTO dataset_chunks VALUES (?, ?, ?)").run(from, to - from, seconds);
  const insert = db.prepare("INSERT INTO dataset_activations VALUES (?, ?, ?, ?)");
  for (const { layer, activations, responses } of layers) {
    for (const [kind, matrix] of [["activation", activations], ["response", responses]] as const) {
      if (matrix !== null) insert.run(from, layer, kind, new Uint8Array(Float32Array.from(matrix.data).buffer));
    }
  }
}

/** Writes a run file of an older schema and closes it, as a run is that was not cut off. */
export function writeOldRun(...parameters: Parameters<typeof openOldRun>): void {
  const db = openOldRun(...parameters);
  db.exec("PRAGMA journal_mode = DELETE");
  db.close();
}

function insertUnit(db: DatabaseSync, id: number, job: number, unit: OldUnit, schema: OldSchema): void {
  const insert = (table: string, ...values: (number | string | null | Uint8Array)[]) =>
    db.prepare(`INSERT INTO ${table} VALUES (${values.map(() => "?").join(", ")})`).run(...values);
  const { images, embeddings, scoreInterval } = unit;
  const bytes = (array: Float32Array | Float64Array) => new Uint8Array(array.slice().buffer);
  insert(
    "units",
    id,
    job,
    unit.layer,
    unit.unit,
    unit.stopReason,
    JSON.stringify(schema === 3 ? unit.flags.filter((flag) => flag !== "dataset_higher") : unit.flags),
    images.height,
    images.width,
    unit.meanAngle,
    ...(schema === 3 ? [] : [unit.datasetMax]),
    ...(schema === 1 ? [] : [scoreInterval?.low ?? null, scoreInterval?.high ?? null]),
  );
  const perImage = images.height * images.width * 3;
  unit.activations.forEach((activation, i) => {
    const rgb = Uint8Array.from(images.data.slice(i * perImage, (i + 1) * perImage), (v) => Math.round(255 * v));
    insert("images", id, i, activation, ...(schema === 3 ? [] : [rgb]));
  });
  if (schema === 3) insert("pixels", id, deflateSync(Uint8Array.from(images.data, (v) => Math.round(255 * v))));
  const pooled = schema === 1 ? [] : [bytes(Float64Array.from(unit.pooledDistances))];
  insert("distances", id, bytes(Float64Array.from(unit.distances)), ...pooled);
  insert("embeddings", id, embeddings.rows, embeddings.cols, bytes(Float32Array.from(embeddings.data)));
  unit.datasetBest.forEach(({ index, activation }, rank) => insert("dataset_best", id, rank, index, activation));
  for (const [rule, record] of [["profile", unit.score], ["paper", unit.paper]] as const) {
    if (record !== null) insertClustering(rule, record);
  }

  function insertClustering(
    rule: string,
    { I, K, C, D, S, theta, b, assignments, candidates }: ClusteringRecord,
  ): void {
    insert("scores", id, rule, I, K, C, D, S, JSON.stringify(theta), JSON.stringify(b));
    assignments.forEach((cluster, image) => insert("clusters", id, rule, image, cluster));
    for (const { k, criterion, inertia } of candidates) {
      insert("candidates", id, rule, k, Number.isNaN(criterion) ? null : criterion, inertia);
    }
  }
}
