import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { balanced, groupMeans, likeness, meanResponses } from "../../lib/visualize/repulsion.ts";

await useBackend();

function assertNear(actual: ArrayLike<number>, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) < 1e-5, `${i} is ${actual[i]} instead of ${value}`)
  );
}

const FEATURES = [[1, 0], [0, 2], [3, 4]];
const ZERO = [[0, 0], [0, 0], [0, 0]];

function alike(features: number[][], groups: number[], centre: number[][]): Float32Array {
  return dataOf(() => likeness(tf.tensor2d(features), groups, tf.tensor2d(centre))) as Float32Array;
}

Deno.test("likeness() is the mean cosine with the others of the group, 0 for an image alone", () => {
  // cosines: (1, 0) and (0, 2) 0; (1, 0) and (3, 4) .6; (0, 2) and (3, 4) .8
  assertNear(alike(FEATURES, [3], ZERO), [0.3, 0.4, 0.7]);
  assertNear(alike(FEATURES, [2, 1], ZERO), [0, 0, 0]);
  assertNear(alike(FEATURES, [1, 2], ZERO), [0, 0.8, 0.8]);
  assertNear(alike([[0, 0], [0, 2], [3, 4]], [3], ZERO), [0, 0.4, 0.4]); // features of no length are like nothing
});

Deno.test("likeness() of groups side by side is that of each by itself", () => {
  // (1, 0) with (0, 2): cosine 0; (3, 4) with (4, 3): 24 / 25
  const features = tf.tensor2d([[1, 0], [0, 2], [3, 4], [4, 3]]);
  const zero = tf.zeros<tf.Rank.R2>([4, 2]);
  for (const asOne of [false, true]) {
    assertNear(dataOf(() => likeness(features, [2, 2], zero, asOne)), [0, 0, 0.96, 0.96]);
    assertNear(dataOf(() => likeness(features, [4], zero, asOne)), [1.4 / 3, 1.4 / 3, 2.36 / 3, 2.36 / 3]);
    assertNear(dataOf(() => likeness(features, [1, 1, 1, 1], zero, asOne)), [0, 0, 0, 0]);
    assertNear(dataOf(() => likeness(features, [3, 1], zero, asOne)), [0.3, 0.4, 0.7, 0]);
  }
});

Deno.test("likeness() is of features less the centre of their group", () => {
  // less (1, 1): (0, -1), (-1, 1), (2, 3); the first two have cosine -1 / sqrt 2
  const centre = [[1, 1], [1, 1], [0, 0]];
  assertNear(alike(FEATURES, [2, 1], centre), [-Math.SQRT1_2, -Math.SQRT1_2, 0]);
});

Deno.test("likeness() has a gradient that turns images apart, and leaves other groups and lone images alone", () => {
  const gradient = dataOf(() =>
    tf.grad((x: tf.Tensor) => likeness(x as tf.Tensor2D, [2, 1], tf.zeros([3, 2])).sum())(
      tf.tensor2d([[1, 0], [Math.SQRT1_2, Math.SQRT1_2], [5, 5]]),
    )
  );
  // the sum is twice the cosine; d cos / d a = (b - cos a) / |a| for unit vectors: across a, towards b
  const half = Math.SQRT1_2;
  assertNear(gradient, [0, 2 * half, 2 * (1 - 0.5), 2 * -0.5, 0, 0]);
});

Deno.test("groupMeans() repeats each group's mean features for each of its images", () => {
  const means = dataOf(() => groupMeans(tf.tensor2d([[1, 2], [3, 6], [5, 5]]), [2, 1]));
  assert.deepEqual([...means], [2, 4, 2, 4, 5, 5]);
});

Deno.test("meanResponses() are means over positions after the ReLU", () => {
  const values = [1, -8, 3, 4, -1, 2, -3, 0]; // channel 0: 1, 3, -1, -3; channel 1: -8, 4, 2, 0
  const expected = [1, 1.5];
  assert.deepEqual([...dataOf(() => meanResponses(tf.tensor4d(values, [1, 2, 2, 2])))], expected);
  assert.deepEqual([...dataOf(() => meanResponses(tf.tensor3d(values, [1, 4, 2])))], expected);
  assert.deepEqual([...dataOf(() => meanResponses(tf.tensor2d([[1, -8], [-1, 4]])))], [1, 0, 0, 4]);
});

Deno.test("balanced() adds the second gradient at so many times the first one's length, image by image", () => {
  // lengths 5 and 2 in the first image; 1 and nothing in the second; nothing and 1 in the third
  const activation = tf.tensor4d([3, 4, 0, 1, 0, 0, 0, 0, 0], [3, 1, 1, 3]);
  const repulsion = tf.tensor4d([0, 0, -2, 0, 0, 0, 0, 1, 0], [3, 1, 1, 3]);
  const sum = dataOf(() => balanced(activation, repulsion, 0.5));
  assertNear(sum, [3, 4, -2.5, 1, 0, 0, 0, 0, 0]);
  assertNear(dataOf(() => balanced(activation, repulsion, 2)), [3, 4, -10, 1, 0, 0, 0, 0, 0]);
  tf.dispose([activation, repulsion]);
});
