/**
 * A command of a scenario in the process of the test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { main } from "../../lib/cli/main.ts";
import type { Ran } from "../cli/run_main.ts";
import { TRIAL_COMMANDS } from "./commands.ts";
import type { ProcessPlan } from "./process.ts";

/** Runs a command with its environment, which is put back afterwards. */
export async function runHere({ args, env = {} }: ProcessPlan): Promise<Ran> {
  const before = Object.keys(env).map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  for (const [name, value] of Object.entries(env)) set(name, value);
  let [out, err] = ["", ""];
  try {
    const streams = { writeOut: (text: string) => out += text, writeErr: (text: string) => err += text };
    return { code: await main([...args, "--quiet"], streams, TRIAL_COMMANDS), out, err };
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

/**
 * The one line that says what is wrong, of a command that has failed: nothing on standard output, and notes at most beside it.
 */
export function errorLine({ code, out, err }: Ran, codes: readonly number[]): string {
  assert.ok(codes.includes(code), `exit code ${code}: ${err}`);
  assert.equal(out, "");
  const lines = err.split("\n").filter((line) =>
    line !== "" && !/^(note: |epoch |[\w -]+: \d+\/\d+ |.* has \d+ finished)/.test(line)
  );
  assert.equal(lines.length, 1, err);
  assert.match(lines[0], /^error: .+; .+/); // what and why; what to do
  return lines[0];
}
