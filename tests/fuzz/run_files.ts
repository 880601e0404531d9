/**
 * Mutations of a run file: of its rows by type, of its tables and of its bytes.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { deflateSync } from "node:zlib";
import { mutateBytes } from "./bytes.ts";
import { type Bytes, type Draw, ODD_NUMBERS, ODD_TEXTS } from "./draw.ts";
import { type Json, mutatedJsonText } from "./values.ts";

type Cell = number | bigint | string | null | Bytes;

/** A value for a column, of its type or of another. */
function oddCell(old: Cell, draw: Draw): Cell {
  if (typeof old === "string" && draw.chance(70)) {
    if (!/^[\[{"\d]/.test(old)) return draw.pick(ODD_TEXTS);
    try {
      return mutatedJsonText(JSON.parse(old) as Json, draw);
    } catch {
      return draw.pick(ODD_TEXTS);
    }
  }
  if (old instanceof Uint8Array && draw.chance(70)) {
    return draw.chance(20)
      ? deflateSync(new Uint8Array(draw.pick([0, 1, 18, 1e6, 1e8])))
      : mutateBytes(old, [old], draw);
  }
  if (draw.chance(60)) {
    const number = draw.pick(ODD_NUMBERS);
    return Number.isInteger(number) && Math.abs(number) < 2 ** 63 ? BigInt(number) : number;
  }
  return draw.pick<Cell>([null, "", "x", new Uint8Array(3), ...ODD_TEXTS]);
}

/** Statements on the tables as a whole. */
const STATEMENTS: readonly string[] = [
  "CREATE VIEW extra AS SELECT 1",
  "CREATE TRIGGER extra AFTER INSERT ON jobs BEGIN DELETE FROM units; END",
  "ALTER TABLE units RENAME TO others; CREATE VIEW units AS SELECT * FROM others",
  "DROP TABLE manifest; CREATE VIEW manifest AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) " +
  "SELECT 'jobs' AS field, '[]' AS value FROM c WHERE x < 0",
  "ALTER TABLE units RENAME TO others; CREATE TABLE units AS SELECT * FROM others",
  "ALTER TABLE images RENAME TO others; CREATE TABLE images (unit_id, image, activation AS (hex(zeroblob(9)))); ",
  "ALTER TABLE units ADD COLUMN extra TEXT DEFAULT 'x'",
  "ALTER TABLE units DROP COLUMN mean_angle",
  "ALTER TABLE units RENAME COLUMN flags TO marks",
  "CREATE INDEX extra ON units (hex(layer))",
  "CREATE TABLE extra (a CHECK (length(hex(zeroblob(1000000))) > 0))",
  "CREATE VIRTUAL TABLE extra USING fts5(a)",
  "PRAGMA user_version = 1",
  "PRAGMA user_version = 2",
  "PRAGMA user_version = 3",
  "PRAGMA user_version = -1",
  "PRAGMA user_version = 5",
  "PRAGMA application_id = 0",
];

/** A run file with some of its content changed. */
export function mutateRunFile(path: string, bytes: Bytes, others: readonly Bytes[], draw: Draw): Bytes {
  if (draw.chance(25)) return mutateBytes(bytes, others, draw);
  Deno.writeFileSync(path, bytes);
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF");
    db.exec("PRAGMA ignore_check_constraints = ON");
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").all()
      .map(({ name }) => String(name));
    for (let times = 1 + draw.below(2); times > 0; times--) {
      const table = draw.chance(35) ? "manifest" : draw.pick(tables);
      try {
        // what a statement makes of the tables is for the reader alone: it may never end
        if (times === 1 && draw.chance(15)) db.exec(draw.pick(STATEMENTS));
        else mutateTable(db, table, draw);
      } catch {
        // STRICT tables take no other types, and keys are there once: the file stays as it is
      }
    }
  } finally {
    db.close();
  }
  const mutant = Deno.readFileSync(path);
  return draw.chance(5) ? mutateBytes(mutant, others, draw) : mutant;
}

function mutateTable(db: DatabaseSync, table: string, draw: Draw): void {
  const what = draw.below(99);
  if (what < 10) { // rows of any type from now on
    const [{ sql }] = db.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").all(table);
    const loose = String(sql).replaceAll(/STRICT,? ?/g, "").replaceAll("NOT NULL", "").replace(/,?\s*$/, "");
    db.exec(
      `ALTER TABLE ${table} RENAME TO others; ${loose}; INSERT INTO ${table} SELECT * FROM others; DROP TABLE others`,
    );
  }
  const columns = db.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => String(name));
  const statement = db.prepare(`SELECT * FROM ${table}`);
  statement.setReadBigInts(true);
  const rows = statement.all() as Record<string, Cell>[];
  if (rows.length === 0) return;
  const row = rows[draw.below(rows.length - 1)];
  const where = columns.map((name) => `${name} IS ?`).join(" AND ");
  const old = columns.map((name) => row[name]);
  if (what < 30) {
    db.prepare(`DELETE FROM ${table} WHERE ${draw.chance(70) ? where : "1 OR " + where}`).run(...old);
    return;
  }
  const column = draw.pick(columns);
  const cell = oddCell(row[column], draw);
  if (what < 38) {
    const fresh = columns.map((name) => name === column ? cell : row[name]);
    db.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => "?").join(", ")})`).run(...fresh);
    return;
  }
  db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(cell, ...old);
}
