import assert from "node:assert/strict";
import { estimate, estimateMean } from "../../../lib/gan/measures/estimate.ts";
import { pearson } from "../../../lib/statistics/pearson.ts";
import { createRandom } from "../../../lib/random.ts";

Deno.test("estimateMean() has the interval of a share as the normal approximation tells it", () => {
  const values = Uint8Array.from({ length: 1000 }, (_, i) => i % 5 === 0 ? 1 : 0);
  const { value, low, high } = estimateMean(values, createRandom(1, "share"));
  assert.equal(value, 0.2);
  const half = 1.96 * Math.sqrt(0.2 * 0.8 / 1000); // .0248
  assert.ok(Math.abs(low - (0.2 - half)) < 0.005, `${low}`);
  assert.ok(Math.abs(high - (0.2 + half)) < 0.005, `${high}`);
  assert.deepEqual(estimateMean(values, createRandom(1, "share")), { value, low, high });
});

Deno.test("estimateMean() of one value many times is that value, without width", () => {
  assert.deepEqual(estimateMean([3, 3, 3], createRandom(2)), { value: 3, low: 3, high: 3 });
  assert.throws(() => estimateMean([], createRandom(2)), /mean of no value/);
});

Deno.test("estimate() is null where the statistic is, or where most draws leave it undefined", () => {
  assert.equal(estimate(0, () => 1, createRandom(3)), null);
  assert.equal(estimate(4, () => null, createRandom(3)), null);
  // all ten cases at once: defined as given, next to never when drawn with replacement
  const allThere = (cases: Uint32Array) => new Set(cases).size === 10 ? 1 : null;
  assert.equal(estimate(10, allThere, createRandom(3)), null);
});

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
