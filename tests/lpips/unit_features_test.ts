import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { squaredDistances, unitFeatures } from "../../lib/lpips/unit_features.ts";
import { madeUp } from "./made_up.ts";

Deno.test("unitFeatures() gives the metric's term as a squared distance, worked by hand", () => {
  // Two positions, two channels, weights 2 and 3.
  // a: (3, 4) -> (.6, .8); (0, 5) -> (0, 1).   b: (4, 3) -> (.8, .6); (2, 0) -> (1, 0).
  // position 1: 2 * .2^2 + 3 * .2^2 = .2;  position 2: 2 * 1 + 3 * 1 = 5;  mean: 2.6
  const [a, b] = [new Float32Array(4), new Float32Array(4)];
  const weights = Float32Array.of(2, 3);
  unitFeatures(Float32Array.of(3, 4, 0, 5), weights, a);
  unitFeatures(Float32Array.of(4, 3, 2, 0), weights, b);
  assertClose(squaredDistances(a, [b])[0], 2.6, 1e-6);
});

Deno.test("unitFeatures() leaves a position without any activation at zero", () => {
  const output = new Float32Array(4).fill(NaN);
  unitFeatures(Float32Array.of(0, 0, 0, 2), Float32Array.of(1, 8), output);
  assert.deepEqual([...output], [0, 0, 0, 2]); // sqrt(8 / 2 positions) = 2
});

Deno.test("squaredDistances() gives each distance the same bits, however many others there are", () => {
  const vectors = Array.from({ length: 12 }, (_, i) => madeUp(i, 1001));
  const all = squaredDistances(vectors[11], vectors.slice(0, 11));
  for (let count = 0; count <= 11; count++) {
    assert.deepEqual(squaredDistances(vectors[11], vectors.slice(0, count)), all.slice(0, count));
  }
  assert.deepEqual(squaredDistances(vectors[11], [vectors[11]]), [0]);
});

Deno.test("squaredDistances() agrees with the route by inner products", async () => {
  await useBackend();
  const vectors = Array.from({ length: 9 }, (_, i) => madeUp(i, 5000).map((value) => value / 100));
  const gram = tf.tidy(() => {
    const rows = tf.stack(vectors.map((vector) => tf.tensor1d(vector))) as tf.Tensor2D;
    return tf.matMul(rows, rows, false, true).arraySync() as number[][];
  });
  for (const [j, vector] of vectors.entries()) {
    for (const [i, distance] of squaredDistances(vector, vectors).entries()) {
      assertClose(distance, gram[i][i] + gram[j][j] - 2 * gram[i][j], 1e-5);
    }
  }
});

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} to within ${tolerance}`);
}
