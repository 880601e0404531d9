import assert from "node:assert/strict";
import { join } from "node:path";

const WRONG: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [["--bogus"], /^error: Unknown option '--bogus'.*; the options are --\w+/],
  [["extra"], /^error: Unexpected argument 'extra'/],
  [["--seed"], /^error: Option '--seed <value>' argument missing/],
];

for (const task of ["fuzz", "faults"]) {
  Deno.test(`deno task ${task} refuses wrong options in one line`, async () => {
    for (const [args, said] of WRONG) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--allow-all", join(import.meta.dirname!, task, "run.ts"), ...args],
        env: { NO_COLOR: "1" },
      }).output();
      const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
      assert.deepEqual([code, stdout.length, lines.length], [2, 0, 1], lines.join("\n"));
      assert.match(lines[0], said);
    }
  });
}
