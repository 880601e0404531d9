import assert from "node:assert/strict";
import { createRandom } from "../../lib/random.ts";
import { bootstrapInterval } from "../../lib/statistics/bootstrap.ts";
import { nestedBootstrapInterval } from "../../lib/statistics/nested_bootstrap.ts";

const mean = (values: readonly number[]) => (indices: readonly number[]) =>
  indices.reduce((sum, i) => sum + values[i], 0) / indices.length;

Deno.test("nestedBootstrapInterval() draws groups within strata, and cases within each group drawn", () => {
  const strata = [[[0, 1, 2], [3, 4]], [], [[5, 6], []]];
  const lengths = new Set<number>();
  nestedBootstrapInterval(
    strata,
    (indices) => {
      lengths.add(indices.length);
      const last = indices.slice(-2); // the third stratum has one group of two, whatever is drawn before it
      assert.ok(last.every((i) => i >= 5) && indices.slice(0, -2).every((i) => i <= 4), String(indices));
      const own = indices.slice(0, -2);
      // a group of three or of two, twice: each part is of one group alone
      const cut = own.length === 4 ? 2 : own.length === 6 ? 3 : own[2] <= 2 && own[1] <= 2 && own[0] <= 2 ? 3 : 2;
      for (const part of [own.slice(0, cut), own.slice(cut)]) {
        assert.equal(new Set(part.map((i) => i <= 2)).size, 1, String(own));
      }
      return 0;
    },
    createRandom(1),
    { resamples: 200 },
  );
  assert.deepEqual([...lengths].sort(), [6, 7, 8]); // groups of 2 + 2, 2 + 3 or 3 + 3, and two
});

Deno.test("nestedBootstrapInterval() is wide where groups differ, and bootstrapInterval() of the same cases is not", () => {
  // two groups, all 0 and all 1: the mean of two groups drawn is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4
  const values = [...Array(20).fill(0), ...Array(20).fill(1)];
  const groups = [values.slice(0, 20).map((_, i) => i), values.slice(0, 20).map((_, i) => 20 + i)];
  assert.deepEqual(nestedBootstrapInterval([groups], mean(values), createRandom(2)), { low: 0, high: 1 });
  assert.deepEqual(nestedBootstrapInterval([groups], mean(values), createRandom(2), { level: 0.4 }), {
    low: 0.5,
    high: 0.5,
  });
  const plain = bootstrapInterval([groups.flat()], mean(values), createRandom(2))!;
  assert.ok(plain.low > 0.3 && plain.high < 0.7); // a standard error of .08
});

Deno.test("nestedBootstrapInterval() of a stratum of one group is that of its cases", () => {
  const values = [3, 8, 1, 9, 4, 4, 7];
  const indices = values.map((_, i) => i);
  const nested = nestedBootstrapInterval([[indices]], mean(values), createRandom(3), { resamples: 4000 })!;
  const plain = bootstrapInterval([indices], mean(values), createRandom(4), { resamples: 4000 })!;
  assert.ok(Math.abs(nested.low - plain.low) < 0.3 && Math.abs(nested.high - plain.high) < 0.3);
});

Deno.test("nestedBootstrapInterval() skips resamples without a value; there is none where most are, and nothing is NaN", () => {
  const groups = [[0], [1], [2], [3]];
  // of four groups drawn from four, the first is missing in (3/4)^4 = 32 % of the resamples
  const interval = nestedBootstrapInterval([groups], (i) => i.includes(0) ? 5 : null, createRandom(5));
  assert.deepEqual(interval, { low: 5, high: 5 });
  assert.equal(nestedBootstrapInterval([groups], (i) => i.includes(0) ? null : 5, createRandom(5)), null);
  assert.equal(nestedBootstrapInterval([], () => 1, createRandom(5)), null);
  assert.equal(nestedBootstrapInterval([[[]], []], () => 1, createRandom(5)), null);
});

Deno.test("nestedBootstrapInterval() is the same for the same seed, and refuses options out of range", () => {
  const values = [3, 8, 1, 9, 4, 4, 7];
  const interval = (seed: number) =>
    nestedBootstrapInterval([[[0, 1], [2, 3, 4]], [[5, 6]]], mean(values), createRandom(seed), { resamples: 50 });
  assert.deepEqual(interval(6), interval(6));
  assert.notDeepEqual(interval(6), interval(7));
  for (const options of [{ resamples: 0 }, { resamples: 1.5 }, { level: 0 }, { level: 1 }, { level: NaN }]) {
    assert.throws(() => nestedBootstrapInterval([[[0]]], () => 1, createRandom(0), options), RangeError);
  }
});
