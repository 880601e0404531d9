import assert from "node:assert/strict";
import { spearmanWithin } from "../../lib/statistics/spearman_within.ts";

Deno.test("spearmanWithin() is free of what differs between strata", () => {
  const strata = ["a", "a", "a", "b", "b", "b"];
  // within each stratum the ranks are reversed, while b lies above a in both
  assert.equal(spearmanWithin([1, 2, 3, 11, 12, 13], [6, 5, 4, 16, 15, 14], strata), -1);
  // ranks less their mean -1 0 1 beside -1 1 0 and -1 0 1: (1 + 2) / 9 over sqrt(4 / 9 * 4 / 9)
  assert.equal(spearmanWithin([1, 2, 3, 1, 2, 3], [1, 3, 2, 7, 8, 9], strata), 3 / 4);
  // a stratum where one is the same for all counts nothing; ties elsewhere: -.5 -.5 1 beside -1 0 1 is 1.5 / sqrt(1.5 * 2)
  assert.ok(Math.abs(spearmanWithin([0, 0, 0, 4, 4, 5], [1, 2, 3, 1, 2, 3], strata)! - Math.sqrt(3) / 2) < 1e-12);
  assert.equal(spearmanWithin([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], strata), null);
});
