import assert from "node:assert/strict";
import { pearson } from "../../lib/statistics/pearson.ts";

Deno.test("pearson() is that worked by hand, 1 of itself, -1 of its negative and null of a constant", () => {
  // deviations -1 0 1 and -1 1 0: 1 / sqrt(2 * 2)
  assert.ok(Math.abs(pearson([1, 2, 3], [0, 2, 1])! - 0.5) < 1e-12);
  const values = Float32Array.of(0.1, 0.7, 0.2, 0.9);
  assert.ok(Math.abs(pearson(values, values.map((value) => 3 * value + 1))! - 1) < 1e-6);
  assert.ok(Math.abs(pearson(values, values.map((value) => -value))! + 1) < 1e-6);
  assert.equal(pearson(values, Float32Array.of(0.3, 0.3, 0.3, 0.3)), null);
  assert.equal(pearson([1], [1]), null);
  assert.throws(() => pearson([1, 2], [1]), /2 values stand beside 1/);
});
