import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { createSgd } from "../../lib/training/sgd.ts";

await useBackend();

Deno.test("createSgd() takes Nesterov steps as computed by hand, with weight decay on weights alone", () => {
  const before = tf.memory().numTensors;
  const weight = tf.tidy(() => tf.variable(tf.tensor2d([[2]])));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d([2])));
  const parameters = new Map<string, tf.Variable>([["weight", weight], ["bias", bias]]);
  const sgd = createSgd(parameters, { momentum: 0.5, weightDecay: 0.25 });
  const gradients = { [weight.name]: tf.tensor2d([[1]]), [bias.name]: tf.tensor1d([1]) };
  // weight: g = 1 + .25 * 2 = 1.5, v = 1.5, p = 2 - .1 (1.5 + .75) = 1.775
  // bias:   g = 1,                 v = 1,   p = 2 - .1 (1 + .5)    = 1.85
  sgd.step(gradients, 0.1, 1);
  assertClose(weight, 1.775);
  assertClose(bias, 1.85);
  // weight: g = 1 + .25 * 1.775 = 1.44375, v = .75 + 1.44375 = 2.19375, p = 1.775 - .2 (1.44375 + 1.096875) = 1.266875
  // bias:   g = 1, v = .5 + 1 = 1.5, p = 1.85 - .2 (1 + .75) = 1.5
  sgd.step(gradients, 0.2, 2);
  assertClose(weight, 1.266875);
  assertClose(bias, 1.5);
  assertClose(sgd.state.get("velocity:weight")!, 2.19375);
  sgd.dispose();
  tf.dispose([weight, bias, ...Object.values(gradients)]);
  assert.equal(tf.memory().numTensors, before);
});

function assertClose(variable: tf.Tensor, expected: number): void {
  const [value] = variable.dataSync();
  assert.ok(Math.abs(value - expected) < 1e-6, `${value} is not ${expected}`);
}
