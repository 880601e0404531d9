import assert from "node:assert/strict";
import { openRun } from "../../lib/store/mod.ts";
import { jobRecords, MANIFEST } from "./example_run.ts";

Deno.test("summary() of a shard counts its own jobs alone, planned and committed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [index, own] of [[0, [0, 2]], [1, [1]]] as const) {
      using run = openRun(`${folder}/${index}`, { ...MANIFEST, shard: { index, count: 2 } });
      assert.deepEqual(run.pendingJobs(), own);
      assert.deepEqual(run.summary().jobs, { planned: own.length, completed: 0 });
      for (const job of own) run.commitJob(job, jobRecords(job), 1);
      assert.deepEqual(run.pendingJobs(), []);
      assert.deepEqual(run.summary().jobs, { planned: own.length, completed: own.length });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
