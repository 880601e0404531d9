import assert from "node:assert/strict";
import { loadEmbedder } from "../../../lib/embed/mod.ts";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { createJudge } from "../../../lib/gan/measures/classifier.ts";
import { indexRange, openDataset } from "../../../lib/data/mod.ts";
import { CIFAR10_COLOURS, normalizeColours } from "../../../lib/networks/normalize.ts";
import { readWeights } from "../../../lib/weights/read_weights.ts";
import { createResNet18 } from "../../../lib/networks/resnet.ts";
import { findWeightSet } from "../../../lib/weights/registry.ts";

await useBackend();
const { test } = await openDataset({ kind: "cifar10" });

Deno.test("the judge gives the network's own features and scores, in passes, and the label of the highest score", async () => {
  const judge = await createJudge();
  const embedder = await loadEmbedder("resnet18-cifar10");
  const file = (await findWeightSet("resnet18-cifar10")).files[0];
  const { tensors, path } = await readWeights(file, "resnet18-cifar10");
  const network = createResNet18(tensors, path);
  try {
    const images = await test.images(indexRange(0, 270)); // two passes
    const before = tf.memory().numTensors;
    const { features, logits, labels } = judge.judge(images);
    assert.equal(tf.memory().numTensors, before);
    assert.deepEqual([features.rows, features.cols, logits.rows, logits.cols, labels.length], [270, 512, 270, 10, 270]);
    const embedded = (await embedder.embed(images)).data;
    embedded.forEach((value, i) => assert.ok(Math.abs(value - features.data[i]) < 1e-4));
    const pixels = normalizeColours(images.data, CIFAR10_COLOURS.mean, CIFAR10_COLOURS.std);
    const scores = dataOf(() => network.logits(tf.tensor4d(pixels, [270, 32, 32, 3])));
    scores.forEach((value, i) => assert.ok(Math.abs(value - logits.data[i]) < 1e-3));
    for (let i = 0; i < 270; i++) {
      const row = [...logits.data.subarray(i * 10, i * 10 + 10)];
      assert.equal(labels[i], row.indexOf(Math.max(...row)));
    }
    // its card says 90 % and more of the test images
    const right = labels.filter((label, i) => label === test.labels![i]).length;
    assert.ok(right / 270 > 0.85, `${right} of 270`);
    assert.equal(judge.sha256, embedder.sha256);
  } finally {
    judge.dispose();
    embedder.dispose();
    network.dispose();
  }
});

Deno.test("the judge refuses images of another size", async () => {
  const judge = await createJudge();
  try {
    const images = { count: 1, height: 16, width: 32, data: new Float32Array(16 * 32 * 3) };
    assert.throws(() => judge.judge(images), /takes images of 32x32 px, not 32x16; resize them first/);
  } finally {
    judge.dispose();
  }
});
