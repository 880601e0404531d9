import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { createHead, indexed, squaredDistances, unitVector } from "../../lib/lpips/unit_features.ts";
import { madeUp } from "./made_up.ts";

Deno.test("unitVector() gives the metric as a squared distance, worked by hand", () => {
  // Two positions, two channels, weights 2 and 3.
  // a: (3, 4) -> (.6, .8); (0, 5) -> (0, 1).   b: (4, 3) -> (.8, .6); (2, 0) -> (1, 0).
  // position 1: 2 * .2^2 + 3 * .2^2 = .2;  position 2: 2 * 1 + 3 * 1 = 5;  mean: 2.6
  const head = createHead(Float32Array.of(2, 3));
  const a = unitVector([Float32Array.of(3, 4, 0, 5)], [head]);
  const b = unitVector([Float32Array.of(4, 3, 2, 0)], [head]);
  assertClose(squaredDistances(a, [b])[0], 2.6, 1e-6);
});

Deno.test("unitVector() leaves a position without any activation at zero", () => {
  const { entries, squaredLength } = unitVector([Float32Array.of(0, 0, 0, 2)], [createHead(Float32Array.of(1, 8))]);
  assert.deepEqual([...entries], [0, 0, 0, 2]); // sqrt(8 / 2 positions) = 2
  assert.equal(squaredLength, 4);
});

Deno.test("unitVector() divides by the norm of all channels and keeps those with a weight, layer after layer", () => {
  // (3, 4, 0) -> (.6, .8, 0), of which the second; (0, 0, 0) -> 0; then (6, 8) -> (.6, .8) with root weights 1 and 2
  const maps = [Float32Array.of(3, 4, 0, 0, 0, 0), Float32Array.of(6, 8)];
  const { entries } = unitVector(maps, [createHead(Float32Array.of(0, 50, 0)), createHead(Float32Array.of(1, 4))]);
  assert.deepEqual([...entries], [4, 0, .6, 1.6].map(Math.fround)); // .8 sqrt(50 / 2 positions) = 4
});

Deno.test("unitVector() lists the entries that are not zero, and adds channels over positions, used or not", () => {
  // channels 1 and 3 have no weight, and the last of all entries is theirs; six channels, for numbers are read by fours
  const head = createHead(Float32Array.of(1, 0, 4, 0, 9, 0));
  const map = Float32Array.of(0, 3, 0, 0, 0, 4, 6, 0, 0, 8, 0, 0, 0, 0, 2, 0, 10, 11);
  const sums = [new Float64Array(6)];
  const { entries, indices, values, squaredLength } = unitVector([map], [head], sums);
  // norms 5, 10, 15; positions: 3; entries at positions 1 (6 / 10 * 1) and 2 (2 / 15 * 2 and 10 / 15 * 3)
  const expected = [0, 0, 0, .6, 0, 0, 0, 4 / 15, 2].map((value) => value / Math.sqrt(3));
  assert.equal(entries.length, 9);
  expected.forEach((value, i) => assertClose(entries[i], value, 1e-7));
  assert.deepEqual([...indices], [3, 7, 8]);
  assert.deepEqual([...values], [3, 7, 8].map((i) => entries[i]));
  assertClose(squaredLength, (.36 + 16 / 225 + 4) / 3, 1e-6);
  assert.deepEqual([...sums[0]], [6, 3, 2, 8, 10, 15]);
});

Deno.test("indexed() finds what is not zero, of either sign", () => {
  const { indices, values, squaredLength } = indexed(Float32Array.of(0, -2, -0, 1, 0, 0, 1e-40));
  assert.deepEqual([...indices], [1, 3, 6]);
  assert.deepEqual([...values], [-2, 1, Math.fround(1e-40)]);
  assert.equal(squaredLength, 5);
});

Deno.test("squaredDistances() gives each distance the same bits, however many others there are", () => {
  const vectors = Array.from({ length: 12 }, (_, i) => indexed(madeUp(i, 1001)));
  const all = squaredDistances(vectors[11], vectors.slice(0, 11));
  for (let count = 0; count <= 11; count++) {
    assert.deepEqual(squaredDistances(vectors[11], vectors.slice(0, count)), all.slice(0, count));
  }
  assert.deepEqual(squaredDistances(vectors[11], [vectors[11]]), [0]);
});

Deno.test("squaredDistances() of nearly equal vectors is that of their differences, not what cancelling leaves", () => {
  const near = madeUp(1, 1001).map((value, i) => i % 3 === 0 ? 0 : value / 100);
  const shifted = near.map((value, i) => i === 500 ? value + 1e-5 : value);
  const difference = shifted[500] - near[500]; // 1e-5 after rounding to 32 bits
  assertClose(
    squaredDistances(indexed(near), [indexed(shifted)])[0] / difference ** 2,
    1,
    1e-3,
  );
});

Deno.test("squaredDistances() agrees with the matrix product of all vectors", async () => {
  await useBackend();
  const vectors = Array.from({ length: 9 }, (_, i) => indexed(madeUp(i, 5000).map((value) => value / 100)));
  const gram = tf.tidy(() => {
    const rows = tf.stack(vectors.map(({ entries }) => tf.tensor1d(entries))) as tf.Tensor2D;
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
