import assert from "node:assert/strict";
import { learningRateAt, LENET5_RECIPE } from "../../lib/training/recipe.ts";

Deno.test("learningRateAt() rises linearly over the warm-up and falls linearly to the end", () => {
  // 10 epochs of 10 steps, 2 of them warm-up: 20 steps up, 80 down
  const recipe = { ...LENET5_RECIPE, epochs: 10, warmup: 2, learningRate: 0.8 };
  const expected: [number, number][] = [
    [0, 0.8 * 1 / 20],
    [9, 0.8 * 10 / 20],
    [19, 0.8],
    [20, 0.8 * 80 / 80],
    [60, 0.8 * 40 / 80],
    [99, 0.8 * 1 / 80],
  ];
  for (const [step, rate] of expected) {
    assert.ok(Math.abs(learningRateAt(recipe, step, 100) - rate) < 1e-12, `step ${step}`);
  }
});

Deno.test("learningRateAt() begins at the highest rate without a warm-up, and is positive in every step", () => {
  const recipe = { ...LENET5_RECIPE, epochs: 3, warmup: 0, learningRate: 0.5 };
  assert.equal(learningRateAt(recipe, 0, 30), 0.5);
  for (const warmup of [0, 1, 3]) {
    for (let step = 0; step < 30; step++) {
      const rate = learningRateAt({ ...recipe, warmup }, step, 30);
      assert.ok(rate > 0 && rate <= 0.5, `warm-up ${warmup}, step ${step}: ${rate}`);
    }
  }
});
