import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openRun } from "../../../lib/store/mod.ts";
import { assertDocumented } from "../../documented.ts";
import { jobRecords, MANIFEST } from "../../store/example_run.ts";
import { polysem } from "../run_main.ts";

/** A folder with a run of which these jobs are committed; the whole has four units in three jobs. */
async function withRun(jobs: readonly number[], action: (run: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const directory = join(folder, "run");
    const run = openRun(directory, MANIFEST);
    for (const job of jobs) run.commitJob(job, jobRecords(job), 1);
    run.close();
    await action(directory, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Expects one line on standard error and nothing else. */
async function refused(args: readonly string[], pattern: RegExp): Promise<void> {
  const { code, out, err } = await polysem("report", ...args, "--no-data", "--quiet");
  assert.equal(code, 2, err);
  assert.equal(out, "");
  assert.match(err, /^error: [^\n]+\n$/);
  assert.match(err, pattern);
}

Deno.test("report writes a page beside the run, with a dead unit in it, and says where", () =>
  withRun([0, 1, 2], async (run) => {
    const { code, out, err } = await polysem("report", run, "--no-data", "--quiet");
    assert.equal(code, 0, err);
    assert.match(out, /^4 units, \d+\.\d MB\nreport: .*run\/report\.html\n$/);
    const html = await Deno.readTextFile(join(run, "report.html"));
    assert.match(html, /^<!doctype html>/);
    assert.match(html, /<h1>run<\/h1>/);
    assert.match(html, /Polysemanticity score S by layer/);
    assert.match(html, /its best images are named, not shown/);
    assert.ok(!html.includes("Partial:"));
  }));

Deno.test("report of an unfinished run says how many units of how many it has, in the page and beside it", () =>
  withRun([0], async (run, folder) => {
    const file = join(folder, "pages", "a.html");
    const { code, out, err } = await polysem("report", run, "--no-data", "--quiet", "--out", file, "--json");
    assert.equal(code, 0, err);
    const report = JSON.parse(out);
    assertDocumented("report", report);
    assert.deepEqual([report.units, report.planned, report.file, report.images], [2, 4, file, null]);
    assert.match(await Deno.readTextFile(file), /Partial: run run has 2 of its 4 units/);
    assert.match((await polysem("report", run, "--no-data", "--quiet")).out, /^partial run, 2 of 4 units, /);
  }));

Deno.test("report --compare names both runs and the settings that differ", () =>
  withRun([0, 1, 2], async (run, folder) => {
    const other = join(folder, "other");
    const second = openRun(other, { ...MANIFEST, seed: 7 });
    second.commitJob(0, jobRecords(0), 1);
    second.close();
    const { code, err } = await polysem("report", run, "--compare", other, "--no-data", "--quiet");
    assert.equal(code, 0, err);
    const html = await Deno.readTextFile(join(run, "report.html"));
    assert.match(html, /compared with other/);
    assert.match(html, /<li>seed 0 → 7<\/li>/);
    assert.match(html, /Partial: run other has 2 of its 4 units/);
  }));

Deno.test("report refuses, in one line, a run that is missing, empty, newer, or something else", () =>
  withRun([], async (run, folder) => {
    await refused([join(folder, "nothing")], /there is no run in .*nothing/);
    await refused([run], /has none of its 4 units yet/);
    const db = new DatabaseSync(join(run, "run.sqlite"));
    db.exec("PRAGMA user_version = 99");
    db.close();
    await refused([run], /was made by a newer polysem \(schema 99/);
    await Deno.writeTextFile(
      join(run, "run.sqlite"),
      "not a database at all, only text that is long enough to look like one",
    );
    await refused([run], /not a run of polysem|damaged/);
  }));

Deno.test("report refuses a run to compare with that is missing, and a place that cannot be written", () =>
  withRun([0], async (run, folder) => {
    await refused([run, "--compare", join(folder, "nothing")], /there is no run in .*nothing/);
    await Deno.writeTextFile(join(folder, "file"), "");
    await refused(
      [run, "--out", join(folder, "file", "a.html")],
      /file cannot be made: .*choose another place with --out/,
    );
    await refused([run, "--out", folder], /cannot be written/);
  }));
