import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAddonInstalled } from "../../lib/engine/native/addon.ts";
import { mergeRuns, openRun, readRun } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { MANIFEST, record } from "../store/example_run.ts";
import { databaseContent, differences } from "./content.ts";
import { commandOf, type ProcessPlan, runProcess } from "./process.ts";
import { prepareScenarios, QUICK_SIZE } from "./scenarios.ts";

/** Sends a command Ctrl-C's signal once a file is there. */
async function interrupt(plan: ProcessPlan, file: string) {
  const child = commandOf(plan).spawn();
  const whole = Promise.all([child.status, new Response(child.stdout).text(), new Response(child.stderr).text()]);
  while (!existsSync(file)) await delay(5);
  child.kill("SIGINT");
  const [{ code }, out, err] = await whole;
  return { code, out, err };
}

Deno.test({
  name: "train keeps the step in hand at Ctrl-C, says how it goes on, and ends in the same weights" +
    (isAddonInstalled() ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: !isAddonInstalled(),
  fn: () =>
    inFolder(async (folder) => {
      await using scenarios = await prepareScenarios(join(folder, "inputs"), QUICK_SIZE, false);
      const { all } = scenarios;
      const { plan, content } = all.get("train")!;
      const [usual, interrupted] = ["usual", "interrupted"].map((name) => join(folder, name));
      for (const own of [usual, interrupted]) await Deno.mkdir(own);
      assert.equal((await runProcess(plan(usual), usual, null)).code, 0);
      const checkpoint = join(interrupted, "cache", "checkpoints", "lenet5-cifar10.safetensors");
      const { code, out, err } = await interrupt(plan(interrupted), checkpoint); // at step 100 of 120
      assert.deepEqual([code, out], [130, ""], err);
      assert.match(err, /^interrupted; what was learned is kept; the same command goes on from there\n$/m);
      const again = await runProcess(plan(interrupted), interrupted, null);
      assert.equal(again.code, 0, again.err);
      const first = /lenet5-cifar10: (\d+)\/120 steps/.exec(again.err);
      assert.ok(first !== null && Number(first[1]) > 100, again.err); // beyond the checkpoint that was due
      assert.deepEqual(differences(content(usual), content(interrupted)), []);
    }),
});

/** Jobs that take a while to merge. */
const JOBS = 200;

Deno.test("merge says at Ctrl-C how many jobs are kept, and the same command goes on with the rest", () =>
  inFolder(async (folder) => {
    const jobs = Array.from({ length: JOBS }, (_, unit) => ({ layer: "conv1", units: [unit] }));
    const source = join(folder, "source");
    {
      using run = openRun(source, { ...MANIFEST, dataset: null, jobs });
      for (const job of jobs.keys()) run.commitJob(job, [record("conv1", job)], 1);
    }
    const [usual, into] = ["usual", "into"].map((name) => join(folder, name));
    mergeRuns([source], usual);
    const merge = { args: ["merge", source, "--into", into] };
    const { code, out, err } = await interrupt(merge, join(into, "run.sqlite"));
    assert.deepEqual([code, out], [130, ""], err);
    const said =
      /^interrupted; (?:nothing was merged yet; the same command begins anew|(\d+) jobs are merged and kept in (.*); the same command goes on with the rest)$/m
        .exec(err);
    assert.ok(said !== null, err);
    assert.equal(said[2] ?? into, into);
    {
      using kept = readRun(into);
      assert.equal(kept.completedJobs().length, Number(said[1] ?? 0));
      assert.ok(kept.completedJobs().length < JOBS);
    }
    assert.equal((await runProcess(merge, folder, null)).code, 0);
    const contents = [usual, into].map((run) => databaseContent(join(run, "run.sqlite"), true));
    assert.deepEqual(differences(contents[0], contents[1]), []);
  }));
