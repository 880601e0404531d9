/**
 * Runs the tests in two processes at once, since most of them keep one core busy.
 *
 *     deno task test                                  setting up, format, lint, types, and all tests
 *     deno run -A tests/run.ts                        the tests alone
 *     deno run -A tests/run.ts tests/elbow --filter x one process, with the arguments of `deno test`
 *
 * The first process prints as it goes; what the second says follows when both are done. The exit code is 1 where either failed.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const ROOT = new URL("..", import.meta.url).pathname;
/** Folders that take about as long as all the others together. */
const FIRST = ["browser", "cli", "e2e", "faults", "jobs", "pipeline", "report"];

const entries = readdirSync(join(ROOT, "tests"), { withFileTypes: true });
const second = entries
  .filter((entry) => entry.isDirectory() ? !FIRST.includes(entry.name) : entry.name.endsWith("_test.ts"))
  .map((entry) => join("tests", entry.name)).sort();
const processes = process.argv.length > 2
  ? [process.argv.slice(2)]
  : [FIRST.map((name) => join("tests", name)), second];

const [first, ...others] = processes.map((args, index) =>
  new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--allow-all", ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: index === 0 ? "inherit" : "piped",
    stderr: index === 0 ? "inherit" : "piped",
  }).spawn()
);
// read as it comes, so that a full pipe stops nobody
const held = others.map((child) => child.output());
let { success } = await first.status;
for (const output of await Promise.all(held)) {
  process.stdout.write(output.stdout);
  process.stderr.write(output.stderr);
  success &&= output.success;
}
process.exitCode = success ? 0 : 1;
