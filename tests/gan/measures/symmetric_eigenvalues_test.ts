import assert from "node:assert/strict";
import { symmetricEigenvalues } from "../../../lib/gan/measures/symmetric_eigenvalues.ts";
import { createRandom } from "../../../lib/random.ts";

function assertNear(found: Float64Array, expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(found[i] - value) <= tolerance, `${i}: ${found[i]} is not ${value}`)
  );
}

Deno.test("symmetricEigenvalues() of small matrices are those worked by hand", () => {
  assertNear(symmetricEigenvalues(new Float64Array(0), 0), []);
  assertNear(symmetricEigenvalues(Float64Array.of(-3), 1), [-3]);
  assertNear(symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2), [1, 3]);
  assertNear(symmetricEigenvalues(new Float64Array(9), 3), [0, 0, 0]);
  assertNear(symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 3), 3), [-1, 3, 3]);
  // a = 2 I + ones of 4 x 4: 2 three times, and 2 + 4
  assertNear(symmetricEigenvalues(Float64Array.from({ length: 16 }, (_, i) => i % 5 === 0 ? 3 : 1), 4), [2, 2, 2, 6]);
});

Deno.test("symmetricEigenvalues() of the path's second difference are 2 - 2 cos(k pi / (n + 1))", () => {
  const n = 20;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((k + 1) * Math.PI / (n + 1)));
  assertNear(symmetricEigenvalues(matrix, n), expected);
});

Deno.test("symmetricEigenvalues() finds again what reflections have hidden", () => {
  const n = 40;
  const values = Array.from({ length: n }, (_, i) => i < 10 ? 0 : (i - 9) ** 2 / 10);
  const matrix = new Float64Array(n * n);
  values.forEach((value, i) => matrix[i * n + i] = value);
  const random = createRandom(1, "reflections");
  for (let times = 0; times < 5; times++) { // A -> H A H with H = I - 2 v v^T keeps eigenvalues
    const v = Float64Array.from({ length: n }, () => random.normal());
    const square = v.reduce((sum, x) => sum + x * x, 0);
    for (const rows of [true, false]) {
      for (let j = 0; j < n; j++) {
        const at = (i: number) => rows ? i * n + j : j * n + i;
        let dot = 0;
        for (let i = 0; i < n; i++) dot += v[i] * matrix[at(i)];
        for (let i = 0; i < n; i++) matrix[at(i)] -= 2 * dot * v[i] / square;
      }
    }
  }
  assertNear(symmetricEigenvalues(matrix, n), values, 1e-11);
});

Deno.test("symmetricEigenvalues() refuses entries that are no matrix or no numbers", () => {
  assert.throws(() => symmetricEigenvalues(new Float64Array(5), 2), /5 entries are not a matrix of 2 x 2/);
  assert.throws(() => symmetricEigenvalues(Float64Array.of(1, 2, NaN, 1), 2), /finite, got NaN in row 1/);
});
