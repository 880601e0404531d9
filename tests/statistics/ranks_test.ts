import assert from "node:assert/strict";
import { createRandom, type Random } from "../../lib/random.ts";
import {
  auroc,
  bootstrapInterval,
  intraclassCorrelation,
  permutationPValue,
  ranks,
  spearman,
} from "../../lib/statistics/ranks.ts";

function near(actual: number | null, expected: number, within = 1e-12): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

Deno.test("ranks() are from 1, and equal values share the mean of their places", () => {
  assert.deepEqual(ranks([10, 30, 20, 20]), [1, 4, 2.5, 2.5]); // places 2 and 3
  assert.deepEqual(ranks([5, 5, 5]), [2, 2, 2]); // (1 + 2 + 3) / 3
  assert.deepEqual(ranks([-1, -Infinity, Infinity, 0, -0]), [2, 1, 5, 3.5, 3.5]); // 0 equals -0
  assert.deepEqual(ranks([]), []);
});

Deno.test("ranks() refuses NaN", () => {
  assert.throws(() => ranks([1, NaN]), /value 1 is NaN/);
});

Deno.test("spearman() is 1 - 6 sum d^2 / (n (n^2 - 1)) without ties", () => {
  // ranks 1 2 3 4 5 and 2 1 4 5 3: d = 1 1 1 1 2, sum of squares 8, 1 - 48 / 120 = .6
  near(spearman([1, 2, 3, 4, 50], [0.2, 0.1, 0.4, 0.5, 0.3]), 0.6);
  near(spearman([1, 2, 3], [1, 8, 27]), 1);
  near(spearman([1, 2, 3], [0, -1, -5]), -1);
});

Deno.test("spearman() takes mid-ranks where values are tied", () => {
  // ranks 1 2.5 2.5 4 (less 2.5: -1.5 0 0 1.5) and 1 2 3 4 (-1.5 -.5 .5 1.5): 4.5 / sqrt(4.5 * 5) = sqrt(.9)
  near(spearman([1, 2, 2, 3], [10, 20, 30, 40]), Math.sqrt(0.9));
});

Deno.test("spearman() is null for a constant or fewer than two values", () => {
  assert.equal(spearman([1, 1, 1], [1, 2, 3]), null);
  assert.equal(spearman([1, 2, 3], [7, 7, 7]), null);
  assert.equal(spearman([1], [2]), null);
  assert.equal(spearman([], []), null);
  assert.throws(() => spearman([1, 2], [1]), RangeError);
});

Deno.test("auroc() counts pairs of a positive and a negative, a tie one half", () => {
  // positives .8 .4 .4, negatives .4 .1: pairs 1 1, 1/2 1, 1/2 1 = 5 of 6
  near(auroc([0.8, 0.4, 0.4, 0.4, 0.1], [true, true, false, true, false]), 5 / 6);
  assert.equal(auroc([1, 2, 3, 4], [false, false, true, true]), 1);
  assert.equal(auroc([1, 2, 3, 4], [true, true, false, false]), 0);
  assert.equal(auroc([3, 3, 3], [true, false, true]), 0.5);
});

Deno.test("auroc() is null where a class is empty", () => {
  assert.equal(auroc([1, 2], [true, true]), null);
  assert.equal(auroc([1, 2], [false, false]), null);
  assert.equal(auroc([], []), null);
  assert.throws(() => auroc([1], []), RangeError);
});

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

Deno.test("intraclassCorrelation() is .29 on the table of Shrout and Fleiss (1979)", () => {
  const table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]];
  // Sums of squares: about zero 841, rows 2913 / 4, columns 4617 / 6, correction 127^2 / 24. So R = 11.2417, C = 32.4861,
  // E = 1.0194, and (R - E) / (R + 3 E + 4 (C - E) / 6) = 368 / 1270, printed there as .29
  near(intraclassCorrelation(table), 368 / 1270);
});

Deno.test("intraclassCorrelation() is 1 for repeats that agree, and less where they differ by a constant", () => {
  near(intraclassCorrelation([[1, 1], [2, 2], [5, 5]]), 1);
  // rows 1 2 and 3 4: grand mean 2.5; R = 2 (1 + 1) / 1 = 4; C = 2 (.25 + .25) / 1 = 1; E = 0: 4 / (4 + 0 + 2 / 2 * 1)
  near(intraclassCorrelation([[1, 2], [3, 4]]), 4 / 5);
});

Deno.test("intraclassCorrelation() can be negative", () => {
  // rows 0 1, 1 0, 0 0: means .5 .5 0, columns 1/3 1/3. R = 2 (2/36 + 1/9) / 2 = 1/6; C = 0; total about the mean 4/3, so
  // E = (4/3 - 1/3) / 2 = 1/2: (1/6 - 1/2) / (1/6 + 1/2 - 1/3) = -1
  near(intraclassCorrelation([[0, 1], [1, 0], [0, 0]]), -1);
});

Deno.test("intraclassCorrelation() is null where nothing varies or there is nothing to compare", () => {
  assert.equal(intraclassCorrelation([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]]), null);
  assert.equal(intraclassCorrelation([[1, 2, 3]]), null);
  assert.equal(intraclassCorrelation([[1], [2]]), null);
  assert.equal(intraclassCorrelation([]), null);
  assert.throws(() => intraclassCorrelation([[1, 2], [3]]), RangeError);
  assert.throws(() => intraclassCorrelation([[1, 2], [3, NaN]]), RangeError);
});

Deno.test("permutationPValue() approaches the exact share of permutations, both sides counted", () => {
  // of the 24 orders of 4 values, the identity and its reverse alone reach |rho| = 1
  const p = permutationPValue([1, 2, 3, 4], [1, 2, 3, 4], spearman, createRandom(5), 20_000);
  near(p, 2 / 24, 0.01); // five standard errors
  // 2 1 3 4 has rho = .8: the identity, three neighbouring swaps, and their reverses reach it
  near(permutationPValue([1, 2, 3, 4], [2, 1, 3, 4], spearman, createRandom(6), 20_000), 8 / 24, 0.017);
});

Deno.test("permutationPValue() is never 0, and 1 where every order does as well", () => {
  const values = Array.from({ length: 30 }, (_, i) => i);
  assert.equal(permutationPValue(values, values, spearman, createRandom(7), 99), 1 / 100);
  assert.equal(permutationPValue(values, values, () => 0, createRandom(7), 99), 1);
});

Deno.test("permutationPValue() is null where the statistic is undefined, and refuses what it cannot compare", () => {
  const random: Random = createRandom(8);
  assert.equal(permutationPValue([1, 1], [1, 2], spearman, random, 10), null);
  assert.throws(() => permutationPValue([1, 2], [1], spearman, random, 10), RangeError);
  assert.throws(() => permutationPValue([1, 2], [1, 2], spearman, random, 0), RangeError);
});
