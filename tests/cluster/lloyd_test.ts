import assert from "node:assert/strict";
import { lloyd } from "../../lib/cluster/lloyd.ts";

Deno.test("lloyd() fills a cluster that starts empty", () => {
  // Both first centres are the same: every point near them goes to one, the other is left empty.
  const clusters = lloyd([[0], [1], [10], [11], [20]], [[0], [0], [10]]);
  assert.equal(new Set(clusters).size, 3);
  assert.deepEqual([clusters[0] === clusters[1], clusters[2] === clusters[3]], [true, true]);
});

Deno.test("lloyd() fills several empty clusters with different points", () => {
  const clusters = lloyd([[0], [5], [7], [11], [20]], [[0], [0], [0], [0], [0]]);
  assert.equal(new Set(clusters).size, 5);
});

Deno.test("lloyd() ends with empty clusters where there are too few distinct points", () => {
  assert.equal(new Set(lloyd([[0], [0], [3], [3]], [[0], [0], [3]])).size, 2);
});

Deno.test("lloyd() moves centres to the means of their points", () => {
  assert.deepEqual(lloyd([[0], [2], [10], [12]], [[0], [2]]), [0, 0, 1, 1]);
});
