import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import config from "../../deno.json" with { type: "json" };
import { isCifar10Present } from "../../lib/data/cifar10.ts";
import { lockHolder, readRun, runProgress } from "../../lib/store/mod.ts";
import { writeQuickProfile } from "../cli/refused.ts";
import { assertDocumented } from "../documented.ts";
import { finish } from "../e2e/command.ts";
import { type Slurm, slurmMissing, startSlurm, until } from "./slurm.ts";

const missing = slurmMissing() ??
  (isCifar10Present() ? null : "CIFAR-10 is not in the cache; run `deno task setup`");
if (missing !== null) console.log(`skipped: a run on Slurm: ${missing}`);

/** Six jobs, two for each shard: of conv1, three of fc1, and two of fc2. */
const UNITS = "conv1:0-1,fc1:0-23,fc2:0-15";

/** Test images of CIFAR-10, of which a chunk has 2500. */
const CHUNKS = [[0, 7500], [2500], [5000]];

/** Runs a task of deno.json with its own permissions. */
async function task(slurm: Slurm, name: "submit" | "status", ...args: string[]) {
  const words = config.tasks[name].command.split(" ").slice(1);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words, ...args, "--json"],
    env: { ...slurm.env, LD_LIBRARY_PATH: "/nowhere" }, // clusters set it, and Deno starts no program with it
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 0, text(stderr));
  assert.equal(text(stderr), "");
  return JSON.parse(text(stdout));
}

Deno.test({
  name:
    "on Slurm, tasks that are killed, queued again and out of time are resumed or submitted again, and the merged run is that of one process",
  ignore: missing !== null,
  fn: async (test) => {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "polysem-slurm-" });
    const [run, single, settings] = ["many", "single", "slurm"].map((name) => join(folder, name));
    await Deno.mkdir(settings);
    const asked = ["--units", UNITS, "--profile", await writeQuickProfile(folder), "--seed", "7"];
    const shard = (index: number) => join(run, "shards", String(index));
    const chunksOf = (directory: string) => {
      using reader = readRun(directory);
      return reader.completedChunks().map(({ from }) => from);
    };
    let slurm: Slurm | undefined;
    try {
      slurm = await startSlurm(settings, 2);
      const started: Slurm = slurm;
      let first: { array: { job: string; shards: number[] }; merge: string };

      await test.step("submit queues an array, and a merge after it", async () => {
        first = await task(started, "submit", run, "--shards", "3", "--time", "30", ...asked);
        assert.deepEqual(first.array.shards, [0, 1, 2]);
        assert.match(first.array.job, /^\d+$/);
        const after = await started.tool("squeue", "-h", "-j", first.merge, "-o", "%E");
        assert.match(after, new RegExp(`^afterok:${first.array.job}_`));
        const status = await task(started, "status", run);
        assertDocumented("submit", first);
        assert.equal(status.shards.done + status.shards.running + status.shards.pending, 3);
        assert.deepEqual(status.units, { done: 0, planned: 42 });
      });

      const inWork = (index: number) =>
        until(`task ${index}`, () => {
          const progress = runProgress(shard(index));
          return progress !== null && typeof progress !== "string";
        });

      await test.step("a task that is killed counts as failed, and submit has it done alone while the others go on", async () => {
        await started.tool("scontrol", "hold", `${first.array.job}_2`); // it would begin in the place of the killed one
        await inWork(0);
        Deno.kill(lockHolder(shard(0))!.pid, "SIGKILL");
        const state = () => started.tool("squeue", "-h", "-t", "all", "-j", `${first.array.job}_0`, "-o", "%T");
        await until("a failed task", async () => (await state()).trim() === "FAILED");
        const status = await task(started, "status", run);
        // the killed one's name is in its file still; that may be half written, and no other begun
        assertDocumented("status", status, ["tasks[].images"]);
        assert.deepEqual([status.shards.failed, status.tasks[0].state], [1, "failed"]);
        assert.equal(status.tasks[0].slurm_state, "FAILED");
        assert.ok(status.tasks[0].last_lines.length > 0);

        const again = await task(started, "submit", run);
        assert.deepEqual(again.array.shards, [0]);
        assert.notEqual(again.merge, first.merge);
        const after = await started.tool("squeue", "-h", "-j", again.merge, "-o", "%E");
        for (const job of [again.array.job, `${first.array.job}_2`]) assert.ok(after.includes(`afterok:${job}`), after);
        const nothing = await task(started, "submit", run);
        assert.deepEqual([nothing.array, nothing.merge], [null, null]);
      });

      await test.step("a task that is queued again and one that is told that its time is over go on where they were", async () => {
        await started.tool("scontrol", "release", `${first.array.job}_2`);
        await inWork(1);
        await started.tool("scontrol", "requeue", `${first.array.job}_1`);
        await inWork(2);
        await started.tool("scancel", "--batch", "--signal=USR1", `${first.array.job}_2`);
        for (const index of [1, 2]) {
          const log = join(run, "machines", "logs", `shard-${index}.log`);
          await until(`task ${index} to begin again`, () => Deno.readTextFileSync(log).split("task ").length === 3);
        }
        assert.ok(!existsSync(join(run, "run.sqlite")), "nothing is merged before all are done");
        await until("the merge", async () => (await task(started, "status", run)).merge.state === "done");
        const status = await task(started, "status", run);
        assertDocumented("status", status, ["tasks[].writer"]);
        const { shards, units } = status;
        assert.deepEqual(shards, { planned: 3, done: 3, running: 0, pending: 0, failed: 0, not_submitted: 0 });
        assert.deepEqual(units, { done: 42, planned: 42 });
        const nothing = await task(started, "submit", run);
        assert.deepEqual([nothing.array, nothing.merge], [null, null]);
      });

      await test.step("each image of the dataset went through the network once", () => {
        assert.deepEqual([0, 1, 2].map((index) => chunksOf(shard(index))), CHUNKS);
      });

      await test.step("the merged run is that of one process, to the byte", async () => {
        const { code, err } = await finish(folder, "score-all", "--run", single, ...asked, "--workers", "2");
        assert.equal(code, 0, err);
        const bytes = (directory: string) => Deno.readFileSync(join(directory, "scores.csv"));
        assert.deepEqual(bytes(run), bytes(single));
        await until("the page", () => existsSync(join(run, "report.html")));
        using merged = readRun(run);
        using whole = readRun(single);
        assert.deepEqual(merged.manifest, whole.manifest);
        assert.deepEqual(merged.completedChunks(), whole.completedChunks());
        for (const range of whole.completedChunks()) {
          assert.ok(isDeepStrictEqual(merged.chunk(range), whole.chunk(range)), `images from ${range.from}`);
        }
        for (const { layer, unit } of whole.units()) {
          assert.ok(isDeepStrictEqual(merged.unit(layer, unit), whole.unit(layer, unit)), `${layer}:${unit}`);
        }
      });
    } finally {
      await slurm?.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
