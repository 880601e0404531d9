/**
 * Two shards side by side, a core each, against one run with two workers: time and bytes.
 *
 *     deno run -A tests/machines/measure.ts [options of score-all]      such as --sample 16; all units of LeNet-5 by default
 *
 * Nothing else should run meanwhile. Prints JSON; the runs are removed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";

const folder = await Deno.makeTempDir({ prefix: "polysem-shards-" });
const MAIN = join(import.meta.dirname!, "..", "..", "lib", "cli", "main.ts");

/** Seconds of processor time of all programs that have ended. */
function processorSeconds(): number {
  const [, fields] = Deno.readTextFileSync("/proc/self/stat").split(") "); // from the third on
  const [user, system] = fields.split(" ").slice(13, 15).map(Number); // cutime and cstime, in hundredths
  return (user + system) / 100;
}

/** Runs commands side by side and gives the seconds until the last has ended, and those of the processor. */
async function time(...commands: string[][]): Promise<{ seconds: number; processor_seconds: number }> {
  const [began, before] = [performance.now(), processorSeconds()];
  const ended = await Promise.all(
    commands.map((args) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", MAIN, ...args, "--quiet"],
        stdin: "null",
        stdout: "null",
      })
        .output()
    ),
  );
  for (const { code, stderr } of ended) assert.equal(code, 0, new TextDecoder().decode(stderr));
  return { seconds: (performance.now() - began) / 1000, processor_seconds: processorSeconds() - before };
}

const bytes = (run: string) => Deno.statSync(join(folder, run, "run.sqlite")).size;
const scores = (run: string) => Deno.readTextFileSync(join(folder, run, "scores.csv"));
const scored = (
  run: string,
  ...options: string[]
) => ["score-all", "--run", join(folder, run), ...Deno.args, ...options];

try {
  const one = await time(scored("one", "--workers", "2", "--no-report"));
  const shards = ["shard0", "shard1"];
  const part = ["--workers", "1", "--divide-dataset"];
  const two = await time(...shards.map((run, index) => scored(run, "--shard", `${index}/2`, ...part)));
  const merge = await time([
    "merge",
    "--complete",
    ...shards.map((run) => join(folder, run)),
    "--into",
    join(folder, "merged"),
  ]);
  assert.equal(scores("merged"), scores("one"));
  const result = {
    one_run: { ...one, bytes: bytes("one") },
    two_shards: { ...two, bytes: shards.map(bytes) },
    merge: { ...merge, bytes: bytes("merged") },
    units: scores("one").trimEnd().split("\n").length - 1,
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  await Deno.remove(folder, { recursive: true });
}
