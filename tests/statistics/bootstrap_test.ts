import assert from "node:assert/strict";
import { createRandom } from "../../lib/random.ts";
import { bootstrapInterval, estimate, estimateMean } from "../../lib/statistics/bootstrap.ts";
import { near } from "./near.ts";

Deno.test("bootstrapInterval() of a mean of many values is that of the normal distribution", () => {
  const random = createRandom(0, "values");
  const values = Array.from({ length: 400 }, () => random.normal());
  const mean = (indices: readonly number[]) => indices.reduce((sum, i) => sum + values[i], 0) / indices.length;
  const all = values.map((_, i) => i);
  const centre = mean(all);
  const error = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0)) / 400; // of the mean
  const interval = bootstrapInterval([all], mean, createRandom(0, "bootstrap"), { resamples: 4000 })!;
  near(interval.low, centre - 1.96 * error, 0.15 * error); // 4000 resamples: the quantile's own error is some .04
  near(interval.high, centre + 1.96 * error, 0.15 * error);
  const half = bootstrapInterval([all], mean, createRandom(0, "bootstrap"), { resamples: 4000, level: 0.5 })!;
  near(half.low, centre - 0.6745 * error, 0.15 * error);
  near(half.high, centre + 0.6745 * error, 0.15 * error);
});

Deno.test("bootstrapInterval() draws within each stratum as many as it has", () => {
  const seen = new Set<number>();
  const interval = bootstrapInterval(
    [[1, 2, 3], [], [10, 20]],
    (indices) => {
      assert.equal(indices.length, 5);
      assert.ok(indices.slice(0, 3).every((index) => index <= 3) && indices.slice(3).every((index) => index >= 10));
      for (const index of indices) seen.add(index);
      return indices.filter((index) => index >= 10).length;
    },
    createRandom(1),
    { resamples: 100 },
  );
  assert.deepEqual(interval, { low: 2, high: 2 }); // the second stratum is always two
  assert.deepEqual([...seen].sort((a, b) => a - b), [1, 2, 3, 10, 20]);
});

Deno.test("bootstrapInterval() of a paired difference sees both sides on the same indices", () => {
  const a = [5, 1, 9, 4];
  const b = a.map((value) => value - 2);
  const mean = (values: readonly number[], indices: readonly number[]) =>
    indices.reduce((sum, i) => sum + values[i], 0) / indices.length;
  const interval = bootstrapInterval([[0, 1, 2, 3]], (i) => mean(a, i) - mean(b, i), createRandom(2))!;
  near(interval.low, 2);
  near(interval.high, 2);
});

Deno.test("bootstrapInterval() leaves out what is undefined, and is null when less than half is left", () => {
  let call = 0;
  const every = (n: number) => () => call++ % n === 0 ? 7 : null;
  assert.deepEqual(bootstrapInterval([[0]], every(2), createRandom(3), { resamples: 100 }), { low: 7, high: 7 });
  call = 0;
  assert.equal(bootstrapInterval([[0]], every(3), createRandom(3), { resamples: 100 }), null); // 34 of 100
  assert.equal(bootstrapInterval([], () => 1, createRandom(3)), null);
  assert.equal(bootstrapInterval([[]], () => 1, createRandom(3)), null);
});

Deno.test("bootstrapInterval() is the same for the same seed, and refuses wrong options", () => {
  const statistic = (indices: readonly number[]) => indices.reduce((sum, i) => sum + i * i, 0);
  const once = () => bootstrapInterval([[1, 2, 3, 4, 5]], statistic, createRandom(4), { resamples: 50 });
  assert.deepEqual(once(), once());
  for (const options of [{ resamples: 0 }, { resamples: 1.5 }, { level: 0 }, { level: 1 }]) {
    assert.throws(() => bootstrapInterval([[1]], statistic, createRandom(4), options), RangeError);
  }
});

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
  const allThere = (cases: readonly number[]) => new Set(cases).size === 10 ? 1 : null;
  assert.equal(estimate(10, allThere, createRandom(3)), null);
});

Deno.test("estimate() draws what bootstrapInterval() draws from one stratum of all cases", () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const mean = (cases: readonly number[]) => cases.reduce((sum, i) => sum + values[i], 0) / cases.length;
  const { value, low, high } = estimate(8, mean, createRandom(5))!;
  const interval = bootstrapInterval([[0, 1, 2, 3, 4, 5, 6, 7]], mean, createRandom(5), { resamples: 1000 })!;
  assert.equal(value, 31 / 8);
  near(low, interval.low); // but for the last digits: the level of .95 is not exactly 2 * .025 less than 1
  near(high, interval.high);
});
