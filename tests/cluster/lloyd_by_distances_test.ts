import assert from "node:assert/strict";
import fc from "fast-check";
import { largestOf, squaredDistance, squaredDistances } from "../../lib/cluster/distances.ts";
import { lloyd } from "../../lib/cluster/lloyd.ts";
import { lloydByDistances } from "../../lib/cluster/lloyd_by_distances.ts";
import { kmeansPartitions } from "../../lib/cluster/mod.ts";
import { createRandom } from "../../lib/random.ts";
import { axes, blobs } from "./rows.ts";

function settle(points: number[][], starts: number[][]) {
  const distances = squaredDistances(points);
  return lloydByDistances(distances, starts, largestOf(distances));
}

Deno.test("squaredDistances() are those of each pair to the bit", () => {
  const coordinate = fc.double({ min: -10, max: 10, noNaN: true });
  const anyPoints = fc.integer({ min: 1, max: 9 }).chain((dimensions) =>
    fc.array(fc.array(coordinate, { minLength: dimensions, maxLength: dimensions }), { minLength: 1, maxLength: 12 })
  );
  fc.assert(fc.property(anyPoints, (points) => {
    const expected = points.map((p) => points.map((q) => squaredDistance(p, q)));
    assert.deepEqual(squaredDistances(points).map((row) => Array.from(row)), expected);
  }));
});

Deno.test("lloydByDistances() moves centres to the means of their points", () => {
  // 0, 2, 10 and 12 from 0 and 2: {0} and {2, 10, 12} first, with means 0 and 8; then {0, 2} and {10, 12}
  assert.deepEqual(settle([[0], [2], [10], [12]], [[0], [1]]), [0, 0, 1, 1]);
  // from the means 0 and 32 / 3 of {0} and {10, 10, 12}, 5 is nearer to 0 by 1/3
  assert.deepEqual(settle([[0], [10], [10], [12], [5]], [[0], [1, 2, 3]]), [0, 1, 1, 1, 0]);
});

Deno.test("lloydByDistances() finds what ml-kmeans finds, in clouds and in blobs", () => {
  let settled = 0;
  for (let seed = 0; seed < 60; seed++) {
    const random = createRandom(seed, "starts");
    const dimensions = random.integer(1, 40);
    const points = seed % 2 === 0
      ? Array.from({ length: 120 }, () => Array.from({ length: dimensions }, () => random.uniform()))
      : blobs(axes(4, Math.max(4, dimensions), 2), 30, 0.5, seed);
    const K = random.integer(2, 9);
    const starts = Array.from({ length: K }, (_, k) => [k * 13]);
    const found = settle(points, starts);
    if (found === null) continue; // a cluster ran empty
    settled++;
    assert.deepEqual(found, lloyd(points, starts.map(([i]) => points[i])));
  }
  assert.ok(settled > 50, `${settled} of 60`);
});

Deno.test("lloydByDistances() leaves ties and empty clusters to lloyd()", () => {
  assert.equal(settle([[0], [1], [2]], [[0], [2]]), null, "1 is as near to 0 as to 2");
  // the third centre is the mean 50 of 0 and 100, which are nearer to themselves
  assert.equal(settle([[0], [100]], [[0], [1], [0, 1]]), null);
});

Deno.test("kmeansPartitions() are the same to the bit by ml-kmeans and by distances", () => {
  // In fewer than 16 dimensions ml-kmeans does it; a sixteenth that is 0 for all changes no distance, not even its last bit.
  for (const spread of [0.3, 2]) {
    const points = blobs(axes(3, 15, 1), 50, spread, 4);
    const byDistances = kmeansPartitions(points.map((point) => [...point, 0]), 8, 10, 1);
    assert.deepEqual(byDistances, kmeansPartitions(points, 8, 10, 1));
  }
});
