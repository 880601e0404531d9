import assert from "node:assert/strict";
import { activationCheck } from "../../lib/validate/mod.ts";

Deno.test("activationCheck() tells mean, extremes and which share exceeds the dataset", () => {
  assert.deepEqual(activationCheck([3, 1, 2, 6], 2), {
    mean: 3, // 12 / 4
    min: 1,
    max: 6,
    datasetMax: 2,
    exceeds: false,
    share: 1 / 2, // 3 and 6; 2 only equals it
  });
});

Deno.test("activationCheck() holds where every image exceeds the dataset, whatever the signs", () => {
  const check = activationCheck([-1, -2], -2.5);
  assert.equal(check.exceeds, true);
  assert.equal(check.share, 1);
  assert.equal(check.mean, -1.5);
  assert.equal(activationCheck([-1, -2], -2).exceeds, false);
  assert.equal(activationCheck([-1, -2], -1).share, 0);
  assert.equal(activationCheck([5], 4).exceeds, true);
});

Deno.test("activationCheck() refuses no activations", () => {
  assert.throws(() => activationCheck([], 0), RangeError);
});
