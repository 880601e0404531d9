import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { type ContextRef, loadContext, parseProfile } from "../../lib/pipeline/mod.ts";
import { type Job, scoreAll, scoreAllInWorkers, suggestWorkers } from "../../lib/jobs/mod.ts";
import { sharedRef } from "../data/made_up_dataset.ts";
import { randomImages } from "../pipeline/stand_ins.ts";
import { memoryStore } from "./memory_store.ts";

const backend = await useBackend();

const PROFILE = parseProfile({
  extends: "calibrated",
  visualize: { steps: 2 },
  lpips: { resize: 32 },
  elbow: { minImages: 4, maxImages: 8 },
  cluster: { restarts: 1 },
}, "test");
const CONTEXT: ContextRef = {
  subject: {
    model: { kind: "shipped", name: "lenet5-cifar10" },
    dataset: sharedRef(randomImages(20, "train"), randomImages(20, "test")),
  },
  instruments: { profile: PROFILE },
  seed: 3,
};
const NO_SUCH_MODEL: ContextRef = {
  ...CONTEXT,
  subject: { ...CONTEXT.subject, model: { kind: "shipped", name: "lenet6" } },
};
const JOBS: readonly Job[] = [
  { layer: "conv1", units: [0, 5] },
  { layer: "conv2", units: [3] },
  { layer: "fc1", units: [7, 8, 9] },
  { layer: "fc3", units: [1] },
];

Deno.test("scoreAllInWorkers() makes the records that scoreAll() makes, and leaves no tensor in the calling thread", async () => {
  const pending = [0, 2, 3]; // job 1 is done
  const ranges = [{ from: 0, to: 7 }, { from: 12, to: 20 }];
  const context = await loadContext(CONTEXT);
  const alone = memoryStore(pending, ranges);
  await scoreAll(context, JOBS, alone);
  context.dispose();

  const before = tf.memory().numTensors;
  const store = memoryStore(pending, ranges);
  const shares: number[] = [];
  const ofDataset: number[] = [];
  const done: number[] = [];
  await scoreAllInWorkers(context.ref, backend, 2, JOBS, store, {
    onDataset: (share) => ofDataset.push(share),
    onProgress: (units, layer) => {
      assert.ok(["conv1", "fc1", "fc3"].includes(layer));
      shares.push(units);
    },
    onJob: (job, records) => {
      assert.equal(store.jobs.find((each) => each.job === job)!.records, records, "it is committed by then");
      done.push(job);
    },
  });
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(done.toSorted(), pending);
  assert.equal(store.jobs.length, 3);
  for (const { job, records, seconds } of store.jobs) {
    assert.deepEqual(records, alone.jobs.find((each) => each.job === job)!.records, `job ${job}`);
    assert.ok(seconds > 0);
  }
  assert.equal(store.chunks.length, 2);
  for (const { chunk, seconds } of store.chunks) {
    assert.deepEqual(
      chunk,
      alone.chunks.find((each) => each.chunk.from === chunk.from)!.chunk,
      `images from ${chunk.from}`,
    );
    assert.ok(seconds > 0);
  }
  assert.equal(shares.at(-1), 2 + 3 + 1);
  assert.ok(shares.every((units) => units >= 0 && units <= 6));
  assert.equal(ofDataset.at(-1), 1);
  assert.ok(ofDataset.every((share, i) => share >= (ofDataset[i - 1] ?? 0) && share <= 1), `${ofDataset}`);
});

Deno.test("scoreAllInWorkers() passes over what is left of the dataset alone, and over nothing twice", async () => {
  const store = memoryStore([], [{ from: 3, to: 5 }]);
  const events = { onJob: () => assert.fail(), onProgress: () => assert.fail() };
  await scoreAllInWorkers(CONTEXT, backend, 2, JOBS, store, events);
  assert.deepEqual(store.chunks.map(({ chunk }) => [chunk.from, chunk.to]), [[3, 5]]);
  assert.deepEqual(
    store.chunks[0].chunk.layers.map(({ layer, activations, responses }) => [
      layer,
      activations.rows,
      activations.cols,
      responses?.cols ?? null,
    ]),
    [["conv1", 2, 2, 2], ["conv2", 2, 1, 1], ["fc1", 2, 3, null], ["fc3", 2, 1, null]],
  );
});

Deno.test("scoreAllInWorkers() with nothing pending starts no worker", async () => {
  const store = memoryStore([]);
  await scoreAllInWorkers(NO_SUCH_MODEL, backend, 2, JOBS, store, { onJob: () => assert.fail() });
  assert.deepEqual([store.jobs, store.chunks], [[], []]);
});

Deno.test("scoreAllInWorkers() throws what the store threw, and what was committed before stays", async () => {
  const store = memoryStore([0, 1, 2, 3], [], 2);
  const done: number[] = [];
  await assert.rejects(
    scoreAllInWorkers(CONTEXT, backend, 2, JOBS, store, { onJob: (job) => done.push(job) }),
    /^Error: the disk is full$/,
  );
  assert.deepEqual(store.jobs.map(({ job }) => job), done);
  assert.equal(done.length, 1);
});

Deno.test("scoreAllInWorkers() throws a worker's wrong input as such", async () => {
  await assert.rejects(
    scoreAllInWorkers(NO_SUCH_MODEL, backend, 2, JOBS, memoryStore([0, 1])),
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
