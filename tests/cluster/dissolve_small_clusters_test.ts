import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clusterEmbeddings,
  type ClusterOptions,
  compareCriteria,
  dissolveSmallClusters,
  type Partition,
} from "../../lib/cluster/mod.ts";
import { assertClose, matrixOf, pairwiseInertia } from "./rows.ts";

/** Points on a line, and a partition of them as k-means would describe it. */
function onLine(positions: readonly number[], assignments: readonly number[]): [number[][], Partition] {
  const points = positions.map((x) => [x]);
  const K = 1 + Math.max(...assignments);
  const sizes = Array.from({ length: K }, (_, k) => assignments.filter((own) => own === k).length);
  return [points, { K, assignments, sizes, inertia: pairwiseInertia(points, assignments) }];
}

Deno.test("dissolveSmallClusters() lets a lone point join the nearest centre", () => {
  const [points, partition] = onLine([4, 0, 1, 10, 12], [0, 1, 1, 2, 2]);
  const { K, assignments, sizes, inertia } = dissolveSmallClusters(points, partition, 2);
  // 4 is 3.5 from 0.5, and 7 from 11
  assert.equal(K, 2);
  assert.deepEqual(assignments, [0, 0, 0, 1, 1]);
  assert.deepEqual(sizes, [3, 2]);
  // about 5/3: (25 + 4 + 49) / 9; about 11: 2
  assertClose(inertia, 78 / 9 + 2, 1e-14);
});

Deno.test("dissolveSmallClusters() numbers what is left in order of first appearance", () => {
  const [points, partition] = onLine([4, 10, 0, 12, 1], [0, 1, 2, 1, 2]);
  const { assignments, sizes } = dissolveSmallClusters(points, partition, 2);
  assert.deepEqual(assignments, [0, 1, 0, 1, 0]);
  assert.deepEqual(sizes, [3, 2]);
});

Deno.test("dissolveSmallClusters() does not let small clusters found one of their own", () => {
  // 20 and 21 are nearest to one another, but either is small; 10 and 11 are next
  const [points, partition] = onLine([0, 1, 10, 11, 20, 21], [0, 0, 1, 1, 2, 3]);
  const { K, assignments } = dissolveSmallClusters(points, partition, 2);
  assert.equal(K, 2);
  assert.deepEqual(assignments, [0, 0, 1, 1, 1, 1]);
});

Deno.test("dissolveSmallClusters() parts the points of a small cluster, each to its nearest", () => {
  // 4 and 6 are a cluster of two; centres of the others are 1 and 9
  const [points, partition] = onLine([0, 1, 2, 4, 6, 8, 9, 10], [0, 0, 0, 1, 1, 2, 2, 2]);
  const { assignments, sizes, inertia } = dissolveSmallClusters(points, partition, 3);
  assert.deepEqual(assignments, [0, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual(sizes, [4, 4]);
  // 0, 1, 2, 4 about 7/4: 21 - 49/4 = 35/4; the other half is its mirror image
  assertClose(inertia, 35 / 2, 1e-14);
});

Deno.test("dissolveSmallClusters() makes one cluster of all points where all clusters are small", () => {
  const [points, partition] = onLine([0, 3, 6], [0, 1, 2]);
  const { K, assignments, sizes, inertia } = dissolveSmallClusters(points, partition, 2);
  assert.equal(K, 1);
  assert.deepEqual(assignments, [0, 0, 0]);
  assert.deepEqual(sizes, [3]);
  assertClose(inertia, 18, 1e-14); // 9 + 0 + 9
});

Deno.test("dissolveSmallClusters() leaves clusters that are as large as asked", () => {
  const [points, partition] = onLine([0, 1, 10, 12, 30, 31], [0, 0, 1, 1, 2, 2]);
  for (const fewest of [1, 2]) assert.deepEqual(dissolveSmallClusters(points, partition, fewest), partition);
  assert.equal(dissolveSmallClusters(points, partition, 3).K, 1);
});

Deno.test("dissolveSmallClusters() leaves no small cluster but a single one, whatever the partition", () => {
  const labelled = fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 4 })), {
    minLength: 1,
    maxLength: 15,
  });
  fc.assert(
    fc.property(labelled, fc.integer({ min: 1, max: 6 }), (drawn, fewest) => {
      const labels = [...new Set(drawn.map(([, label]) => label))];
      const [points, partition] = onLine(drawn.map(([x]) => x), drawn.map(([, label]) => labels.indexOf(label)));
      const { K, assignments, sizes, inertia } = dissolveSmallClusters(points, partition, fewest);
      assert.ok(K === 1 || sizes.every((size) => size >= fewest));
      assert.deepEqual([...new Set(assignments)], [...sizes.keys()]);
      assert.deepEqual([...sizes], [...sizes.keys()].map((k) => assignments.filter((own) => own === k).length));
      assertClose(inertia, pairwiseInertia(points, assignments), 1e-11);
      // images of clusters that stay are together still, and no others were parted from them
      partition.sizes.forEach((size, k) => {
        if (size < fewest) return;
        assert.equal(new Set(assignments.filter((_, i) => partition.assignments[i] === k)).size, 1);
      });
    }),
  );
});

/** Five images along either of two axes, and one .8 in squared distance from the second. */
const EMBEDDINGS = matrixOf([
  ...Array.from({ length: 5 }, () => [1, 0, 0]),
  [0, 0.6, 0.8],
  ...Array.from({ length: 5 }, () => [0, 1, 0]),
]);
const OPTIONS: ClusterOptions = {
  criterion: "sse-penalty",
  beta: 0.1,
  kMax: 10,
  halfCap: true,
  seed: 0,
  normalize: true,
};

Deno.test("clusterEmbeddings() gives clusters of at least the size asked for, with the means of their raw embeddings", () => {
  const all = clusterEmbeddings(EMBEDDINGS, OPTIONS);
  assert.equal(all.K, 3); // apart, the lone image saves 5/6 of .8 for a price of .1
  assert.deepEqual(clusterEmbeddings(EMBEDDINGS, { ...OPTIONS, minClusterSize: 1 }), all);
  const { K, assignments, candidates, centers, inertia } = clusterEmbeddings(EMBEDDINGS, {
    ...OPTIONS,
    minClusterSize: 2,
  });
  assert.equal(K, 2);
  assert.deepEqual(assignments, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(candidates, all.candidates);
  assert.equal(centers.rows, 2);
  [1, 0, 0, 0, 5.6 / 6, 0.8 / 6].forEach((value, i) => assertClose(centers.data[i], value, 1e-14));
  assertClose(inertia, 2 / 3, 1e-12); // 5/6 of .8
  assert.equal(clusterEmbeddings(EMBEDDINGS, { ...OPTIONS, minClusterSize: 6 }).K, 1);
});

Deno.test("compareCriteria() counts clusters of at least the size asked for", () => {
  assert.equal(compareCriteria(EMBEDDINGS, OPTIONS)["sse-penalty"], 3);
  assert.equal(compareCriteria(EMBEDDINGS, { ...OPTIONS, minClusterSize: 2 })["sse-penalty"], 2);
});

Deno.test("clusterEmbeddings() rejects a least size that is no number of images, naming it", () => {
  for (const minClusterSize of [0, 1.5, -1, NaN]) {
    assert.throws(
      () => clusterEmbeddings(EMBEDDINGS, { ...OPTIONS, minClusterSize }),
      (error) =>
        error instanceof RangeError &&
        error.message === `minClusterSize must be an integer of at least 1, got ${minClusterSize}`,
    );
  }
});
