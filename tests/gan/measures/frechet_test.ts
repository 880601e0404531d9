import assert from "node:assert/strict";
import { join } from "node:path";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { featureStatistics, frechetDistance } from "../../../lib/gan/measures/frechet.ts";
import { createRandom } from "../../../lib/random.ts";
import type { Matrix } from "../../../lib/types.ts";

await useBackend();

const FIXTURE = join(import.meta.dirname!, "..", "..", "..", "fixtures", "gan", "frechet.json");

function matrix(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, cols: rows[0].length, data: Float32Array.from(rows.flat()) };
}

/** Two points on either side of the mean along each axis: exactly this mean and this diagonal covariance. */
function withMoments(mean: readonly number[], variances: readonly number[]): Matrix {
  const count = 2 * mean.length;
  return matrix(
    mean.flatMap((_, axis) =>
      [-1, 1].map((side) =>
        mean.map((value, j) => j === axis ? value + side * Math.sqrt(variances[j] * (count - 1) / 2) : value)
      )
    ),
  );
}

function assertNear(found: number, expected: number, relative = 1e-5): void {
  assert.ok(Math.abs(found - expected) <= relative * Math.max(1, Math.abs(expected)), `${found} is not ${expected}`);
}

function normals(rows: number, cols: number, seed: number, scale = 1): Matrix {
  const random = createRandom(seed, "normals");
  return { rows, cols, data: Float32Array.from({ length: rows * cols }, () => scale * random.normal()) };
}

Deno.test("frechetDistance() of diagonal Gaussians is the closed form: squared differences of means and of deviations", () => {
  const a = withMoments([1, 2, 3], [4, 1, 0.25]);
  const b = withMoments([1, 0, 4], [1, 1, 9]);
  // means 0 + 4 + 1; deviations (2 - 1)^2 + 0 + (.5 - 3)^2
  assertNear(frechetDistance(a, b), 5 + 1 + 6.25);
  assertNear(frechetDistance(b, a), 5 + 1 + 6.25);
});

Deno.test("frechetDistance() of a set and the same set moved is the squared move", () => {
  const a = normals(300, 8, 1);
  const moved = { ...a, data: a.data.map((value, i) => value + (i % 8 === 3 ? 5 : 0)) };
  assertNear(frechetDistance(a, moved), 25);
  // far from zero, where squares would have used up all digits of single precision
  const far = { ...a, data: a.data.map((value) => value + 1000) };
  const farther = { ...a, data: a.data.map((value) => value + 1001) };
  assertNear(frechetDistance(far, farther), 8, 1e-3);
});

Deno.test("frechetDistance() of a Gaussian and itself stretched is (factor - 1)^2 times its variance", () => {
  const a = normals(500, 6, 2);
  const { mean, covariance } = featureStatistics(a);
  const variance = mean.reduce((sum, _, i) => sum + covariance.get(i, i), 0);
  const shift = mean.reduce((sum, value) => sum + value * value, 0);
  assertNear(frechetDistance(a, { ...a, data: a.data.map((value) => 3 * value) }), 4 * (variance + shift));
});

Deno.test("frechetDistance() equals the textbook formula in SciPy", async () => {
  const { cases } = JSON.parse(await Deno.readTextFile(FIXTURE));
  assert.equal(cases.length, 2);
  for (const { name, a, b, distance } of cases) {
    const [left, right] = [matrix(a), matrix(b)];
    for (const found of [frechetDistance(left, right), frechetDistance(right, left)]) {
      assert.ok(Math.abs(found - distance) < 1e-4 * distance, `${name}: ${found} is not ${distance}`);
    }
    assert.equal(frechetDistance(featureStatistics(left), right), frechetDistance(left, right));
  }
});

Deno.test("frechetDistance() of a set to itself is 0, also where its covariance is singular", () => {
  for (const [rows, cols] of [[300, 20], [12, 40], [2, 3]]) {
    const a = normals(rows, cols, rows, 2);
    assert.ok(frechetDistance(a, a) < 1e-5 * cols, `${rows} x ${cols}: ${frechetDistance(a, a)}`);
  }
  const constant = matrix([[1, 2], [1, 2], [1, 2]]);
  assert.equal(frechetDistance(constant, constant), 0);
  assertNear(frechetDistance(constant, withMoments([1, 2], [4, 9])), 13); // all of the other's variance
});

Deno.test("featureStatistics() give mean, covariance and a factor of it, whatever the number of blocks", () => {
  const a = normals(2500, 7, 3, 2);
  const { count, mean, covariance, factor } = featureStatistics(a);
  assert.equal(count, 2500);
  assert.equal(factor.columns, 7);
  for (let i = 0; i < 7; i++) {
    const column = (j: number) => Array.from({ length: 2500 }, (_, row) => a.data[row * 7 + j]);
    const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    assertNear(mean[i], average(column(i)), 1e-12);
    for (let j = 0; j < 7; j++) {
      const [x, y] = [column(i), column(j)];
      const expected = x.reduce((sum, value, row) => sum + (value - average(x)) * (y[row] - average(y)), 0) / 2499;
      assertNear(covariance.get(i, j), expected, 1e-5);
      let product = 0;
      for (let k = 0; k < 7; k++) product += factor.get(i, k) * factor.get(j, k);
      assertNear(product, covariance.get(i, j), 1e-12);
    }
  }
  assert.equal(featureStatistics(normals(5, 7, 4)).factor.columns, 4); // five points span four directions
});

Deno.test("frechetDistance() of two samples of one Gaussian in 512 dimensions is small, and leaves no tensor", () => {
  const [a, b] = [normals(1000, 512, 5), normals(1000, 512, 6)];
  const tensors = tf.memory().numTensors;
  const distance = frechetDistance(a, b);
  assert.equal(tf.memory().numTensors, tensors);
  // two samples of one Gaussian: small beside the variance of 512 twice
  assert.ok(distance > 0 && distance < 512 / 2, `${distance}`);
});

Deno.test("frechetDistance() refuses single rows, unequal dimensions and what is not finite", () => {
  assert.throws(() => featureStatistics(normals(1, 3, 1)), /at least 2 rows, got 1/);
  assert.throws(() => frechetDistance(normals(4, 3, 1), normals(4, 2, 1)), /3 dimensions cannot be compared .* of 2/);
  const holed = normals(4, 3, 1);
  holed.data[7] = NaN;
  assert.throws(() => featureStatistics(holed), /some in column 1 are not/);
});
