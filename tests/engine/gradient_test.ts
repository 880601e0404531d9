import assert from "node:assert/strict";
import { convolveFused, gelu, gradientOf, normalizeLast, relu, tf, useBackend } from "../../lib/engine/mod.ts";

await useBackend();

const FILTER = tf.keep(tf.randomNormal([3, 3, 2, 2], 0, 1, "float32", 1)) as tf.Tensor4D;
const BIAS = tf.keep(tf.tensor1d([0.1, -0.2]));
const IMAGES = tf.keep(tf.randomNormal([4, 6, 6, 2], 0, 1, "float32", 2));

const convolve = (x: tf.Tensor) =>
  convolveFused(x as tf.Tensor4D, { filter: FILTER, bias: BIAS, stride: 1, padding: 1, activation: "relu" });

/** Functions whose gradients hand tensors on, add up, are computed at once, or are never asked for. */
const FUNCTIONS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  "a chain of layers": (x) => tf.mean(tf.softmax(gelu(normalizeLast(relu(convolve(convolve(x))), 1e-5)))),
  "a sum of one tensor with itself": (x) => tf.add(x, x).sum(),
  "branches that meet again": (x) => {
    const y = convolve(x);
    return tf.add(tf.mul(y, tf.tanh(y)), tf.add(y, tf.sub(y, x))).sum();
  },
  "a gradient that is handed on as it came": (x) => {
    const passed = tf.customGrad((input) => ({
      value: (input as tf.Tensor).clone(),
      gradFunc: (dy) => dy as tf.Tensor,
    }))(x);
    return tf.mul(tf.add(passed, tf.sin(x)), passed).sum();
  },
  "parts that are put together again": (x) => tf.concat(tf.split(tf.square(x), 2, 3).toReversed(), 3).mul(x).sum(),
  "an output that is not used": (x) => tf.mul(tf.split(tf.exp(x), 2, 3)[0], 2).sum(),
};

for (const [name, f] of Object.entries(FUNCTIONS)) {
  Deno.test(`gradientOf() is TensorFlow.js's gradient, and leaves nothing behind: ${name}`, () => {
    const before = tf.memory().numTensors;
    const [expected, found] = tf.tidy(() =>
      [tf.grad(f)(IMAGES), gradientOf(f)(IMAGES)].map((gradient) => {
        assert.deepEqual(gradient.shape, IMAGES.shape);
        return gradient.dataSync();
      })
    );
    assert.deepEqual(found, expected);
    assert.ok(found.some((value) => value !== 0));
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("gradientOf() twice in a row, and of a function that throws", () => {
  const square = gradientOf((x) => tf.square(x).sum());
  tf.tidy(() => {
    assert.throws(
      () =>
        gradientOf((x) => {
          tf.square(x);
          throw new RangeError("no such unit");
        })(IMAGES),
      /no such unit/,
    );
    assert.deepEqual(square(tf.tensor1d([1, -3])).arraySync(), [2, -6]);
    assert.deepEqual(square(tf.tensor1d([5])).arraySync(), [10]);
  });
});

Deno.test("gradientOf() frees on the way back: the end of a long chain has little left of it", () => {
  const alive = (gradient: typeof gradientOf) =>
    tf.tidy(() => {
      const before = tf.memory().numBytes;
      let after = NaN;
      const watch = (x: tf.Tensor) =>
        tf.customGrad((input) => ({
          value: (input as tf.Tensor).clone(),
          gradFunc: (dy) => {
            after = tf.memory().numBytes;
            return dy as tf.Tensor;
          },
        }))(x);
      gradient((x) => {
        let y = watch(x);
        for (let i = 0; i < 50; i++) y = tf.square(y);
        return y.sum();
      })(tf.ones([1000]));
      return (after - before) / 4000;
    });
  // x and its copy, what the last link stored, its gradient, and what that was computed from
  assert.ok(alive(gradientOf) <= 8, `${alive(gradientOf)}`);
  assert.ok(alive((f) => tf.grad(f)) >= 100, "stored tensors and gradients of 50 links");
});
