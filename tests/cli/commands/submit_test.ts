import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSubmission } from "../../../lib/machines/submission.ts";
import { assertDocumented } from "../../documented.ts";
import { finish } from "../../e2e/command.ts";
import { inFolder } from "../../in_folder.ts";
import { makeRun } from "../../store/example_run.ts";
import { json, refused } from "../refused.ts";
import { polysem } from "../run_main.ts";

const FOUR_JOBS = ["--units", "conv1:0-1,conv2:3,fc1:7,fc2:0"];

/** Keys that are null unless something was submitted. */
const SUBMITTED = ["array"];

Deno.test("polysem submit --dry-run writes scripts and prints the commands that submit them", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const asked = ["submit", run, "--shards", "3", ...FOUR_JOBS, "--seed", "5", "--time", "1:00:00", "--dry-run"];
    const written = await json(...asked);
    assertDocumented("submit", written, SUBMITTED);
    assert.deepEqual([written.engine, written.shards, written.units], ["slurm", 3, 5]);
    assert.deepEqual(written.files, ["shard.sh", "merge.sh"].map((name) => join(run, "machines", name)));
    for (const file of written.files) assert.ok(existsSync(file));
    assert.match(written.commands[0], /^array=\$\(sbatch --parsable --array=0-2 \S+shard\.sh\)$/);
    assert.match(written.commands[1], /^sbatch --dependency=afterok:\$array --kill-on-invalid-dep=yes \S+merge\.sh$/);
    assert.deepEqual([written.array, written.merge], [null, null]);
    const { units, options } = readSubmission(run)!;
    assert.deepEqual(units, [3, 1, 1], "jobs 0 and 3, 1, and 2");
    assert.deepEqual(options, [...FOUR_JOBS, "--seed", "5"]);

    // again, with nothing but more time
    await json("submit", run, "--time", "2:00:00", "--dry-run");
    assert.match(Deno.readTextFileSync(written.files[0]), /^#SBATCH --time=2:00:00$/m);
    assert.match(Deno.readTextFileSync(written.files[0]), /--seed 5 /);
    await refused(
      /was submitted with --engine slurm --shards 3 --units \S+ --seed 5; give none of these/,
      ...asked.with(3, "2"),
    );
    await refused(/was submitted with /, ...asked.with(7, "6"));
    await refused(/was submitted with /, "submit", run, "--engine", "kubernetes");
  }));

Deno.test("polysem submit --engine kubernetes writes a manifest and prints what to do with it", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const written = await json("submit", run, "--engine", "kubernetes", "--shards", "2", ...FOUR_JOBS);
    assertDocumented("submit", written, SUBMITTED);
    assert.deepEqual(written.files, [join(run, "machines", "kubernetes.yaml")]);
    assert.match(Deno.readTextFileSync(written.files[0]), /^ {2}completions: 2$/m);
    const status = await json("status", run);
    assert.deepEqual([status.engine, status.slurm_asked, status.shards.pending], ["kubernetes", false, 2]);
  }));

Deno.test("polysem submit refuses what no task could do, before anything is written", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    await refused(/--shards is missing; say among how many/, "submit", run);
    await refused(
      /5 shards are more than the plan has jobs; give --shards 4 or fewer/,
      "submit",
      run,
      "--shards",
      "5",
      ...FOUR_JOBS,
    );
    await refused(/layer "conv9" is not in the model/, "submit", run, "--shards", "1", "--layers", "conv9");
    await refused(/nosuch/, "submit", run, "--shards", "1", "--profile", "nosuch");
    await refused(/Give an integer from 1/, "submit", run, "--shards", "0");
    await refused(/Give a minute or more as Slurm writes it/, "submit", run, "--shards", "1", "--time", "4h");
    await refused(/Give a word without blanks and quotes/, "submit", run, "--shards", "1", "--partition", "a b");
    const shards = ["submit", run, "--shards", "1", ...FOUR_JOBS];
    for (const mem of ["8Gi", "8GB", "1.5G", "lots", "G"]) {
      await refused(/--mem \S+ is no size that Slurm takes; give a whole number with K, M/, ...shards, "--mem", mem);
    }
    for (const mem of ["8GB", "8K", "8gi", "0Gi", "lots"]) {
      const asked = [...shards, "--engine", "kubernetes", "--mem", mem];
      await refused(/--mem \S+ is no size that Kubernetes takes; give a number with Ki, Mi/, ...asked);
    }
    assert.ok(!existsSync(run));
    for (
      const [engine, sizes] of [["slurm", ["512", "8G", "100M"]], ["kubernetes", ["8Gi", "1.5G", "500k"]]] as const
    ) {
      const there = join(folder, engine);
      await json("submit", there, ...shards.slice(2), "--engine", engine, "--dry-run");
      for (const mem of sizes) await json("submit", there, "--mem", mem, "--dry-run");
    }
    makeRun(run, [0]);
    await refused(/is there already, and was not submitted; give another name/, "submit", run, "--shards", "1");
  }));

Deno.test("polysem submit without the right to run Slurm's tools says which task has it, and keeps its scripts", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const { code, out, err } = await finish(folder, "submit", run, "--shards", "2", ...FOUR_JOBS);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.equal(
      err,
      "error: sbatch cannot be run: this command may not run it; use `deno task submit` and `deno task status`\n",
    );
    assert.ok(existsSync(join(run, "machines", "shard.sh")));
    const status = await json("status", run);
    assert.deepEqual([status.shards.not_submitted, status.merge.state], [2, "not_submitted"]);
    assert.deepEqual(status.tasks.map(({ state }: { state: string }) => state), ["not_submitted", "not_submitted"]);
  }));

Deno.test("polysem status shows each shard that is not done with its last log lines, and what to do", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    await refused(/was not submitted; submit it with `deno task submit /, "status", run);
    await json("submit", run, "--shards", "2", ...FOUR_JOBS, "--dry-run");
    Deno.writeTextFileSync(join(run, "machines", "logs", "shard-1.log"), "task 1 on node7\nerror: no memory is left\n");
    const { code, out } = await polysem("status", run, "--lines", "1");
    assert.equal(code, 0);
    assert.match(
      out,
      /^0 done, 0 running, 0 pending, 1 failed, 1 not submitted, of 2 shards; 0 of 5 units are scored; the merge is not submitted\.$/m,
    );
    assert.match(out, /│ +1 │ failed +│ 0 of 2 +│/);
    assert.match(out, /^shard 1, \S+shard-1\.log:\n {4}error: no memory is left$/m);
    assert.match(out, /│ +0 │ not submitted +│ 0 of 3 +│/);
    assert.match(out, /^Submit what has failed: deno task submit /m);
    await Deno.remove(join(run, "machines", "logs", "shard-1.log"));
    const dry = await polysem("status", run);
    assert.match(dry.out, /^0 done, 0 running, 0 pending, 0 failed, 2 not submitted, of 2 shards;/m);
    assert.match(dry.out, /^Submit what is not submitted: deno task submit /m);
  }));
