/** That the harness finds what it is to find. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { encodeNpy } from "../../lib/npy.ts";
import { encodeSafetensors } from "../../lib/weights/mod.ts";
import { plainPng } from "../data/image_files.ts";
import { inFolder } from "../in_folder.ts";
import { databaseContent, differences, fileContent } from "./content.ts";
import type { Scenario } from "./scenarios.ts";
import { sweep } from "./sweep.ts";
import { halfFilesIn, temporaryFilesIn } from "./whole.ts";

/** A command of a shell instead of polysem, whose result is `result.json`. */
function shell(script: (folder: string) => string): Scenario {
  return {
    name: "shell",
    plan: (folder) => ({ args: [], through: ["sh", "-c", script(folder)] }),
    content: (folder) => fileContent(folder, ["result.json"]),
    begun: (folder) => existsSync(join(folder, "result.json")),
    done: (folder) => existsSync(join(folder, "result.json")),
  };
}

const PLAN = { seed: 0, moments: 5, changes: 0 };

Deno.test("sweep() finds nothing in a command that renames what it has finished", () =>
  inFolder(async (folder) => {
    const { faults, trials } = await sweep(
      shell((own) =>
        `cd ${own}; printf '{"a"' >result.json.1.tmp; sleep 0.1; printf ': 1}' >>result.json.1.tmp; mv result.json.1.tmp result.json`
      ),
      PLAN,
      folder,
    );
    assert.deepEqual([faults, trials], [[], 5]);
  }));

Deno.test("sweep() finds half files, results that differ, files that are left, and a command that cannot go on", () =>
  inFolder(async (folder) => {
    const found = async (script: (own: string) => string) => {
      const own = await Deno.makeTempDir({ dir: folder });
      return (await sweep(shell(script), PLAN, own)).faults.join("\n");
    };
    const written = (own: string) => `cd ${own}; printf '{"a"' >result.json; sleep 0.1; printf ': 1}' >>result.json`;
    assert.match(await found(written), /killed at 0\.\d+ s: result\.json is not whole/);
    const later = (own: string) =>
      `cd ${own}; test -e began && echo 2 >result.json || { touch began.tmp; mv began.tmp began.lock; ` +
      `sleep 0.1; echo 1 >result.json; }; rm -f began.lock`;
    assert.doesNotMatch(await found(later), /differs/); // it starts anew each time
    const other = (own: string) =>
      `cd ${own}; test -e began.lock; echo $? >number.json; touch began.lock; sleep 0.1; cp number.json result.json`;
    assert.match(await found(other), /result\.json differs/);
    const leaving = (own: string) =>
      `cd ${own}; test -e a.1.tmp || { touch a.1.tmp; sleep 0.1; rm a.1.tmp; }; echo 1 >result.json`;
    assert.match(await found(leaving), /a\.1\.tmp is left/);
    const stuck = (own: string) =>
      `cd ${own}; test ! -e began.lock || exit 3; touch began.lock; sleep 0.1; rm began.lock; echo 1 >result.json`;
    assert.match(await found(stuck), /exit code 3/);
  }));

Deno.test("halfFilesIn() names cut files of every kind, and no whole ones; temporary names are another matter", () =>
  inFolder((folder) => {
    const database = join(folder, "run.sqlite");
    {
      using db = new DatabaseSync(database);
      db.exec("CREATE TABLE numbers (value INTEGER)");
      db.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO numbers SELECT i FROM n",
      );
    }
    const text = (content: string) => new TextEncoder().encode(content);
    const whole: Record<string, Uint8Array> = {
      "image.png": plainPng(8, 8, 3),
      "rows.npy": encodeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }),
      "weights.safetensors": encodeSafetensors(new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]])),
      "scores.json": text('{"a": [1, 2]}\n'),
      "scores.csv": text("a,b\n1,2\n"),
      "report.html": text("<!DOCTYPE html>\n<html><body></body></html>\n"),
      "card.md": text("# a\n\n## Curve\n\n| 1 |\n"),
      "run.sqlite": Deno.readFileSync(database),
      "deeper/figure.svg": text("<svg><path/></svg>"),
    };
    Deno.mkdirSync(join(folder, "deeper"));
    for (const [name, bytes] of Object.entries(whole)) Deno.writeFileSync(join(folder, name), bytes);
    Deno.writeTextFileSync(join(folder, "scores.json.17.tmp"), "{");
    assert.deepEqual(halfFilesIn(folder), []);
    assert.deepEqual(temporaryFilesIn(folder), ["scores.json.17.tmp"]);
    for (const [name, bytes] of Object.entries(whole)) {
      const half = name.endsWith(".csv") ? [] : [bytes.length >> 1]; // a table cut after a line is a table
      for (const length of [bytes.length - 3, ...half]) {
        Deno.writeFileSync(join(folder, name), bytes.subarray(0, length));
        assert.equal(halfFilesIn(folder).length, 1, `${name} of ${length} bytes`);
        assert.ok(halfFilesIn(folder)[0].startsWith(`${name} is not whole`), name);
      }
      Deno.writeFileSync(join(folder, name), bytes);
    }
    Deno.writeTextFileSync(join(folder, "stray.xyz"), "");
    assert.match(halfFilesIn(folder).join(), /^stray\.xyz .* not expected$/);
    assert.deepEqual(halfFilesIn(folder, (path) => path === "stray.xyz" ? true : null), []);
  }));

Deno.test("databaseContent() sees every value but times, which it sees where they are asked for", () =>
  inFolder((folder) => {
    const make = (name: string, ...statements: string[]) => {
      using db = new DatabaseSync(join(folder, name));
      db.exec(
        "CREATE TABLE jobs (job INTEGER PRIMARY KEY, layer TEXT, seconds REAL); CREATE TABLE job_parts (job INTEGER PRIMARY KEY, seconds REAL)",
      );
      db.exec("INSERT INTO jobs VALUES (1, 'a', 0.5), (2, 'b', 1); INSERT INTO job_parts VALUES (1, 3)");
      for (const statement of statements) db.exec(statement);
      return join(folder, name);
    };
    const compared = (b: string, times = false) =>
      differences(databaseContent(make("a" + b), times), databaseContent(join(folder, b), times));
    make("same", "DELETE FROM jobs", "INSERT INTO jobs VALUES (2, 'b', 1), (1, 'a', 0.5)");
    assert.deepEqual(compared("same"), []);
    make("slow", "UPDATE jobs SET seconds = 9", "DELETE FROM job_parts");
    assert.deepEqual(compared("slow"), []);
    assert.deepEqual(databaseDifferences("slow"), ["table job_parts", "table jobs"]);
    make("other", "UPDATE jobs SET layer = 'c' WHERE job = 2");
    assert.deepEqual(compared("other"), ["table jobs"]);
    make("more", "CREATE TABLE extra (a INTEGER PRIMARY KEY)");
    assert.deepEqual(compared("more"), ["definition of extra", "table extra"]);

    function databaseDifferences(b: string) {
      return differences(databaseContent(join(folder, `a${b}`), true), databaseContent(join(folder, b), true));
    }
  }));
