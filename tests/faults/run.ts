/**
 * Kills commands at random moments and compares what comes of them with undisturbed runs.
 *
 *     deno task faults                                  100 moments and 25 changes of files for each command
 *     deno task faults --commands merge,export --moments 20 --changes 5 --seed 7
 *     deno task faults --json                           one JSON document instead of the table
 *     deno task faults --keep DIR                       what trials with a fault wrote is kept there
 *
 * The exit code is 1 where there was a fault.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { formatTable } from "../../lib/cli/console/output.ts";
import { NAMES, prepareScenarios } from "./scenarios.ts";
import { makeTaskFolder, taskOptions, usage } from "../task_options.ts";
import { sweep, type SweepResult } from "./sweep.ts";

const HELP = `deno task faults [--commands ${
  NAMES.join(",")
}] [--moments 100] [--changes 25] [--seed 0] [--json] [--keep DIR]

Kills each command at so many random moments of its whole length, and at so many random changes of the files that it makes;
has it go on, now and then killed again; and compares what comes of it with an undisturbed run. The table counts kills before
anything was written, meanwhile, and after the result, those that left a file with a temporary name, and faults.`;

const values = taskOptions(HELP, {
  commands: { type: "string", default: NAMES.join(",") },
  moments: { type: "string", default: "100" },
  changes: { type: "string", default: "25" },
  seed: { type: "string", default: "0" },
  json: { type: "boolean", default: false },
  keep: { type: "string" },
});
const commands = values.commands.split(",");
const [moments, changes, seed] = [values.moments, values.changes, values.seed].map((text) => {
  if (!/^\d{1,6}$/.test(text)) usage(`"${text}" is not a count`);
  return Number(text);
});
for (const name of commands) {
  if (!(NAMES as readonly string[]).includes(name)) usage(`there is no "${name}"; choose from ${NAMES.join(", ")}`);
}

if (values.keep !== undefined) await makeTaskFolder("--keep", values.keep);
const folder = values.keep ?? await Deno.makeTempDir({ prefix: "polysem-faults-" });
const scenarios = await prepareScenarios(join(folder, "inputs"));
const results: SweepResult[] = [];
try {
  for (const name of commands) {
    const result = await sweep(
      scenarios.all.get(name)!,
      { seed, moments, changes },
      join(folder, name.replace(" ", "-")),
      (trials) => console.error(`${name}: ${trials} of ${moments + changes}`),
    );
    for (const fault of result.faults) console.error(`${name}: FAULT: ${fault}`);
    results.push(result);
  }
} finally {
  await scenarios[Symbol.asyncDispose]();
  if (values.keep === undefined) await Deno.remove(folder, { recursive: true });
}

if (values.json) console.log(JSON.stringify({ seed, moments, changes, results }, null, 2));
else {
  const head = ["command", "trials", "kills", "before", "meanwhile", "after", "left a temporary file", "faults"];
  console.log(formatTable(
    head,
    results.map((each) => [
      each.command,
      each.trials,
      each.kills,
      each.before,
      each.meanwhile,
      each.after,
      each.temporary,
      each.faults.length,
    ]),
  ));
  console.log(`seed ${seed}`);
}
process.exitCode = results.some(({ faults }) => faults.length > 0) ? 1 : 0;
