/** Commits one job, begins to write another and waits to be killed. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openRun } from "../../lib/store/mod.ts";
import { jobRecords, MANIFEST } from "./example_run.ts";

const [folder] = Deno.args;
const run = openRun(folder, MANIFEST);
run.commitJob(1, jobRecords(1), 1);
const half = new DatabaseSync(join(folder, "run.sqlite"));
half.exec("BEGIN IMMEDIATE");
half.exec("INSERT INTO jobs VALUES (0, 'conv1', '[0,1]', 1)");
console.log("in the middle");
setInterval(() => {}, 1000);
