import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { writeQuickProfile } from "../cli/refused.ts";
import { command } from "./command.ts";

/** Starts a command, waits until it has said something, and sends it a signal. */
async function interrupt(folder: string, signal: Deno.Signal, said: RegExp, args: readonly string[]) {
  const child = command(folder, args).spawn();
  const [forText, forEnd] = child.stderr.tee();
  const out = new Response(child.stdout).text();
  const whole = new Response(forEnd).text();
  let text = "";
  for await (const chunk of forText.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (said.test(text)) break;
  }
  child.kill(signal);
  const { code } = await child.status;
  return { code, out: await out, err: await whole };
}

for (const [signal, code, workers] of [["SIGINT", 130, "1"], ["SIGTERM", 143, "2"]] as const) {
  Deno.test(`score-all ended by ${signal} with ${workers} at work says what is kept, exits with ${code}, and the same command goes on`, () =>
    inFolder(async (folder) => {
      const profile = await writeQuickProfile(folder);
      const run = join(folder, "run");
      const args = ["score-all", "--layers", "fc1,fc2", "--no-data", "--profile", profile, "--run", run];
      args.push("--workers", workers, "--no-report", "--json");
      const ended = await interrupt(folder, signal, /scoring: (1[6-9]|[2-9]\d)[.\d]*\/204 units/, args); // two jobs
      assert.equal(ended.code, code, ended.err);
      assert.equal(ended.out, "");
      const [line] = ended.err.trimEnd().split("\n").slice(-1);
      const said =
        /^interrupted; (\d+) of 204 units are finished and kept in .*run; the same command goes on with the rest$/
          .exec(line);
      assert.ok(said !== null, line);
      {
        using kept = readRun(run);
        assert.equal(kept.units().length, Number(said[1]));
        assert.ok(kept.units().length >= 8 && kept.units().length < 204);
      }
      assert.throws(() => Deno.statSync(join(run, "run.sqlite-wal")), Deno.errors.NotFound); // folded into the one file
    }));
}

Deno.test("visualize ended by SIGINT exits with 130 and says so", () =>
  inFolder(async (folder) => {
    const profile = join(folder, "slow.json");
    await Deno.writeTextFile(profile, '{"extends": "paper", "visualize": {"steps": 100000}}');
    const args = ["visualize", "conv1:0", "--out", folder, "--no-data", "--profile", profile, "--count", "64"];
    const { code, err } = await interrupt(folder, "SIGINT", /images \(|images,/, args);
    assert.equal(code, 130, err);
    assert.match(err, /^interrupted$/m);
  }));

Deno.test("score-embeddings, which computes without a pause, ends by SIGINT too", () =>
  inFolder(async (folder) => {
    const [rows, columns] = [3000, 256];
    const file = join(folder, "many.csv");
    let state = 1; // Lehmer's generator: numbers without groups, which every start of k-means moves about in
    const next = () => (state = state * 48271 % 2147483647) / 2147483647;
    const line = () => Array.from({ length: columns }, () => next().toFixed(3)).join(",");
    await Deno.writeTextFile(file, `${Array.from({ length: rows }, line).join("\n")}\n`);
    const { code, out, err } = await interrupt(folder, "SIGINT", /scoring embeddings: /, ["score-embeddings", file]);
    assert.equal(code, 130, err);
    assert.equal(out, "");
    assert.match(err, /^interrupted$/m);
  }));
