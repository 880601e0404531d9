import assert from "node:assert/strict";
import { join } from "node:path";
import { openRun } from "../../../lib/store/mod.ts";
import type { RunManifest } from "../../../lib/types.ts";
import { assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { exampleChunk, jobRecords, MANIFEST } from "../../store/example_run.ts";
import { polysem } from "../run_main.ts";
import { json, refused } from "../refused.ts";

/** A run with some of its jobs, and with its dataset's part unless it has none. */
function makeRun(directory: string, jobs: number[], changes: Partial<RunManifest> = {}): string {
  using run = openRun(directory, { ...MANIFEST, ...changes });
  if (run.manifest.dataset !== null) run.commitChunk(exampleChunk(), 1);
  for (const job of jobs) run.commitJob(job, jobRecords(job), 1);
  return directory;
}

Deno.test("check compares each unit's images with the dataset's best, and counts by layer", () =>
  inFolder(async (folder) => {
    // conv1:0 has 1.5, 2.5, 3.5 against 2; conv1:1 is dead; conv1:2 has 3, 4, 5 against 2; fc1:5 1.5 .. 3.5 against .3 in 32 bits
    const run = makeRun(join(folder, "run"), [0, 1, 2]);
    const result = await json("check", run);
    /** A unit as the columns of scores.csv call it, and by the former names. */
    const named = (mean: number, min: number, max: number, exceeds: boolean, share: number) => ({
      ...{ activation_mean: mean, activation_min: min, activation_max: max, exceeds_dataset: exceeds },
      ...{ exceeds_share: share, mean, min, max, exceeds, share },
    });
    assert.equal(result.run, run);
    assertDocumented("check", result, ["dataset.kind"]);
    assert.deepEqual(result.dataset, MANIFEST.dataset);
    assert.deepEqual(result.layers, [
      { layer: "conv1", units: 2, exceeding: 1, best_exceeding: 2, mean_share: (2 / 3 + 1) / 2 },
      { layer: "fc1", units: 1, exceeding: 1, best_exceeding: 1, mean_share: 1 },
    ]);
    assert.deepEqual(result.units, [
      { layer: "conv1", unit: 0, ...named(2.5, 1.5, 3.5, false, 2 / 3), dataset_max: 2, datasetMax: 2 },
      { layer: "conv1", unit: 2, ...named(4, 3, 5, true, 1), dataset_max: 2, datasetMax: 2 },
      {
        ...{ layer: "fc1", unit: 5, ...named(2.5, 1.5, 3.5, true, 1) },
        ...{ dataset_max: Math.fround(.3), datasetMax: Math.fround(.3) },
      },
    ]);
    const { out, err } = await polysem("check", run);
    assert.equal(err, "");
    assert.match(out, /│ conv1 │ +2 │ +1 │ +2 │ +0\.833 │/);
    assert.match(out, /short of the dataset's best:\n(.*\n)*│ conv1:0 │ +1\.500 │ +2\.000 │ +0\.667 │/);
    assert.doesNotMatch(out, /conv1:2/);
  }));

Deno.test("check of a run in progress checks what is finished, and says so", () =>
  inFolder(async (folder) => {
    const part = await polysem("check", makeRun(join(folder, "part"), [1]));
    assert.equal(part.code, 0);
    assert.match(part.err, /^note: 2 jobs of run .*part are not finished; only finished units are checked\n$/);
    assert.match(part.out, /│ conv1 │ +1 │ +1 │ +1 │ +1\.000 │/);
    assert.match(part.out, /│ fc1 +│ +0 │ +0 │ +0 │ +- │/);
    const nothing = await json("check", makeRun(join(folder, "nothing"), []));
    assert.deepEqual(nothing.units, []);
    assert.equal(nothing.layers[0].mean_share, null);
  }));

Deno.test("check compares no unit before the dataset has been gone through, and says so", () =>
  inFolder(async (folder) => {
    const directory = join(folder, "run");
    {
      using run = openRun(directory, MANIFEST);
      for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1);
    }
    const { code, err } = await polysem("check", directory);
    assert.equal(code, 0);
    assert.match(err, /^note: run .*run has not been through its dataset yet, .*; let score-all finish it\n$/);
    assert.deepEqual((await json("check", directory)).units, []);
  }));

Deno.test("check refuses a run without a dataset, one that is not there, and no run", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [], { dataset: null });
    await refused(
      /run .*run was made without a dataset, so there is nothing to compare with; score again with/,
      "check",
      run,
    );
    await refused(/there is no run in .*none: it has no run\.sqlite; check the name$/, "check", join(folder, "none"));
    await refused(/there is no run in runs.nameless/, "check", "nameless");
    await refused(/missing required argument 'run'/, "check");
  }));
