import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { loadContext, parseProfile } from "../../lib/pipeline/mod.ts";
import { createPlan, scoreAll } from "../../lib/jobs/mod.ts";
import { openRun, readRun, RUN_SCHEMA } from "../../lib/store/mod.ts";
import type { RunManifest, UnitRecord } from "../../lib/types.ts";
import { MANIFEST } from "../store/example_run.ts";
import { DEAD, GREEN, randomImages, RED, standInContext } from "../pipeline/stand_ins.ts";

await useBackend();

/** A store that only remembers. */
function memory(pending: readonly number[]) {
  const committed: { job: number; records: readonly UnitRecord[]; seconds: number }[] = [];
  return {
    committed,
    pendingJobs: () => pending,
    commitJob: (job: number, records: readonly UnitRecord[], seconds: number) => {
      committed.push({ job, records, seconds });
    },
  };
}

Deno.test("scoreAll() scores the pending jobs of the plan in order, each committed before the next begins", () => {
  const jobs = [{ layer: "colour", units: [0] }, { layer: "colour", units: [1, 3] }, { layer: "map", units: [0] }];
  const store = memory([1, 2]);
  const seen: string[] = [];
  scoreAll(standInContext(), jobs, store, {
    onProgress: (done, layer) => {
      assert.ok(done >= 0 && done <= 3);
      seen.push(`${layer} ${store.committed.length}`);
    },
    onJob: (job, records) => seen.push(`job ${job}: ${records.map(({ layer, unit }) => `${layer}:${unit}`)}`),
  });
  assert.deepEqual([...new Set(seen)], ["colour 0", "job 1: colour:1,colour:3", "map 1", "job 2: map:0"]);
  assert.deepEqual(store.committed.map(({ job }) => job), [1, 2]);
  assert.ok(store.committed.every(({ seconds }) => seconds > 0));
});

Deno.test("scoreAll() with nothing pending does nothing", () => {
  const store = memory([]);
  scoreAll(standInContext(), [{ layer: "colour", units: [0] }], store, { onJob: () => assert.fail() });
  assert.deepEqual(store.committed, []);
});

Deno.test("scoreAll() stops at the first job that cannot be committed", () => {
  const store = {
    pendingJobs: () => [0, 1],
    commitJob: () => {
      throw new Error("full");
    },
  };
  const jobs = [{ layer: "colour", units: [0] }, { layer: "colour", units: [1] }];
  assert.throws(() => scoreAll(standInContext(), jobs, store, { onJob: () => assert.fail() }), /full/);
});

Deno.test("a run takes all records that jobs make, a dead unit's among them, and gives them back", async () => {
  const context = standInContext({ testActivations: () => ({ rows: 1, cols: 4, data: Float32Array.of(0, 1, 0, 0) }) });
  const jobs = createPlan(context.network.layers, [RED, GREEN, DEAD].map((unit) => ({ layer: "colour", unit })), 2);
  const manifest: RunManifest = { ...MANIFEST, schema: RUN_SCHEMA, jobs };
  const folder = await Deno.makeTempDir();
  const records = new Map<number, UnitRecord>();
  try {
    {
      using run = openRun(folder, manifest);
      scoreAll(context, jobs, run, {
        onJob: (_, made) => made.forEach((record) => records.set(record.unit, record)),
      });
      assert.deepEqual(run.pendingJobs(), []);
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
      assert.deepEqual(rest, made);
    }
    assert.equal(run.summary().layers[0].dead, 1);
    assert.equal(run.summary().layers[0].exceeding, 1); // RED, whose best test image has 0; GREEN's has 1; DEAD has no score
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
  const data = { train: randomImages(20, "train"), test: randomImages(20, "test") };
  const empty = tf.memory().numTensors;
  const context = await loadContext({ model: "lenet5-cifar10", profile, seed: 0, data });
  const loaded = tf.memory().numTensors;
  const jobs = ["conv1", "conv2", "fc1", "fc2", "fc3"].flatMap((layer) => [
    { layer, units: [0, 1] },
    { layer, units: [2] },
  ]);
  const counts: number[] = [];
  scoreAll(context, jobs, memory(jobs.map((_, job) => job)), { onJob: () => counts.push(tf.memory().numTensors) });
  assert.deepEqual(counts, jobs.map(() => loaded));
  context.dispose();
  assert.equal(tf.memory().numTensors, empty);
});
