/** What a machine does with a run on the shared folder: `action.ts WHAT FOLDER [N]`. Its last line is what came of it. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { messageOf } from "../../../lib/errors.ts";
import { openRun, readRun } from "../../../lib/store/mod.ts";
import { jobRecords, MANIFEST, record } from "../../store/example_run.ts";

const [what, folder, count = "0"] = Deno.args;
const many = { ...MANIFEST, jobs: Array.from({ length: 400 }, (_, unit) => ({ layer: "fc1", units: [unit] })) };
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Holds a run with one job until there is a file `go`, and then commits another. */
async function hold(): Promise<string> {
  using run = openRun(folder, MANIFEST);
  run.keepLock();
  run.commitJob(1, jobRecords(1), 1);
  while (!existsSync(join(folder, "go"))) await sleep(500);
  run.commitJob(0, jobRecords(0), 1);
  return `held until it had ${run.completedJobs()}`;
}

/** Opens a run for writing. */
function open(): string {
  using run = openRun(folder, MANIFEST);
  return `opened with ${run.completedJobs()}`;
}

/** Reads a run with all its parts. */
function read(): string {
  using run = readRun(folder);
  return `read ${run.units().map(({ layer, unit }) => run.unit(layer, unit)!.layer + ":" + unit).join(" ")}`;
}

/** Writes more than SQLite's cache holds into the file itself, and commits nothing. */
async function half(): Promise<string> {
  using run = openRun(folder, MANIFEST);
  run.keepLock();
  run.commitJob(1, jobRecords(1), 1);
  using db = new DatabaseSync(join(folder, "run.sqlite"));
  db.exec("PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 5; BEGIN IMMEDIATE; UPDATE units SET layer = 'spoiled'");
  for (let row = 0; row < 50; row++) db.prepare("INSERT INTO manifest VALUES (?, ?)").run(`${row}`, "x".repeat(50_000));
  console.log("half written");
  await sleep(3_600_000);
  return "whole";
}

/** Commits so many jobs, one after the other. */
async function write(): Promise<string> {
  using run = openRun(folder, many);
  run.keepLock();
  for (const job of run.pendingJobs().slice(0, Number(count))) {
    run.commitJob(job, [record("fc1", job)], 1);
    await sleep(5);
  }
  return `wrote ${run.completedJobs().length}`;
}

/** Reads a run that another machine writes, until it has so many jobs; tells how often that failed or showed less than before. */
async function watch(): Promise<string> {
  let [reads, failures, least, fewer] = [0, 0, 0, 0];
  while (least < Number(count)) {
    try {
      using run = readRun(folder);
      const units = run.units();
      if (units.length < least) fewer++;
      least = units.length;
      for (const { layer, unit } of units.slice(-2)) run.unit(layer, unit);
      reads++;
    } catch (error) {
      if (!/there is no run|has not begun/.test(messageOf(error))) failures++;
    }
    await sleep(5);
  }
  console.log(`${reads} times`);
  return `watched with ${failures} failures, ${fewer} times fewer`;
}

try {
  console.log(await { hold, open, read, half, write, watch }[what]!());
} catch (error) {
  console.log(messageOf(error));
}
Deno.exit(0);
