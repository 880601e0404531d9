import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { createHead, squaredDistances, type UnitVector, unitVector } from "../../lib/lpips/unit_features.ts";
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

/** A head that weighs all channels alike. */
function evenHead(channels: number) {
  return createHead(new Float32Array(channels).fill(1));
}

Deno.test("unitVector() divides by the norm of an odd number of channels, and by 1e-10 more, as published", () => {
  const entriesOf = (...map: number[]) => unitVector([Float32Array.from(map)], [evenHead(map.length)]).entries;
  assert.deepEqual(entriesOf(2, 3, 6), Float32Array.of(2 / 7, 3 / 7, 6 / 7)); // 4 + 9 + 36 = 49
  assert.deepEqual(entriesOf(8), Float32Array.of(1));
  // norm 5e-10: 3 and 4 of 5 + 1
  entriesOf(3e-10, 4e-10).forEach((entry, c) => assertClose(entry, [3 / 6, 4 / 6][c], 1e-6));
});

Deno.test("unitVector() takes a layer of many channels of which few have a weight", () => {
  const weights = new Float32Array(40_000);
  weights[39_999] = 9;
  const { entries, indices, values } = unitVector([new Float32Array(40_000).fill(5)], [createHead(weights)]);
  assert.deepEqual([...entries], [Math.fround(3 / 200)]); // 5 of a norm of 5 sqrt(40,000), times sqrt 9
  assert.deepEqual([[...indices], [...values]], [[0], [...entries]]);
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

/** The vector of 143 positions of 7 made-up channels, of which about a third are zero: more than are multiplied in one go. */
function madeUpVector(stream: number, change: (value: number, i: number) => number = (value) => value): UnitVector {
  return unitVector([madeUp(stream, 1001).map((value, i) => change(Math.max(0, value - 1 / 3), i))], [evenHead(7)]);
}

Deno.test("unitVector() finds what is not zero, of either sign and however small", () => {
  const map = Float32Array.of(0, -2, -0, 1, 0, 0, 1e-40); // norm sqrt 5
  const { entries, indices, values, squaredLength } = unitVector([map], [evenHead(7)]);
  assert.deepEqual([...indices], [1, 3, 6]);
  assert.deepEqual([...values], [-2, 1, Math.fround(1e-40)].map((value) => Math.fround(value / Math.sqrt(5))));
  assert.deepEqual([...entries].map(Math.abs), [0, values[0], 0, values[1], 0, 0, values[2]].map(Math.abs));
  assertClose(squaredLength, 1, 1e-7);
});

Deno.test("squaredDistances() gives each distance the same bits, however many others there are", () => {
  const vectors = Array.from({ length: 12 }, (_, i) => madeUpVector(i));
  assert.ok(vectors.every(({ indices }) => indices.length > 600 && indices.length < 750));
  const all = squaredDistances(vectors[11], vectors.slice(0, 11));
  for (let count = 0; count <= 11; count++) {
    assert.deepEqual(squaredDistances(vectors[11], vectors.slice(0, count)), all.slice(0, count));
  }
  assert.deepEqual(squaredDistances(vectors[11], [vectors[11]]), [0]);
});

Deno.test("squaredDistances() of nearly equal vectors is that of their differences, not what cancelling leaves", () => {
  const near = madeUpVector(1);
  const shifted = madeUpVector(1, (value, i) => i === 500 ? value + 1e-5 : value);
  let expected = 0;
  near.entries.forEach((entry, i) => expected += (entry - shifted.entries[i]) ** 2);
  assert.ok(expected > 1e-13 && expected < 1e-11, `${expected}, of vectors of length 1`);
  assertClose(squaredDistances(near, [shifted])[0] / expected, 1, 1e-2);
});

Deno.test("squaredDistances() are not negative where two vectors differ by less than their rounding", () => {
  for (let stream = 0; stream < 50; stream++) {
    const vector = madeUpVector(stream);
    const others = Array.from({ length: 8 }, (_, n) => {
      return madeUpVector(stream, (value, i) => i % 8 === n ? value * (1 + 2 ** -23) : value);
    });
    assert.ok(squaredDistances(vector, others).every((distance) => distance >= 0 && distance < 1e-14));
  }
});

Deno.test("squaredDistances() agrees with the matrix product of all vectors", async () => {
  await useBackend();
  const vectors = Array.from({ length: 9 }, (_, i) => unitVector([madeUp(i, 5000)], [evenHead(10)]));
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
