/**
 * Whether the files in a folder are whole, each by the rules of its kind.
 *
 * @module
 */
import assert from "node:assert/strict";
import { basename, extname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decodePng } from "../../lib/images/png.ts";
import { decodeNpy } from "../../lib/npy.ts";
import { decodeSafetensors } from "../../lib/weights/mod.ts";
import { parsedCsv } from "../parsed_csv.ts";

/** Names that say of themselves that a file is not finished, and of what SQLite keeps beside a database. */
const TEMPORARY = /\.(tmp|part)$|\.sqlite-(wal|shm|journal)$/;

const textOf = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

/** Throws where the bytes are not a whole file of a kind, by the ending of its name. */
const CHECKS: Readonly<Record<string, (bytes: Uint8Array, path: string) => void>> = {
  ".png": (bytes, path) => void decodePng(bytes, path),
  ".npy": (bytes, path) => void decodeNpy(bytes, path),
  ".json": (bytes) => void JSON.parse(textOf(bytes)),
  ".safetensors": (bytes, path) => void decodeSafetensors(bytes, path),
  ".csv": (bytes) => {
    assert.ok(textOf(bytes).endsWith("\n"), "the last line has no end");
    const rows = parsedCsv(textOf(bytes));
    assert.ok(rows.length > 0 && rows.every(({ length }) => length === rows[0].length), "rows of different lengths");
  },
  ".html": (bytes) => assert.match(textOf(bytes), /^<!DOCTYPE html>[\s\S]*<\/html>\s*$/i),
  ".svg": (bytes) => assert.match(textOf(bytes), /^<svg[\s\S]*<\/svg>\s*$/),
  ".md": (bytes) => assert.match(textOf(bytes), /^# [\s\S]*\n\n## Curve\n[\s\S]*\|\n$/),
  ".parquet": (bytes) => {
    for (const end of [bytes.subarray(0, 4), bytes.subarray(-4)]) assert.equal(textOf(end), "PAR1");
  },
  ".lock": () => {}, // what it says is for a message, and its lock is the kernel's
};

/** Paths of all files in a folder and those within it, from that folder, in order; links are not followed. */
export function filesIn(folder: string): string[] {
  const paths: string[] = [];
  const visit = (path: string) => {
    for (const entry of Deno.readDirSync(path)) {
      if (entry.isDirectory) visit(join(path, entry.name));
      else if (entry.isFile) paths.push(relative(folder, join(path, entry.name)));
    }
  };
  visit(folder);
  return paths.sort();
}

/** Those of the files in a folder that have a temporary name. */
export function temporaryFilesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => TEMPORARY.test(path));
}

/**
 * What is wrong with the files in a folder that have their final names: a line each, empty where all are whole. Nothing in the
 * folder is changed.
 *
 * @param isWhole judges files of other kinds, by their paths from the folder; null where it does not know one.
 */
export function halfFilesIn(folder: string, isWhole: (path: string) => boolean | null = () => null): string[] {
  return filesIn(folder).filter((path) => !TEMPORARY.test(path)).flatMap((path) => {
    try {
      const known = isWhole(path);
      if (known === false) return [`${path} is not whole`];
      if (known === true) return [];
      if (extname(path) === ".sqlite") checkDatabase(join(folder, path));
      else {
        assert.ok(extname(path) in CHECKS, "a file of a kind that is not expected");
        CHECKS[extname(path)](Deno.readFileSync(join(folder, path)), path);
      }
      return [];
    } catch (error) {
      return [`${path} is not whole: ${(error as Error).message.split("\n")[0]}`];
    }
  });
}

/** SQLite's own check, of a copy: opening the database would tidy away what a killed writer has left. */
function checkDatabase(path: string): void {
  const copy = Deno.makeTempDirSync({ prefix: "polysem-faults-" });
  try {
    for (const ending of ["", "-wal", "-journal"]) {
      try {
        Deno.copyFileSync(`${path}${ending}`, join(copy, `${basename(path)}${ending}`));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    using db = new DatabaseSync(join(copy, basename(path)));
    const rows = db.prepare("PRAGMA integrity_check").all();
    assert.deepEqual(rows.map((row) => row.integrity_check), ["ok"]);
  } finally {
    Deno.removeSync(copy, { recursive: true });
  }
}
