import assert from "node:assert/strict";
import { dataOf, leakyRelu, tf, useBackend } from "../../lib/engine/mod.ts";

await useBackend();
const first = tf.getBackend();

for (const backend of new Set([first, "cpu"])) {
  const on = <T>(compute: () => T): T => {
    tf.setBackend(backend);
    try {
      return compute();
    } finally {
      tf.setBackend(first);
    }
  };

  Deno.test(`leakyRelu() passes what is positive and a share of what is not (${backend})`, () => {
    const values = on(() => dataOf(() => leakyRelu(tf.tensor1d([-2, -0.5, 0, 3]), 0.25)));
    assert.deepEqual([...values], [-0.5, -0.125, 0, 3]);
  });

  Deno.test(`leakyRelu() has the gradient and the gradient's gradient of its closed form (${backend})`, () => {
    // f = sum leaky(x)^2: f' = 2 leaky(x) gate, and sum f' v has the gradient 2 gate^2 v, gate being 1 or .25
    const [firsts, seconds] = on(() => {
      const f = (x: tf.Tensor) => leakyRelu(x, 0.25).square().sum();
      const x = tf.tensor1d([-2, -0.5, 1, 3]);
      const v = tf.tensor1d([1, 2, 3, 4]);
      const inner = tf.grad(f);
      const results = [
        dataOf(() => inner(x)),
        dataOf(() => tf.grad((x: tf.Tensor) => inner(x).mul(v).sum())(x)),
      ];
      tf.dispose([x, v]);
      return results;
    });
    assert.deepEqual([...firsts], [2 * -0.5 * 0.25, 2 * -0.125 * 0.25, 2, 6]);
    assert.deepEqual([...seconds], [2 * 0.0625 * 1, 2 * 0.0625 * 2, 6, 8]);
  });
}
