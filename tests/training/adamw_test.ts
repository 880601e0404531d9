import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { createAdamW } from "../../lib/training/adamw.ts";

await useBackend();

Deno.test("createAdamW() takes steps as computed by hand, with weight decay on weights alone", () => {
  const before = tf.memory().numTensors;
  const weight = tf.tidy(() => tf.variable(tf.tensor2d([[2]])));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d([2])));
  const adam = createAdamW(new Map<string, tf.Variable>([["weight", weight], ["bias", bias]]), { weightDecay: 0.5 });
  const step = (gradient: number, number: number) => {
    const gradients = { [weight.name]: tf.tensor2d([[gradient]]), [bias.name]: tf.tensor1d([gradient]) };
    adam.step(gradients, 0.1, number);
    tf.dispose(gradients);
  };
  const assertClose = (actual: tf.Tensor, expected: number) =>
    assert.ok(Math.abs(actual.dataSync()[0] - expected) < 1e-5, `${actual.dataSync()[0]} instead of ${expected}`);
  // the first step goes by the rate, whatever the gradient: m' / sqrt(v') = 3 / 3;  the weight first shrinks by .1 x .5
  step(3, 1);
  assertClose(weight, 2 * 0.95 - 0.1);
  assertClose(bias, 2 - 0.1);
  // m = .9 x .3 - .1 = .17, m' = .17 / .19;  v = .999 x .009 + .001 = .009991, v' = .009991 / .001999
  const move = 0.1 * (0.17 / 0.19) / Math.sqrt(0.009991 / 0.001999);
  step(-1, 2);
  assertClose(weight, 1.8 * 0.95 - move);
  assertClose(bias, 1.9 - move);
  assert.deepEqual([...adam.state.keys()], ["first:weight", "first:bias", "second:weight", "second:bias"]);
  assertClose(adam.state.get("first:weight")!, 0.17);
  adam.dispose();
  tf.dispose([weight, bias]);
  assert.equal(tf.memory().numTensors, before);
});
