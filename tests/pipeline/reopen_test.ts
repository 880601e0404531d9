import assert from "node:assert/strict";
import { join } from "node:path";
import { CIFAR10_SHA256, isCifar10Present } from "../../lib/data/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import {
  CALIBRATED,
  datasetOf,
  loadContext,
  manifestOf,
  modelOf,
  PAPER,
  profileOf,
  reopenDataset,
  type ReopenedRun,
  reopenEmbedder,
  reopenInstruments,
  reopenSubject,
  reopenTestImages,
} from "../../lib/pipeline/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { findWeightSet } from "../../lib/weights/mod.ts";

const report = await useBackend();

/** A run of LeNet-5 without a dataset, as its manifest tells. */
const MANIFEST = await (async (): Promise<RunManifest> => {
  const model = { kind: "shipped", name: "lenet5-cifar10" } as const;
  const context = await loadContext({
    subject: { model, dataset: null },
    instruments: { profile: CALIBRATED },
    seed: 0,
  });
  context.dispose();
  const plan = { profileName: "calibrated", jobs: [{ layer: "conv1", units: [0] }], shard: { index: 0, count: 1 } };
  return manifestOf(context, plan, report);
})();

const OTHER = `${"0123456789ab"}${"c".repeat(52)}`;

/** The run, with parts of its manifest changed. */
function runOf(changes: Partial<RunManifest> = {}): ReopenedRun {
  return { name: "mine", manifest: { ...MANIFEST, ...changes } };
}

/** Refused in one line, and nothing that was loaded on the way stays. */
async function refused(action: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  const before = tf.memory().numTensors;
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
  assert.equal(tf.memory().numTensors, before);
}

Deno.test("reopenSubject() and reopenInstruments() load what the run was made with", async () => {
  const before = tf.memory().numTensors;
  const subject = await reopenSubject(runOf(), null);
  assert.equal(subject.network.name, "lenet5-cifar10");
  assert.equal(subject.modelSha256, MANIFEST.modelSha256);
  assert.equal(subject.dataset, null);
  const instruments = await reopenInstruments(runOf(), null);
  assert.deepEqual(
    [instruments.embedder.sha256, instruments.lpips.sha256],
    [MANIFEST.embedderSha256, MANIFEST.lpipsSha256],
  );
  assert.deepEqual(instruments.profile, CALIBRATED);
  subject.dispose();
  instruments.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("reopenSubject() refuses another model, and says how to give the run's own", async () => {
  const made =
    /^run mine was made with another model lenet5-cifar10 \(sha256 0123456789ab\.\.\.\) than the one at hand \(/;
  await refused(() => reopenSubject(runOf({ modelSha256: OTHER }), null), made);
  const found = MANIFEST.modelSha256.slice(0, 12);
  await refused(
    () => reopenSubject(runOf({ modelSha256: OTHER }), null),
    new RegExp(`at hand \\(${found}\\.\\.\\.\\); give --model-weights FILE, or score again into another run$`),
  );
  await refused(() => reopenSubject(runOf({ model: "lenet6" }), null), /there is no model "lenet6"/);
  // a hash that differs in its last digit alone
  const last = MANIFEST.modelSha256.replace(/.$/, (digit) => digit === "0" ? "1" : "0");
  await refused(() => reopenSubject(runOf({ modelSha256: last }), null), /another model/);
});

Deno.test("reopenSubject() takes the run's model from a file where it lies elsewhere", async () => {
  const [file] = (await findWeightSet("lenet5-cifar10")).files;
  const folder = await Deno.makeTempDir();
  try {
    const elsewhere = join(folder, "own.safetensors");
    await Deno.copyFile(file.path, elsewhere);
    assert.deepEqual(modelOf(runOf(), { modelWeights: elsewhere }), {
      kind: "shipped",
      name: "lenet5-cifar10",
      weights: elsewhere,
    });
    (await reopenSubject(runOf(), null, { modelWeights: elsewhere })).dispose();
    await refused(() => reopenSubject(runOf(), null, { modelWeights: join(folder, "none") }), /none/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("modelOf() takes the size of a run's images from its manifest", () => {
  const size = { height: 96, width: 64 };
  assert.deepEqual(modelOf(runOf({ model: "alexnet-imagenet", modelInput: { size } })), {
    kind: "shipped",
    name: "alexnet-imagenet",
    weights: undefined,
    size,
  });
});

Deno.test("modelOf() asks where the file of a model in TypeScript is", async () => {
  const run = runOf({ model: "mine", modelFormat: "typescript" });
  assert.deepEqual(modelOf(run, { modelWeights: "mine.ts" }), { kind: "typescript", file: "mine.ts" });
  await refused(
    () => Promise.resolve().then(() => modelOf(run)),
    /is of the model mine in TypeScript; give --model-weights FILE to say where its \.ts file is/,
  );
  await refused(() => reopenSubject(run, null, { modelWeights: "w.onnx" }), /w\.onnx is not a model in TypeScript/);
});

Deno.test("reopenInstruments() refuses another embedder and another metric, each by its name", async () => {
  await refused(
    () => reopenInstruments(runOf({ embedderSha256: OTHER }), null),
    /^run mine was made with another embedder resnet18-cifar10 \(sha256 0123456789ab\.\.\.\) .*; give --embedder-weights FILE,/,
  );
  await refused(
    () => reopenInstruments(runOf({ lpipsSha256: OTHER }), null),
    /^run mine was made with another LPIPS network alex \(sha256 0123456789ab\.\.\.\) than .*; restore its weights, or score/,
  );
  await refused(() => reopenInstruments(runOf(), null, { embedderWeights: "no/such.pth" }), /no\/such\.pth/);
});

Deno.test("reopenEmbedder() loads the run's embedder alone, and refuses another", async () => {
  const before = tf.memory().numTensors;
  const embedder = await reopenEmbedder(runOf({ lpipsSha256: OTHER }));
  assert.deepEqual([embedder.name, embedder.sha256], ["resnet18-cifar10", MANIFEST.embedderSha256]);
  embedder.dispose();
  assert.equal(tf.memory().numTensors, before);
  await refused(
    () => reopenEmbedder(runOf({ embedderSha256: OTHER })),
    /another embedder .*; give --embedder-weights FILE,/,
  );
  await refused(() => reopenEmbedder(runOf(), { embedderWeights: "no/such.pth" }), /no\/such\.pth/);
});

Deno.test("reopenTestImages() has none without a dataset or where it is not there, but refuses a folder that is named", async () => {
  assert.equal(await reopenTestImages(runOf()), null);
  const run = runOf({ dataset: { name: "cifar10", sha256: CIFAR10_SHA256, images: 10_000 } });
  const folder = await Deno.makeTempDir();
  const kept = Deno.env.get("POLYSEM_CACHE");
  Deno.env.set("POLYSEM_CACHE", folder); // an empty one
  try {
    assert.equal(await reopenTestImages(run), null);
    await refused(() => reopenTestImages(run, { data: folder }), /data_batch_1\.bin is missing/);
  } finally {
    if (kept === undefined) Deno.env.delete("POLYSEM_CACHE");
    else Deno.env.set("POLYSEM_CACHE", kept);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("reopenDataset() opens nothing for a run without one, and refuses one that is missing or unknown", async () => {
  assert.equal(await reopenDataset(runOf()), null);
  assert.equal(datasetOf(runOf()), null);
  const dataset = { name: "cifar10", sha256: CIFAR10_SHA256, images: 10_000 };
  assert.deepEqual(datasetOf(runOf({ dataset }), { data: "/somewhere" }), { kind: "cifar10", directory: "/somewhere" });
  const folder = await Deno.makeTempDir();
  try {
    await refused(() => reopenDataset(runOf({ dataset }), { data: folder }), /data_batch_1\.bin is missing/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const unknown = { name: "imagenet", sha256: OTHER };
  await refused(() => reopenDataset(runOf({ dataset: unknown })), /there is no dataset of the kind "imagenet"/);
});

Deno.test("reopenDataset() opens the run's dataset and refuses another", async (test) => {
  const present = isCifar10Present();
  await test.step({
    name: present ? "on the real files" : "skipped: CIFAR-10 is not in the cache; run `deno task setup`",
    ignore: !present,
    fn: async () => {
      const dataset = { name: "cifar10", sha256: CIFAR10_SHA256 };
      const opened = await reopenDataset(runOf({ dataset }));
      assert.equal(opened!.sha256, CIFAR10_SHA256);
      assert.deepEqual([opened!.train.count, opened!.test.count], [50_000, 10_000]);
      await refused(
        () => reopenDataset(runOf({ dataset: { ...dataset, sha256: OTHER } })),
        /^run mine was made with another dataset cifar10 \(sha256 0123456789ab\.\.\.\) than the one at hand/,
      );
      assert.equal((await reopenTestImages(runOf({ dataset })))!.count, 10_000);
      await refused(
        () => reopenTestImages(runOf({ dataset: { ...dataset, sha256: OTHER } })),
        /another dataset cifar10/,
      );
      const subject = await reopenSubject(runOf({ dataset }), opened);
      assert.equal(subject.dataset!.test.count, 10_000);
      subject.dispose();
    },
  });
});

Deno.test("profileOf() is the run's profile, and fields that are younger than the run are as in `paper`", () => {
  assert.deepEqual(profileOf(runOf()), CALIBRATED);
  // as a run of the first version states its profile: no fading, and clustering by embeddings alone
  const { startFade: _, ...visualize } = CALIBRATED.visualize;
  const { lpipsWeight: _1, pooledWeight: _2, minClusterSize: _3, ...cluster } = CALIBRATED.cluster;
  const profile = { ...CALIBRATED, visualize, cluster };
  const { lpipsWeight, pooledWeight, minClusterSize } = PAPER.cluster;
  assert.deepEqual(profileOf(runOf({ profile })), {
    ...CALIBRATED,
    visualize: { ...visualize, startFade: PAPER.visualize.startFade },
    cluster: { ...cluster, lpipsWeight, pooledWeight, minClusterSize },
  });
  assert.notEqual(PAPER.cluster.lpipsWeight, CALIBRATED.cluster.lpipsWeight, "else nothing would be told");
  assert.throws(
    () => profileOf(runOf({ profile: { ...CALIBRATED, elbow: { threshold: 2 } } })),
    /^InputError: profile of run mine: elbow\.threshold is 2; allowed/,
  );
});
