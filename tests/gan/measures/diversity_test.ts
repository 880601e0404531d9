import assert from "node:assert/strict";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { createNearestFeatures, labelDiversity } from "../../../lib/gan/measures/diversity.ts";
import { loadLpips } from "../../../lib/lpips/mod.ts";
import { createRandom } from "../../../lib/random.ts";
import type { ImageBatch, Matrix } from "../../../lib/types.ts";

await useBackend();

/** Images of one pixel, and for a distance the difference of their reds. */
const differences = {
  createSequence: () => {
    const seen: number[] = [];
    return {
      count: 0,
      add: ({ count, data }: ImageBatch) =>
        Promise.resolve(
          Array.from({ length: count }, (_, i) => data[3 * i]).flatMap((red) => {
            const distances = seen.map((other) => Math.abs(red - other));
            seen.push(red);
            return distances;
          }),
        ),
      pooledDistances: () => [],
      dispose: () => {},
    };
  },
};

Deno.test("labelDiversity() takes the mean over pairs of each label, and of these", async () => {
  // image i has label i mod 10; those of label l have reds 0, l / 10 and l / 10: pairs l / 10, l / 10 and 0
  const data = new Float32Array(30 * 3);
  for (let i = 10; i < 30; i++) data[3 * i] = (i % 10) / 10;
  const { perLabel, mean, byLabel } = await labelDiversity(differences, { count: 30, height: 1, width: 1, data });
  assert.equal(perLabel, 3);
  byLabel.forEach((value, label) => assert.ok(Math.abs(value - label / 10 * 2 / 3) < 1e-6));
  assert.ok(Math.abs(mean - 0.45 * 2 / 3) < 1e-6);
});

Deno.test("labelDiversity() by LPIPS is 0 for one picture a label, and more for several", async () => {
  const lpips = await loadLpips("alex", { resize: 64 });
  try {
    const random = createRandom(0);
    const pictures = Array.from({ length: 10 }, () => Float32Array.from({ length: 3072 }, () => random.uniform()));
    const batchOf = (pick: (i: number) => number) => {
      const data = new Float32Array(20 * 3072);
      for (let i = 0; i < 20; i++) data.set(pictures[pick(i)], i * 3072);
      return { count: 20, height: 32, width: 32, data };
    };
    assert.ok((await labelDiversity(lpips, batchOf((i) => i % 10))).mean < 1e-6);
    assert.ok((await labelDiversity(lpips, batchOf((i) => i % 9))).mean > 0.05); // the second ten are moved by one
  } finally {
    lpips.dispose();
  }
});

Deno.test("labelDiversity() refuses single images and labels of different numbers", async () => {
  for (const count of [10, 25, 0]) {
    const images = { count, height: 1, width: 1, data: new Float32Array(3 * count) };
    await assert.rejects(
      labelDiversity(differences, images),
      new RegExp(`at least 2 images of each, got ${count} in all`),
    );
  }
});

Deno.test("createNearestFeatures() finds the nearest over all batches, without keeping a tensor", () => {
  const random = createRandom(3);
  const matrix = (rows: number): Matrix => ({
    rows,
    cols: 5,
    data: Float32Array.from({ length: rows * 5 }, () => random.normal()),
  });
  const [queries, first, second] = [matrix(4), matrix(7), matrix(6)];
  second.data.set(queries.data.subarray(10, 15), 5); // a copy of query 2
  const nearest = createNearestFeatures(queries);
  assert.deepEqual([...nearest.distances()], [Infinity, Infinity, Infinity, Infinity]);
  const before = tf.memory().numTensors;
  nearest.add(first);
  nearest.add(second);
  assert.equal(tf.memory().numTensors, before);
  nearest.distances().forEach((found, i) => {
    let least = Infinity;
    for (const { rows, data } of [first, second]) {
      for (let row = 0; row < rows; row++) {
        let square = 0;
        for (let j = 0; j < 5; j++) square += (queries.data[i * 5 + j] - data[row * 5 + j]) ** 2;
        least = Math.min(least, Math.sqrt(square));
      }
    }
    assert.ok(Math.abs(found - least) < 1e-3, `${i}: ${found} is not ${least}`);
  });
  assert.ok(nearest.distances()[2] < 1e-3);
  assert.throws(() => nearest.add({ rows: 1, cols: 4, data: new Float32Array(4) }), /4 dimensions instead of 5/);
});
