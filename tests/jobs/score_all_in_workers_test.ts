import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { type ContextOptions, loadContext, parseProfile } from "../../lib/pipeline/mod.ts";
import { type Job, scoreAll, scoreAllInWorkers, suggestWorkers } from "../../lib/jobs/mod.ts";
import type { UnitRecord } from "../../lib/types.ts";
import { randomImages } from "../pipeline/stand_ins.ts";

const backend = await useBackend();

const PROFILE = parseProfile({
  extends: "calibrated",
  visualize: { steps: 2 },
  lpips: { resize: 32 },
  elbow: { minImages: 4, maxImages: 8 },
  cluster: { restarts: 1 },
}, "test");
const OPTIONS: ContextOptions = {
  model: "lenet5-cifar10",
  profile: PROFILE,
  seed: 3,
  data: { train: randomImages(20, "train"), test: randomImages(20, "test") },
};
const JOBS: readonly Job[] = [
  { layer: "conv1", units: [0, 5] },
  { layer: "conv2", units: [3] },
  { layer: "fc1", units: [7, 8, 9] },
  { layer: "fc3", units: [1] },
];

/** A store that only remembers, and fails at its `failAt`-th commit. */
function memory(pending: readonly number[], failAt = Infinity) {
  const committed = new Map<number, { records: readonly UnitRecord[]; seconds: number }>();
  return {
    committed,
    pendingJobs: () => pending,
    commitJob: (job: number, records: readonly UnitRecord[], seconds: number) => {
      if (committed.size + 1 === failAt) throw new Error("the disk is full");
      assert.ok(!committed.has(job), "once each");
      committed.set(job, { records, seconds });
    },
  };
}

Deno.test("scoreAllInWorkers() makes the records that scoreAll() makes, and leaves no tensor in the calling thread", async () => {
  const pending = [0, 2, 3]; // job 1 is done
  const context = await loadContext(OPTIONS);
  const alone = memory(pending);
  scoreAll(context, JOBS, alone);
  context.dispose();

  const before = tf.memory().numTensors;
  const store = memory(pending);
  const shares: number[] = [];
  const done: number[] = [];
  await scoreAllInWorkers(OPTIONS, backend, 2, JOBS, store, {
    onProgress: (units, layer) => {
      assert.ok(["conv1", "fc1", "fc3"].includes(layer));
      shares.push(units);
    },
    onJob: (job, records) => {
      assert.equal(store.committed.get(job)!.records, records, "it is committed by then");
      done.push(job);
    },
  });
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(done.toSorted(), pending);
  assert.equal(store.committed.size, 3);
  for (const [job, { records, seconds }] of store.committed) {
    assert.deepEqual(records, alone.committed.get(job)!.records, `job ${job}`);
    assert.ok(seconds > 0);
  }
  assert.equal(shares.at(-1), 2 + 3 + 1);
  assert.ok(shares.every((units) => units >= 0 && units <= 6));
});

Deno.test("scoreAllInWorkers() with nothing pending starts no worker", async () => {
  const store = memory([]);
  await scoreAllInWorkers({ ...OPTIONS, model: "none such" }, backend, 2, JOBS, store, { onJob: () => assert.fail() });
  assert.equal(store.committed.size, 0);
});

Deno.test("scoreAllInWorkers() throws what the store threw, and what was committed before stays", async () => {
  const store = memory([0, 1, 2, 3], 2);
  const done: number[] = [];
  await assert.rejects(
    scoreAllInWorkers(OPTIONS, backend, 2, JOBS, store, { onJob: (job) => done.push(job) }),
    /^Error: the disk is full$/,
  );
  assert.deepEqual([...store.committed.keys()], done);
  assert.equal(done.length, 1);
});

Deno.test("scoreAllInWorkers() throws a worker's wrong input as such", async () => {
  await assert.rejects(
    scoreAllInWorkers({ ...OPTIONS, model: "lenet6" }, backend, 2, JOBS, memory([0, 1])),
    (error: Error) => error instanceof InputError && /there is no model "lenet6"/.test(error.message),
  );
});

Deno.test("suggestWorkers() is a worker a core, no more than there are jobs or than memory holds, and at least one", () => {
  const [cpu, cuda] = [{ device: "cpu" }, { device: "cuda" }] as const;
  const machine = { cores: 4, freeBytes: 3.9e9 };
  assert.equal(suggestWorkers(cpu, 17, { ...machine, freeBytes: 64e9 }), 4);
  assert.equal(suggestWorkers(cpu, 17, machine), 3);
  assert.equal(suggestWorkers(cpu, 2, machine), 2);
  assert.equal(suggestWorkers(cpu, 0, machine), 1);
  assert.equal(suggestWorkers(cpu, 17, { ...machine, freeBytes: 1e8 }), 1);
  assert.equal(suggestWorkers(cuda, 17, { ...machine, freeBytes: 64e9 }), 1, "they would share the card");
  const here = suggestWorkers(cpu, 17);
  assert.ok(Number.isInteger(here) && here >= 1 && here <= navigator.hardwareConcurrency);
});
