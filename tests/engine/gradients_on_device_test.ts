import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { recordCalls } from "./record_calls.ts";

const { backend } = await useBackend();

Deno.test("gradients of sums and means repeat what comes from above, divided by the number of terms", () => {
  tf.tidy(() => {
    // f = sum over the outputs y of weight * y: the gradient of every entry is the weight of its output, over the terms
    const x = tf.tensor3d([[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], [[1, 1, 2, 3], [5, 8, 1, 2], [3, 5, 8, 1]]]);
    const weights = tf.tensor2d([[1, 10], [100, 1000]]); // of [2, 4] reduced over the middle axis: two columns alone
    const wide = weights.pad([[0, 0], [0, 2]]);
    const gradient = (reduce: (x: tf.Tensor) => tf.Tensor) => tf.grad((x) => reduce(x).mul(wide).sum())(x).dataSync();
    const ofRow = (a: number, b: number) => Array.from({ length: 3 }, () => [a, b, 0, 0]).flat();
    assert.deepEqual([...gradient((x) => x.sum(1))], [...ofRow(1, 10), ...ofRow(100, 1000)]);
    assert.deepEqual(
      [...gradient((x) => x.mean(1))],
      [...ofRow(1 / 3, 10 / 3), ...ofRow(100 / 3, 1000 / 3)].map(Math.fround),
    );
    assert.deepEqual([...gradient((x) => x.sum(1, true).squeeze([1]))], [...ofRow(1, 10), ...ofRow(100, 1000)]);
    assert.deepEqual([...tf.grad((x) => x.mean())(x).dataSync()], Array(24).fill(Math.fround(1 / 24)));
    assert.deepEqual([...tf.grad((x) => x.sum([-1, 0]).sum())(x).dataSync()], Array(24).fill(1));
  });
});

Deno.test({
  name: "gradients of sums and means write nothing that grows with the input" +
    (backend === "native" ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: backend !== "native",
  fn: async () => {
    const uploads = async (count: number) => {
      const x = tf.tidy(() => tf.zeros([count, 8, 8, 3]).add(0)); // made by an operation: it lies on the device
      const calls = await recordCalls(() =>
        tf.tidy(() => {
          tf.grad((x) => x.mean([1, 2]).sum())(x);
        })
      );
      x.dispose();
      return calls.filter(({ name }) => name === "upload").map(({ bytes }) => bytes);
    };
    const few = await uploads(2);
    assert.ok(few.length > 0); // scalars and shapes
    assert.deepEqual(await uploads(64), few);
  },
});
