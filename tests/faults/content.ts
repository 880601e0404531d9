/**
 * What the files of a result say, for comparing two of them: all but the time that things took.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/** Parts of a result by name, each as a hash of what it says. */
export type Content = ReadonlyMap<string, string>;

const hashOf = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

/** Names of parts that differ between two results, those that only one has among them. */
export function differences(a: Content, b: Content): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).sort();
}

/** Files as they are, by their names in a folder. */
export function fileContent(folder: string, names: readonly string[]): Content {
  return new Map(names.map((name) => [name, hashOf(Deno.readFileSync(join(folder, name)))]));
}

/** Tables of a run that say only how long something took: no two executions take as long. */
const TIMES = ["job_parts", "run_parts"];
/** Column of other tables that says so. */
const TIME = "seconds";

/**
 * The tables of a run file, row by row in the order of their keys, and what SQLite keeps about them.
 *
 * @param times whether what took how long is a part, as where it was copied and not measured.
 */
export function databaseContent(file: string, times = false): Content {
  using db = new DatabaseSync(file);
  const content = new Map<string, string>();
  for (const pragma of ["application_id", "user_version", "integrity_check"]) {
    content.set(pragma, JSON.stringify(db.prepare(`PRAGMA ${pragma}`).all()));
  }
  const tables = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  for (const { name, sql } of tables as { name: string; sql: string }[]) {
    content.set(`definition of ${name}`, sql);
    if (TIMES.includes(name) && !times) continue;
    const columns = db.prepare(`PRAGMA table_info(${name})`).all() as { name: string; pk: number }[];
    const keys = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk).map((column) => column.name);
    const hash = createHash("sha256");
    for (const row of db.prepare(`SELECT * FROM ${name} ORDER BY ${keys.join(", ")}`).iterate()) {
      for (const [column, value] of Object.entries(row)) {
        if (column !== TIME || times) hash.update(`${column}=${textOf(value)}\n`);
      }
    }
    content.set(`table ${name}`, hash.digest("hex"));
  }
  return content;
}

function textOf(value: SQLOutputValue): string {
  return value instanceof Uint8Array ? `bytes ${hashOf(value)}` : `${typeof value} ${value}`;
}

/** The page of a run; how long its layers took is left out. */
export function pageContent(file: string): Content {
  const page = Deno.readTextFileSync(file);
  return new Map([["report.html", hashOf(page.replaceAll(/<td class="number">[\d.]+ (s|min|h)<\/td>/g, ""))]]);
}

/** The card of a trained model; how long training and its epochs took is left out. */
export function cardContent(file: string): Content {
  const card = Deno.readTextFileSync(file)
    .replace(/^\| training time \|.*$/m, "")
    .replaceAll(/^(\| \d+ \|.*\|) \d+ \|$/gm, "$1");
  return new Map([["card.md", hashOf(card)]]);
}
