import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { loadContext, parseProfile } from "../../lib/pipeline/mod.ts";
import { createPlan, scoreAll } from "../../lib/jobs/mod.ts";
import { openRun, readRun, RUN_SCHEMA } from "../../lib/store/mod.ts";
import type { RunManifest, UnitRecord } from "../../lib/types.ts";
import { MANIFEST } from "../store/example_run.ts";
import { madeUpDataset, plainPixels, sharedRef, sourceOf } from "../data/made_up_dataset.ts";
import { DEAD, GREEN, randomImages, RED, standInContext } from "../pipeline/stand_ins.ts";
import { assertParts, memoryStore } from "./memory_store.ts";

await useBackend();

Deno.test("scoreAll() scores the pending jobs of the plan in order, each committed before the next begins", async () => {
  const jobs = [{ layer: "colour", units: [0] }, { layer: "colour", units: [1, 3] }, { layer: "map", units: [0] }];
  const store = memoryStore([1, 2]);
  const seen: string[] = [];
  await scoreAll(standInContext(), jobs, store, {
    onProgress: (done, layer) => {
      assert.ok(done >= 0 && done <= 3);
      seen.push(`${layer} ${store.jobs.length}`);
    },
    onJob: (job, records) => seen.push(`job ${job}: ${records.map(({ layer, unit }) => `${layer}:${unit}`)}`),
  });
  assert.deepEqual([...new Set(seen)], ["colour 0", "job 1: colour:1,colour:3", "map 1", "job 2: map:0"]);
  assert.deepEqual(store.jobs.map(({ job }) => job), [1, 2]);
  for (const { seconds, parts } of store.jobs) assertParts(parts, seconds);
  assert.deepEqual(store.chunks, []);
});

Deno.test("scoreAll() with nothing pending does nothing", async () => {
  const store = memoryStore([]);
  const never = () => assert.fail();
  const events = { onJob: never, onDataset: never, onProgress: never };
  await scoreAll(standInContext(), [{ layer: "colour", units: [0] }], store, events);
  assert.deepEqual([store.jobs, store.chunks], [[], []]);
});

Deno.test("scoreAll() stops at the first job that cannot be committed", async () => {
  const jobs = [{ layer: "colour", units: [0] }, { layer: "colour", units: [1] }];
  const store = memoryStore([0, 1], [], 1);
  await assert.rejects(scoreAll(standInContext(), jobs, store, { onJob: () => assert.fail() }), /full/);
  assert.deepEqual(store.jobs, []);
});

Deno.test("a run takes all records that jobs make, a dead unit's among them, and gives them back", async () => {
  // one test image, black but for green: RED makes 0 of it, GREEN 1
  const pixels = plainPixels(1, { height: 32, width: 32 }, () => 0);
  for (let p = 1; p < 3072; p += 3) pixels.pixels[p] = 255;
  const dataset = madeUpDataset(sourceOf(randomImages(1)), sourceOf(pixels));
  const context = standInContext({ dataset });
  const jobs = createPlan(context.network.layers, [RED, GREEN, DEAD].map((unit) => ({ layer: "colour", unit })), 2);
  const manifest: RunManifest = {
    ...MANIFEST,
    schema: RUN_SCHEMA,
    jobs,
    dataset: { name: dataset.name, sha256: dataset.sha256, images: 1 },
  };
  const folder = await Deno.makeTempDir();
  const records = new Map<number, UnitRecord>();
  try {
    {
      using run = openRun(folder, manifest);
      await scoreAll(context, jobs, run, {
        onJob: (_, made) => made.forEach((record) => records.set(record.unit, record)),
      });
      assert.deepEqual(run.pendingJobs(), []);
      assert.deepEqual(run.pendingChunks(), []);
    }
    using run = readRun(folder);
    assert.deepEqual(run.units().map(({ unit, stopReason }) => [unit, stopReason]), [
      [RED, "elbow"],
      [GREEN, "elbow"],
      [DEAD, "dead"],
    ]);
    for (const [unit, record] of records) {
      const { images: _kept, ...rest } = run.unit("colour", unit)!; // as bytes, so rounded
      const { images: _made, ...made } = record;
      const flags = unit === GREEN ? [...made.flags, "dataset_higher"] : made.flags;
      const activation = unit === GREEN ? 1 : 0;
      const datasetBest = [{ index: 0, activation }];
      assert.deepEqual(rest, { ...made, flags, datasetMax: activation, datasetBest });
    }
    assert.deepEqual(run.unit("colour", DEAD)!.flags, ["dead"]);
    assert.equal(run.summary().layers[0].dead, 1);
    assert.equal(run.summary().layers[0].exceeding, 1); // RED; GREEN's images have about one half; DEAD has no score
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("scoreAll() leaves as many tensors after each job as before the first", async () => {
  const profile = parseProfile({
    extends: "calibrated",
    visualize: { steps: 2, parametrization: "fourier", rotation: 5, scale: 0.1 },
    lpips: { resize: 32 },
    elbow: { minImages: 4, maxImages: 12, threshold: 0.001 },
    cluster: { restarts: 1 },
  }, "test");
  const dataset = sharedRef(randomImages(20, "train"), randomImages(20, "test"));
  const empty = tf.memory().numTensors;
  const model = { kind: "shipped", name: "lenet5-cifar10" } as const;
  const context = await loadContext({ subject: { model, dataset }, instruments: { profile }, seed: 0 });
  const loaded = tf.memory().numTensors;
  const jobs = ["conv1", "conv2", "fc1", "fc2", "fc3"].flatMap((layer) => [
    { layer, units: [0, 1] },
    { layer, units: [2] },
  ]);
  const counts: number[] = [];
  const count = () => counts.push(tf.memory().numTensors);
  const store = memoryStore(jobs.map((_, job) => job), [{ from: 0, to: 7 }, { from: 7, to: 20 }]);
  const counting = {
    ...store,
    commitChunk: (...parameters: Parameters<typeof store.commitChunk>) => {
      store.commitChunk(...parameters);
      count();
    },
  };
  await scoreAll(context, jobs, counting, { onJob: count });
  assert.deepEqual(counts, Array(jobs.length + 2).fill(loaded));
  context.dispose();
  assert.equal(tf.memory().numTensors, empty);
});
