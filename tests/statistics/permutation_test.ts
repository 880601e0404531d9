import assert from "node:assert/strict";
import { createRandom } from "../../lib/random.ts";
import { permutationPValue } from "../../lib/statistics/permutation.ts";
import { spearman } from "../../lib/statistics/ranks.ts";
import { near } from "./near.ts";

/** Spearman's correlation of x with y by its partners. */
const rho = (x: readonly number[], y: readonly number[]) => (partners: readonly number[]) =>
  spearman(x, partners.map((j) => y[j]))!;

Deno.test("permutationPValue() approaches the exact share of permutations, both sides counted", () => {
  const all = [[0, 1, 2, 3]];
  // of the 24 orders of 4 values, the identity and its reverse alone reach |rho| = 1
  near(permutationPValue(all, rho([1, 2, 3, 4], [1, 2, 3, 4]), createRandom(5), 20_000), 2 / 24, 0.01); // five errors
  // 2 1 3 4 has rho = .8: the identity, three neighbouring swaps, and their reverses reach it
  near(permutationPValue(all, rho([1, 2, 3, 4], [2, 1, 3, 4]), createRandom(6), 20_000), 8 / 24, 0.017);
});

Deno.test("permutationPValue() shuffles within strata only", () => {
  const strata = [[0, 2, 4], [1, 3]];
  const seen = new Set<string>();
  permutationPValue(
    strata,
    (partners) => {
      for (const stratum of strata) {
        assert.deepEqual(stratum.map((i) => partners[i]).sort(), stratum);
      }
      seen.add(partners.join());
      return 1;
    },
    createRandom(7),
    500,
  );
  assert.equal(seen.size, 6 * 2); // all orders of three, with all of two
  // of the 12 pairings of -1 0 1 and of -.5 .5 with themselves, those as they are and both reversed reach |sum| = 2.5
  const x = [-1, -0.5, 0, 0.5, 1];
  const product = (partners: readonly number[]) => x.reduce((sum, value, i) => sum + value * x[partners[i]], 0);
  near(permutationPValue(strata, product, createRandom(8), 20_000), 2 / 12, 0.014);
});

Deno.test("permutationPValue() is never 0, and 1 where every order does as well", () => {
  const values = Array.from({ length: 30 }, (_, i) => i);
  assert.equal(permutationPValue([values], rho(values, values), createRandom(7), 99), 1 / 100);
  assert.equal(permutationPValue([values], () => 0, createRandom(7), 99), 1);
});

Deno.test("permutationPValue() counts a statistic that is equal but for rounding, and refuses no permutations", () => {
  let call = 0;
  assert.equal(permutationPValue([[0, 1]], () => call++ === 0 ? 0.3 : 0.1 + 0.2 - 1e-15, createRandom(8), 10), 1);
  for (const permutations of [0, 1.5, -1]) {
    assert.throws(() => permutationPValue([[0, 1]], () => 0, createRandom(8), permutations), RangeError);
  }
});
