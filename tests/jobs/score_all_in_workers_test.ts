import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { type ContextRef, loadContext, parseProfile } from "../../lib/pipeline/mod.ts";
import { type Job, scoreAll, scoreAllInWorkers, suggestWorkers } from "../../lib/jobs/mod.ts";
import { sharedRef } from "../data/made_up_dataset.ts";
import { randomImages } from "../pipeline/stand_ins.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";
import { assertParts, memoryStore } from "./memory_store.ts";

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
  assert.deepEqual(store.beside.map(({ part }) => part), ["start"]);
  assert.ok(store.beside[0].seconds > 0);
  for (const { job, records, seconds, parts } of store.jobs) {
    assertParts(parts, seconds);
    assert.deepEqual(records, alone.jobs.find((each) => each.job === job)!.records, `job ${job}`);
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

Deno.test({
  name: "scoreAllInWorkers() does jobs together, to the same records, and refuses a card that is not there" +
    (backend.backend === "native" ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: backend.backend !== "native",
  fn: async () => {
    const jobs: readonly Job[] = [
      { layer: "conv2", units: [0, 1] },
      { layer: "conv2", units: [2] },
      { layer: "fc3", units: [4] },
      { layer: "fc3", units: [1] },
    ];
    const context = await loadContext(CONTEXT);
    const alone = memoryStore([0, 1, 2, 3]);
    await scoreAll(context, jobs, alone);
    const grouped = memoryStore([0, 1, 3]);
    const done: number[] = [];
    // job 2 is done already: its group is the other alone
    await scoreAll(context, jobs, grouped, { onJob: (job) => done.push(job) }, [[0, 1], [2, 3]]);
    context.dispose();
    assert.deepEqual(done, [0, 1, 3]);
    const store = memoryStore([0, 1, 2, 3]);
    const shares: number[] = [];
    await scoreAllInWorkers(CONTEXT, backend, 2, jobs, store, { onProgress: (units) => shares.push(units) }, {
      groups: [[0, 1], [2, 3]],
      card: { type: "CPU", cards: 1, limits: { images: 64, bytes: 1e9 } },
    });
    assert.equal(shares.at(-1), 5);
    for (const kept of [grouped, store]) {
      for (const { job, records, seconds } of kept.jobs) {
        const expected = alone.jobs.find((each) => each.job === job)!.records;
        assert.deepEqual(records.map(({ unit }) => unit), expected.map(({ unit }) => unit), `job ${job}`);
        assert.ok(seconds > 0);
        for (const [i, { images, distances, score }] of records.entries()) {
          // the company of an image may change its last bits (`COMPANY_KEEPS_BITS`)
          const near = (a: ArrayLike<number>, b: ArrayLike<number>) =>
            Array.from(a).every((value, j) => Math.abs(value - b[j]) <= (COMPANY_KEEPS_BITS ? 0 : 1e-4));
          assert.ok(near(images.data, expected[i].images.data), `images of job ${job}`);
          assert.ok(near(distances, expected[i].distances), `distances of job ${job}`);
          assert.equal(score?.I, expected[i].score?.I);
        }
      }
    }
    // the second of two cards is not there
    await assert.rejects(
      scoreAllInWorkers(CONTEXT, backend, 2, jobs, memoryStore([0, 1]), {}, {
        card: { type: "CPU", cards: 2, limits: null },
      }),
      /TensorFlow has no device CPU:1/,
    );
  },
});

Deno.test({
  name: "scoreAllInWorkers() does jobs in parts, commits each whole and once, and makes the same records" +
    (COMPANY_KEEPS_BITS ? "" : " (skipped: an image's bits depend on its company here)"),
  ignore: !COMPANY_KEEPS_BITS,
  fn: async () => {
    const pending = [0, 1, 2];
    const context = await loadContext(CONTEXT);
    const alone = memoryStore(pending);
    await scoreAll(context, JOBS, alone);
    context.dispose();
    const store = memoryStore(pending);
    const shares: number[] = [];
    const done: number[] = [];
    await scoreAllInWorkers(CONTEXT, backend, 2, JOBS, store, {
      onProgress: (units) => shares.push(units),
      onJob: (job) => done.push(job),
    }, { parts: 2 }); // of 1 and 1, 1, and 2 and 1 units
    assert.deepEqual(done.toSorted(), pending);
    assert.equal(shares.at(-1), 6);
    for (const { job, records, seconds, parts } of store.jobs) {
      assertParts(parts, seconds);
      assert.deepEqual(records, alone.jobs.find((each) => each.job === job)!.records, `job ${job}`);
    }
  },
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
  // on a card four share it, as far as its memory holds them at 2 GB each; what it holds may not be known
  const large = { cores: 16, freeBytes: 64e9 };
  const card = { index: 0, name: "A", capability: [9, 0], totalBytes: 80e9, freeBytes: 79e9 } as const;
  const on = (...cards: NonNullable<Parameters<typeof suggestWorkers>[0]["cards"]>[number][]) => ({
    device: "cuda" as const,
    cards,
  });
  assert.equal(suggestWorkers(cuda, 17, large), 4);
  assert.equal(suggestWorkers(on(card), 17, large), 4);
  assert.equal(suggestWorkers(on(card), 17, { ...large, cores: 2 }), 2);
  assert.equal(suggestWorkers(on(card), 3, large), 3);
  assert.equal(suggestWorkers(on(card, card), 17, large), 8);
  assert.equal(suggestWorkers(on(card, { ...card, freeBytes: 5e9 }), 17, large), 4, "two on each");
  assert.equal(suggestWorkers(on({ ...card, totalBytes: 6e9, freeBytes: null }), 17, large), 3);
  const here = suggestWorkers(cpu, 17);
  assert.ok(Number.isInteger(here) && here >= 1 && here <= navigator.hardwareConcurrency);
});
