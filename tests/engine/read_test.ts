import assert from "node:assert/strict";
import { readAll, readData, tf, useBackend } from "../../lib/engine/mod.ts";

await useBackend();

Deno.test("readData() reads the tensor that a function makes, and frees it and what it made on the way", async () => {
  const before = tf.memory().numTensors;
  const data = await readData(() => tf.tensor2d([[1, 2], [3, 4]]).mul(2).add(1));
  assert.deepEqual(data, Float32Array.of(3, 5, 7, 9));
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("readAll() reads several tensors in their order, one of them twice, and frees all", async () => {
  const before = tf.memory().numTensors;
  const arrays = await readAll(() => {
    const x = tf.tensor1d([1, 2, 3]);
    return [x.neg(), x, x.sum(), x];
  });
  assert.deepEqual(arrays.map((array) => [...array]), [[-1, -2, -3], [1, 2, 3], [6], [1, 2, 3]]);
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(await readAll(() => []), []);
});

Deno.test("readAll() leaves no tensor where the function throws half way", async () => {
  const before = tf.memory().numTensors;
  const thrown = new Error("half way");
  await assert.rejects(
    readAll(() => {
      tf.tensor1d([1]).add(1);
      throw thrown;
    }),
    thrown,
  );
  assert.equal(tf.memory().numTensors, before);
});
