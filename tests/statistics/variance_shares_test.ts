import assert from "node:assert/strict";
import { createRandom } from "../../lib/random.ts";
import { cellMeans, varianceShares } from "../../lib/statistics/variance_shares.ts";
import { near } from "./near.ts";

Deno.test("varianceShares() of a table of 2 x 2 x 2 are those by hand", () => {
  // cell means 2 4 | 6 12, grand mean 6. Labels 3 and 9: 4 (9 + 9) = 72. Masks 4 and 8: 4 (4 + 4) = 32. Both beyond their
  // sum: 2 - 3 - 4 + 6 = 1, and -1, -1, 1: 2 * 4 = 8. Within: 8 values 1 off: 8. Total 120, W = 8 / 4 = 2.
  const shares = varianceShares([1, 3, 3, 5, 5, 7, 11, 13], 2, 2)!;
  near(shares.label, 72 / 120);
  near(shares.mask, 32 / 120);
  near(shares.interaction, 8 / 120);
  near(shares.rest, 8 / 120);
  near(shares.labelOmega, 70 / 122);
  near(shares.maskOmega, 30 / 122);
  near(shares.interactionOmega, 6 / 122);
  assert.deepEqual([...cellMeans([1, 3, 3, 5, 5, 7, 11, 13], 2, 2)], [2, 4, 6, 12]);
});

Deno.test("varianceShares() gives all to what alone the activation depends on", () => {
  const table = (value: (label: number, mask: number, image: number) => number) =>
    Array.from({ length: 3 * 4 * 2 }, (_, i) => value(Math.floor(i / 8), Math.floor(i / 2) % 4, i % 2));
  const shares = (value: Parameters<typeof table>[0]) => {
    const { label, mask, interaction, rest } = varianceShares(table(value), 3, 4)!;
    return [label, mask, interaction, rest].map((share) => Math.round(share * 1e12) / 1e12);
  };
  assert.deepEqual(shares((label) => label * label), [1, 0, 0, 0]);
  assert.deepEqual(shares((_, mask) => -mask), [0, 1, 0, 0]);
  assert.deepEqual(shares((label, mask) => (label - 1) * (mask - 1.5)), [0, 0, 1, 0]); // no mean of either moves
  assert.deepEqual(shares((_label, _mask, image) => image), [0, 0, 0, 1]);
  // 2 (label - 1) has variance 4 * 2/3 = 8/3, mask - 1.5 has 5/4, an image 1/4: in twelfths 32, 15, 3 of 50
  assert.deepEqual(shares((label, mask, image) => 2 * label + mask + image), [0.64, 0.3, 0, 0.06]);
});

Deno.test("varianceShares() corrected for chance are 0 on average where there is none, uncorrected ones are not", () => {
  const random = createRandom(0, "noise");
  let [eta, omega] = [0, 0];
  for (let repeat = 0; repeat < 200; repeat++) {
    const shares = varianceShares(Array.from({ length: 10 * 6 * 2 }, () => random.normal()), 10, 6)!;
    eta += shares.label / 200;
    omega += shares.labelOmega / 200;
  }
  near(eta, 9 / 119, 0.01); // degrees of freedom
  assert.ok(omega < 0.02 && omega > 0); // what is negative counts 0
});

Deno.test("varianceShares() are null for a constant, and refuse cells of one image or of different sizes", () => {
  assert.equal(varianceShares(new Float32Array(8).fill(0.1), 2, 2), null);
  assert.throws(() => varianceShares([1, 2, 3, 4], 2, 2), /4 values of 2 labels and 2 masks/);
  assert.throws(() => varianceShares([1, 2, 3, 4, 5, 6, 7, 8, 9], 2, 2), RangeError);
  assert.throws(() => varianceShares([1, 2, 3, 4], 1, 2), RangeError);
});
