/** Clustering of more points than k-means is started on: starts, gaps and silhouettes of a sample. */
import assert from "node:assert/strict";
import { clusterAndCompare, clusterEmbeddings, type ClusterOptions, CRITERIA } from "../../lib/cluster/mod.ts";
import { kmeansPartitions, searchPartitions } from "../../lib/cluster/kmeans_partitions.ts";
import { assertClose, axes, blobs, matrixOf } from "./rows.ts";

const SIX = blobs(axes(6, 16, 1), 400, 0.1, 3); // point i belongs to blob i mod 6
const gap: ClusterOptions = {
  criterion: "gap",
  beta: 100,
  kMax: 8,
  halfCap: true,
  restarts: 2,
  seed: 0,
  normalize: true,
};

/** Sum of squared distances to the means of the planted blobs. */
function plantedInertia(points: readonly (readonly number[])[], groups: number): number {
  const means = Array.from({ length: groups }, (_, k) => {
    const members = points.filter((_, i) => i % groups === k);
    return members[0].map((_, d) => members.reduce((sum, point) => sum + point[d], 0) / members.length);
  });
  return points.reduce(
    (sum, point, i) => sum + point.reduce((part, x, d) => part + (x - means[i % groups][d]) ** 2, 0),
    0,
  );
}

Deno.test("kmeansPartitions() of 2,400 points find the six planted blobs, of their inertia", () => {
  const partitions = kmeansPartitions(SIX, 8, 2, 0);
  assert.deepEqual(partitions.map(({ K }) => K), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(partitions[5].assignments, SIX.map((_, i) => i % 6));
  assertClose(partitions[5].inertia, plantedInertia(SIX, 6), 1e-9);
  for (let K = 2; K <= 8; K++) assert.ok(partitions[K - 1].inertia <= partitions[K - 2].inertia);
  assert.deepEqual(kmeansPartitions(SIX, 8, 2, 0), partitions, "the same each time");
});

Deno.test("kmeansPartitions() of many points find a far blob that the sample may have missed", () => {
  // Two of 2,402 points: a sample of 1,000 has neither with a chance of (1402 / 2402)^2 = .34, so some of the seeds miss them.
  const far = [0, 1].map((i) => Array.from({ length: 16 }, (_, d) => d === 15 ? 20 + i / 10 : 0));
  const points = [...SIX, ...far];
  const missed = [0, 1, 2, 3, 4, 5, 6, 7].filter((seed) => {
    const { partitions, sample } = searchPartitions(points, 2, 1, seed);
    assert.deepEqual(partitions[1].sizes, [2400, 2], `seed ${seed}`);
    return sample.rows.every((row) => row < 2400);
  });
  assert.ok(missed.length > 0, "a seed that misses them");
});

Deno.test("searchPartitions() draw a sample by the seed, each point once and in order", () => {
  const points = Array.from({ length: 5000 }, (_, i) => [i]);
  const [one, same, other] = [1, 1, 2].map((seed) => searchPartitions(points, 1, 1, seed).sample.rows);
  assert.equal(one.length, 1000);
  assert.ok(one.every((row, index) => index === 0 || row > one[index - 1]));
  assert.deepEqual(same, one);
  assert.notDeepEqual(other, one);
  // The mean of 1,000 of 0 .. 4999 is 2499.5, with a standard error of 5000 / sqrt(12) sqrt(4 / 5 / 1000) = 41.
  for (const rows of [one, other]) assert.ok(Math.abs(rows.reduce((a, b) => a + b) / 1000 - 2499.5) < 4 * 41);
  assert.deepEqual(searchPartitions(points.slice(0, 1000), 1, 1, 0).sample.rows, points.slice(0, 1000).map(([i]) => i));
});

Deno.test("clusterAndCompare() of 2,400 points find six by every criterion, and tell their share as they go", () => {
  const shares: number[] = [];
  const { clustering, chosenK, kByCriterion, sampledRows } = clusterAndCompare(
    matrixOf(SIX),
    gap,
    (share) => shares.push(share),
  );
  assert.equal(chosenK, 6);
  assert.equal(sampledRows, 1000);
  assert.deepEqual(kByCriterion, Object.fromEntries(CRITERIA.map((criterion) => [criterion, 6])));
  assert.deepEqual(clustering.assignments, SIX.map((_, i) => i % 6));
  assert.ok(shares.every((share, index) => share <= 1 && (index === 0 || share >= shares[index - 1])));
  assertClose(shares.at(-1)!, 1);
});

Deno.test("clusterAndCompare() is the clustering by the criterion alone", () => {
  const few = matrixOf(blobs(axes(3, 20, 1), 12, 0.3, 5));
  for (const criterion of CRITERIA) {
    const options = { ...gap, criterion, beta: 2, minClusterSize: 2 };
    const { clustering, sampledRows } = clusterAndCompare(few, options);
    assert.deepEqual(clustering, clusterEmbeddings(few, options));
    assert.equal(sampledRows, 36);
  }
});

Deno.test("clusterEmbeddings() of many points that are few distinct ones finds those", () => {
  const rows = Array.from({ length: 1200 }, (_, i) => axes(3, 6, 2)[i % 3]);
  for (const criterion of CRITERIA) {
    const { K, candidates } = clusterEmbeddings(matrixOf(rows), { ...gap, criterion, beta: 1 });
    assert.equal(K, 3, criterion);
    assert.ok(candidates.every(({ criterion }) => Number.isFinite(criterion)));
  }
  const same = clusterEmbeddings(matrixOf(rows.map(() => [1, 2])), gap);
  assert.equal(same.K, 1);
});

Deno.test("clusterEmbeddings() of a sample that misses the only odd point gives finite values", () => {
  const rows = Array.from({ length: 1500 }, (_, i) => i === 7 ? [0, 1] : [1, 0]);
  for (const criterion of CRITERIA) {
    for (let seed = 0; seed < 3; seed++) {
      const { candidates } = clusterEmbeddings(matrixOf(rows), { ...gap, criterion, seed });
      assert.equal(candidates.length, 2);
      assert.ok(candidates.every(({ criterion }) => Number.isFinite(criterion)), criterion);
    }
  }
});
