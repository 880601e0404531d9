/**
 * A run whose adapter is lost. Run by webgpu_test.ts, in a process of its own.
 */
import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { type AdapterFailure, type JobStore, scoreAll, scoreAllHere } from "../../lib/jobs/mod.ts";
import { loadContext } from "../../lib/pipeline/mod.ts";
import { memoryStore } from "../jobs/memory_store.ts";
import { JOBS, RANGE, UNIT_CONTEXT } from "./unit.ts";

await useBackend("webgpu");

Deno.test("scoreAllHere() does a job again on the next backend when the adapter is lost in its middle, and keeps those before", async () => {
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const store = memoryStore([0, 1], [RANGE]);
  const kernels: unknown[] = [];
  const recording: JobStore = {
    ...store,
    commitJob: (job, records, seconds, by) => {
      store.commitJob(job, records, seconds);
      kernels.push(by?.kernels);
    },
  };
  const failures: AdapterFailure[] = [];
  const context = await loadContext(UNIT_CONTEXT);
  await scoreAllHere(context, JOBS, recording, {
    onProgress: (_, layer) => {
      if (layer === JOBS[1].layer) device.destroy();
    },
    onAdapterFailure: (failure) => failures.push(failure),
  });
  context.dispose();
  assert.equal(failures.length, 1, "once said");
  assert.match(failures[0].why, /^the graphics adapter .+ failed: it was lost \(.+\); /);
  assert.equal(failures[0].backend, "wasm");
  assert.deepEqual(store.jobs.map(({ job }) => job), [0, 1]);
  assert.deepEqual(kernels, [undefined, ["wasm"]]);
  assert.equal(store.chunks.length, 1, "the dataset was passed before, and not again");

  assert.equal((await useBackend()).backend, "wasm");
  const again = await loadContext(UNIT_CONTEXT);
  const alone = memoryStore([1]);
  await scoreAll(again, JOBS, alone);
  again.dispose();
  assert.deepEqual(store.jobs[1].records, alone.jobs[0].records, "the job is wholly of the next backend");
});
