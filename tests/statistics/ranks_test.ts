import assert from "node:assert/strict";
import { auroc, ranks, spearman } from "../../lib/statistics/ranks.ts";
import { near } from "./near.ts";

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
