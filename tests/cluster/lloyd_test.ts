import assert from "node:assert/strict";
import { lloyd } from "../../lib/cluster/lloyd.ts";

Deno.test("lloyd() fills a cluster that would end empty from the point farthest from its centre", () => {
  // No point is near 100. The others settle at 0.5 and 41 / 3, from which 20 is the farthest.
  assert.deepEqual(lloyd([[0], [1], [10], [11], [20]], [[0], [10], [100]]), [0, 0, 1, 1, 2]);
});

Deno.test("lloyd() fills several empty clusters with different points", () => {
  const clusters = lloyd([[0], [5], [7], [11], [20]], [[0], [90], [100], [110], [120]]);
  assert.equal(new Set(clusters).size, 5);
});

Deno.test("lloyd() ends with empty clusters where there are too few distinct points", () => {
  assert.equal(new Set(lloyd([[0], [0], [3], [3]], [[0], [0], [3]])).size, 2);
});

Deno.test("lloyd() moves centres to the means of their points", () => {
  // {0} and {2, 10, 12} first, with means 0 and 8; then {0, 2} and {10, 12}
  for (const unit of [1, 2 ** -20, 2 ** 20]) {
    const points = [0, 2, 10, 12].map((x) => [x * unit]);
    assert.deepEqual(lloyd(points, points.slice(0, 2)), [0, 0, 1, 1]);
  }
});
