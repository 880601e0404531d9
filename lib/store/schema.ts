/**
 * The format of a run file, `run.sqlite`: one SQLite database of the tables below.
 *
 * - `manifest`: one row per field of the run's manifest, the value as JSON.
 * - `jobs`: the committed jobs, and how long each took. Only these seconds, those of `dataset_chunks` and those of the next two
 *   tables differ between two executions of the same run.
 * - `job_parts`: the seconds that parts of a job took, by the names in `lib/cost.ts`.
 * - `run_parts`: the seconds of parts that belong to no job, added up over all executions, by the shard that they were for. Runs
 *   of earlier versions lack these two tables, or rows for jobs that those have done.
 * - `units`: one row per scored unit; `id` is its position in the whole plan, so that the order of commits leaves no trace;
 *   `score_low` and `score_high` are the interval of S, and `k1_share`, `k2_share` and `k3_share` how sure K is; all NULL
 *   where there is none, the shares also in runs that were converted from schema 3 or older. A layer's name may be any text.
 * - `images`: the activation of each image, evaluated without transforms.
 * - `pixels`: per unit, bytes R, G, B per pixel, row by row, image after image; compressed (zlib, RFC 1950).
 * - `distances`: per unit, LPIPS of image j to images 0 .. j - 1 for j = 1, 2, ..., and the squared distances of pooled
 *   features, and of attributions to a layer below, in the same order: little-endian float64. Runs that were converted from
 *   schema 1 have no pooled distances; attributions are NULL where the profile asks for none, or no layer below is known.
 * - `embeddings`: per unit, a row-major matrix of little-endian float32.
 * - `scores`, `clusters`, `candidates`: the clustering by the profile's stop and rule, and by the `paper` ones; theta and b
 *   are JSON matrices; a criterion that has no value for some k is NULL.
 * - `dataset_chunks`: the stretches of the dataset's test images whose activations are committed.
 * - `dataset_activations`: per chunk and layer, a row an image and a column a planned unit of the layer, units ascending:
 *   little-endian float32. `activation` is what the profile maximizes; `response` is taken after the nonlinearity, for layers
 *   whose units have several positions.
 * - `dataset_best`: the dataset's best images of every planned unit, best first; there once all chunks are. The first one's
 *   activation is the unit's highest over the dataset.
 *
 * Limits: the file is refused when its application id is another, its schema is newer, SQLite finds it damaged, or its tables are
 * not plain ones of these columns. No more pixels are decompressed than the images have.
 *
 * Schema 3 lacked the shares of K, and its intervals of S, made by another rule, need not hold S. Schema 1 lacked the interval
 * of S and pooled distances. Schemas 1 and 2 stored uncompressed images in a column `rgb` of
 * `images`, called the criterion `bic`, and stored only the highest activation on the dataset, in `units`.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";

/** Version of the tables; a run file of a higher one is refused. One of a lower one can be read; `migrateRun` converts it. */
export const RUN_SCHEMA = 4;

/** "poly" in ASCII: marks a SQLite file as a run. */
export const APPLICATION_ID = 0x706f6c79;

/** Test images in a chunk of the dataset; the last chunk has what is left. */
export const CHUNK_IMAGES = 2500;

/** How many of the dataset's best images are kept of each unit. */
export const BEST_IMAGES = 9;

export { RUN_FILE } from "../run_directory.ts";

/** Statements that make the tables of what parts took, which earlier versions did not know, where they are not there. */
export const CREATE_PARTS = `
CREATE TABLE IF NOT EXISTS job_parts (
  job INTEGER NOT NULL REFERENCES jobs,
  part TEXT NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (job, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run_parts (
  shard TEXT NOT NULL,
  part TEXT NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (shard, part)
) STRICT, WITHOUT ROWID;
`;

/** Statements that make an empty run file. */
export const CREATE_TABLES = `
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
  score_low REAL,
  score_high REAL,
  k1_share REAL,
  k2_share REAL,
  k3_share REAL,
  UNIQUE (layer, unit)
) STRICT;
CREATE TABLE images (
  unit_id INTEGER NOT NULL REFERENCES units,
  image INTEGER NOT NULL,
  activation REAL NOT NULL,
  PRIMARY KEY (unit_id, image)
) STRICT, WITHOUT ROWID;
CREATE TABLE pixels (unit_id INTEGER PRIMARY KEY REFERENCES units, rgb BLOB NOT NULL) STRICT;
CREATE TABLE distances (unit_id INTEGER PRIMARY KEY REFERENCES units, lpips BLOB NOT NULL, pooled BLOB NOT NULL,
  attribution_layer TEXT, attributions BLOB) STRICT;
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
  criterion REAL,
  inertia REAL NOT NULL,
  PRIMARY KEY (unit_id, rule, k)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE dataset_best (
  unit_id INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  dataset_index INTEGER NOT NULL,
  activation REAL NOT NULL,
  PRIMARY KEY (unit_id, rank)
) STRICT, WITHOUT ROWID;
${CREATE_PARTS}
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${RUN_SCHEMA};
`;

/** What SQLite says of a file that is none of a run's, or is no more. */
const DAMAGED =
  /not a database|malformed|no such (table|column)|unsupported file format|too large to be represented|incorrect type|corrupt/i;

/**
 * What a failure of SQLite means for the run, in one line. A damaged or foreign file and a place that cannot be opened or
 * written are wrong input; a full disk and failing hardware are failures while running.
 */
export function storeError(thrown: unknown, file: string): Error {
  if (thrown instanceof InputError) return thrown;
  const message = messageOf(thrown);
  if (thrown instanceof SyntaxError || DAMAGED.test(message)) {
    return new InputError(
      `${file} is damaged or not a run of polysem (${message}); restore it, or use another run name`,
    );
  }
  if (/unable to open|readonly|read-only|not authorized|is a directory/i.test(message)) {
    return new InputError(`${file} cannot be opened or written (${message}); check the folder and its permissions`);
  }
  if (/disk is full/i.test(message)) {
    return new Error(
      `${file} cannot grow: ${message}; committed jobs are kept, free space and run the same command again`,
      { cause: thrown },
    );
  }
  if (/disk I\/O error/i.test(message)) { // a full disk too, where memory of the journal is in a file
    return new Error(
      `${file} cannot be read or written: ${message}; committed jobs are kept, see that the disk has room and works, and run ` +
        "the same command again",
      { cause: thrown },
    );
  }
  if (/locked|busy/i.test(message)) {
    return new Error(`${file} is held by another process (${message}); try again when it is done`, { cause: thrown });
  }
  return new Error(`${file}: ${message}`, { cause: thrown });
}
