/** Commits one job and is killed in the middle of writing another: some of it is in the file itself, past its journal. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openRun } from "../../lib/store/mod.ts";
import { jobRecords, MANIFEST } from "./example_run.ts";

const [folder] = Deno.args;
const run = openRun(folder, MANIFEST);
run.commitJob(1, jobRecords(1), 1);
const half = new DatabaseSync(join(folder, "run.sqlite"));
half.exec("PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 5");
half.exec("BEGIN IMMEDIATE");
half.exec("UPDATE units SET layer = 'spoiled'");
half.exec("INSERT INTO jobs VALUES (0, 'conv1', '[0,1]', 1)");
// more than the cache holds, so that it has to be written before the end
for (let row = 0; row < 50; row++) half.prepare("INSERT INTO manifest VALUES (?, ?)").run(`${row}`, "x".repeat(50_000));
Deno.kill(Deno.pid, "SIGKILL");
setInterval(() => {}, 1000);
