/**
 * Whether the tables of a database are those of a run: plain ones, of columns whose types SQLite keeps to. A file of a stranger may
 * have anything in their place, such as a view that computes without end.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../errors.ts";
import { CREATE_TABLES } from "./schema.ts";

/** Columns that older schemas had, as `table.column`, with their types. */
const FORMER: Readonly<Record<string, string>> = {
  "images.rgb": "BLOB",
  "candidates.bic": "REAL",
  "units.dataset_max": "REAL",
};

/** What a CHECK of our own tables says; nobody else's expression is computed. */
const OWN_CHECKS = [/CHECK \(rule IN \('profile', 'paper'\)\)/g, /CHECK \(kind IN \('activation', 'response'\)\)/g];

/** Words of a table's statement that make SQLite compute something. */
const COMPUTED = /\b(CHECK|GENERATED|DEFAULT|COLLATE|VIRTUAL|AS)\b/i;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly hidden: number;
}

function columnsOf(db: DatabaseSync, table: string): Column[] {
  return db.prepare('SELECT name, type, "notnull", hidden FROM pragma_table_xinfo(?)').all(
    table,
  ) as unknown as Column[];
}

let expected: ReadonlyMap<string, Column> | undefined;

/** The columns of the present schema, as `table.column`. */
function expectedColumns(): ReadonlyMap<string, Column> {
  if (expected !== undefined) return expected;
  const db = new DatabaseSync(":memory:");
  try {
    db.exec(CREATE_TABLES);
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(({ name }) =>
      String(name)
    );
    expected = new Map(
      tables.flatMap((table) => columnsOf(db, table).map((column) => [`${table}.${column.name}`, column] as const)),
    );
    return expected;
  } finally {
    db.close();
  }
}

/**
 * Checks the tables before anything is read of them. SQLite's own check, which comes next, then holds every value to its type.
 *
 * @throws {InputError} naming the first table that is none of a run's.
 */
export function checkSchema(db: DatabaseSync, file: string): void {
  const refuse = (what: string): never => {
    throw new InputError(`${file} is damaged or not a run of polysem: ${what}; restore it, or use another run name`);
  };
  const entries = db.prepare("SELECT type, name, sql FROM sqlite_schema").all() as {
    type: string;
    name: string;
    sql: string | null;
  }[];
  for (const { type, name, sql } of entries) {
    if (type === "index" && sql === null) continue; // SQLite's own, of a key
    if (type !== "table") refuse(`it has the ${type} ${name}`);
    if (COMPUTED.test(OWN_CHECKS.reduce((rest, check) => rest.replace(check, ""), String(sql)))) {
      refuse(`its table ${name} computes what it holds`);
    }
    if (!/\bSTRICT\b/.test(String(sql))) refuse(`its table ${name} takes values of any type`);
    for (const column of columnsOf(db, name)) checkColumn(name, column, refuse);
  }
}

function checkColumn(table: string, { name, type, notnull, hidden }: Column, refuse: (what: string) => never): void {
  const key = `${table}.${name}`;
  const own = expectedColumns().get(key);
  if (hidden !== 0) refuse(`its column ${key} is computed`);
  if (own === undefined) {
    if ((FORMER[key] ?? type) !== type) refuse(`its column ${key} is of type ${type}`);
    return;
  }
  if (own.type !== type || notnull < own.notnull) refuse(`its column ${key} is of type ${type}`);
}
