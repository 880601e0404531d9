/**
 * Reads many mutated files of every kind, and says what came of them:
 *
 *     deno task fuzz                               10,000 files of each kind
 *     deno task fuzz --count 300 --parser png,csv  some of them
 *     deno task fuzz --seed 1 --json               others, and the table as JSON
 *
 * The files of faults are kept in `fuzz/` of the current folder, or where `--kept` says; the exit code is 1 where there are any.
 *
 * @module
 */
import { formatTable } from "../../lib/cli/console/output.ts";
import { writeErr, writeOut } from "../../lib/streams.ts";
import { makeTaskFolder, taskOptions, usage } from "../task_options.ts";
import { PARSERS } from "./parsers.ts";
import { type Sweep, sweep } from "./sweep.ts";

const HELP = `deno task fuzz [--count 10000] [--seed 0] [--parser ${PARSERS.map(({ name }) => name).join(",")}]
               [--kept DIR] [--json]

Reads so many mutated files of each kind, and counts those that were read, refused as they should be, and faults: crashes, other
errors, messages of several lines, more than 10 s or 1 GB. Files of faults are kept in DIR.`;

const values = taskOptions(HELP, {
  count: { type: "string", default: "10000" },
  seed: { type: "string", default: "0" },
  parser: { type: "string" },
  kept: { type: "string", default: "fuzz" },
  json: { type: "boolean", default: false },
});
const names = values.parser?.split(",") ?? PARSERS.map(({ name }) => name);
const unknown = names.find((name) => !PARSERS.some((parser) => parser.name === name));
const [count, seed] = [Number(values.count), Number(values.seed)];
if (unknown !== undefined || !Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  usage(
    `${unknown === undefined ? "--count and --seed are whole numbers" : `there is no parser "${unknown}"`}; ` +
      `the parsers are ${PARSERS.map(({ name }) => name).join(", ")}`,
  );
}
await makeTaskFolder("--kept", values.kept);
const sweeps: Sweep[] = [];
for (const parser of PARSERS.filter(({ name }) => names.includes(name))) {
  const begun = performance.now();
  const found = await sweep(parser, seed, count, values.kept);
  sweeps.push(found);
  for (const { index, what, file } of found.faults) {
    writeErr(`${parser.name} ${index} of seed ${seed}, kept in ${file}: ${what}\n`);
  }
  writeErr(
    `${parser.name}: ${found.files} files, ${found.faults.length} faults, ${
      ((performance.now() - begun) / 1000).toFixed(0)
    } s\n`,
  );
}
const faults = sweeps.reduce((sum, each) => sum + each.faults.length, 0);
const head = ["parser", "files", "accepted", "refused", "faults", "slowest, s", "largest, MB"];
const rows = sweeps.map((each) => [
  ...[each.parser, each.files, each.accepted, each.refused, each.faults.length],
  each.slowest_seconds.toFixed(2),
  Math.round(each.largest_bytes / 1e6),
]);
writeOut(
  values.json
    ? `${JSON.stringify({ seed, count, parsers: sweeps, faults }, null, 2)}\n`
    : `${formatTable(head, rows)}\n`,
);
Deno.exit(faults === 0 ? 0 : 1);
