import assert from "node:assert/strict";
import {
  clusterEmbeddings,
  type Criterion,
  gapStatistic,
  kmeansPartitions,
  meanSilhouette,
  pellegMooreBic,
  sphericalBic,
  ssePenalty,
} from "../../lib/cluster/mod.ts";
import { createRandom } from "../../lib/random.ts";
import byHand from "../../fixtures/cluster/by_hand.json" with { type: "json" };
import sklearn from "../../fixtures/cluster/sklearn_inertia.json" with { type: "json" };
import { assertClose, axes, blobs, matrixOf } from "./rows.ts";

const literal = { kMax: "I-1", halfCap: false, seed: 0, normalize: false } as const;

for (const { K, assignments, inertia, pellegMoore, spherical, silhouette } of byHand.partitions) {
  Deno.test(`the criteria of four points of a line in ${K} clusters are what the derivation says`, () => {
    for (const labels of assignments) {
      const sizes = Array.from({ length: K }, (_, k) => labels.filter((label) => label === k).length);
      assertClose(pellegMooreBic({ sizes, inertia, dimensions: 1 }, 1), pellegMoore, 1e-14);
      assertClose(sphericalBic({ sizes, inertia, dimensions: 1 }, 1), spherical, 1e-14);
      assertClose(meanSilhouette(byHand.points, labels), silhouette, 1e-14);
    }
  });
}

for (const [criterion, K] of Object.entries(byHand.chosen)) {
  Deno.test(`${criterion} chooses ${K} clusters of the four points`, () => {
    const found = clusterEmbeddings(matrixOf(byHand.points), { ...literal, criterion: criterion as Criterion });
    assert.equal(found.K, K);
    const sign = criterion === "silhouette" ? -1 : 1;
    for (const [index, row] of byHand.partitions.entries()) {
      const value =
        { "pelleg-moore": row.pellegMoore, "spherical": row.spherical, "silhouette": row.silhouette }[criterion];
      assertClose(found.candidates[index].bic, sign * value!, 1e-14);
    }
  });
}

for (const { beta, K } of byHand.ssePenalty) {
  Deno.test(`sse-penalty with beta = ${beta} chooses ${K} clusters of the four points`, () => {
    const found = clusterEmbeddings(matrixOf(byHand.points), { ...literal, criterion: "sse-penalty", beta });
    assert.equal(found.K, K);
    for (const { k, inertia, bic } of found.candidates) assertClose(bic, inertia + beta * k, 1e-14);
  });
}

for (const { name, points, partitions, bestPellegMoore, bestSpherical } of sklearn.cases) {
  Deno.test(`BIC and silhouette of scikit-learn's partitions of ${name} are those that the script computes`, () => {
    for (const { inertia, labels, sizes, pellegMoore, spherical, silhouette } of partitions) {
      const mixture = { sizes, inertia, dimensions: points[0].length };
      if (pellegMoore !== undefined) assertClose(pellegMooreBic(mixture, 1), pellegMoore, 1e-12);
      if (spherical !== undefined) assertClose(sphericalBic(mixture, 1), spherical, 1e-12);
      // scikit-learn takes distances from inner products, so that of a point to its copy is only good to 1e-8.
      if (silhouette !== undefined) assertClose(meanSilhouette(points, labels), silhouette, 1e-8);
    }
  });

  if (bestPellegMoore === null || bestSpherical === null) continue; // an infinite likelihood: no K is best
  Deno.test(`BIC chooses K of ${name} as it does among scikit-learn's partitions`, () => {
    const options = { kMax: 10, halfCap: true, seed: 0, normalize: false } as const;
    assert.equal(clusterEmbeddings(matrixOf(points), { ...options, criterion: "pelleg-moore" }).K, bestPellegMoore);
    assert.equal(clusterEmbeddings(matrixOf(points), { ...options, criterion: "spherical" }).K, bestSpherical);
  });
}

Deno.test("pellegMooreBic() adds lambda - 1 penalties", () => {
  const mixture = { sizes: [3, 5], inertia: 2, dimensions: 4 }; // p = 1 + 8 + 1
  assertClose(pellegMooreBic(mixture, 5) - pellegMooreBic(mixture, 1), 4 * 10 * Math.log(8), 1e-13);
  assertClose(sphericalBic(mixture, 5) - sphericalBic(mixture, 1), 4 * 10 * Math.log(8), 1e-13);
});

Deno.test("pellegMooreBic() chooses the same K at every scale", () => {
  const points = blobs(axes(3, 5, 2), 5, 0.6, 3);
  const { K } = clusterEmbeddings(matrixOf(points), { ...literal, criterion: "pelleg-moore" });
  for (const scale of [1e-60, 1e60]) {
    const scaled = matrixOf(points.map((point) => point.map((x) => x * scale)));
    assert.equal(clusterEmbeddings(scaled, { ...literal, criterion: "pelleg-moore" }).K, K);
  }
});

Deno.test("pellegMooreBic() and sphericalBic() reject what has no finite likelihood, naming it", () => {
  assert.throws(() => pellegMooreBic({ sizes: [2], inertia: 0, dimensions: 1 }, 1), /RangeError: .* got 0/);
  assert.throws(() => pellegMooreBic({ sizes: [2], inertia: NaN, dimensions: 1 }, 1), /RangeError: .* got NaN/);
  assert.throws(() => pellegMooreBic({ sizes: [1, 1], inertia: 1, dimensions: 1 }, 1), /RangeError: .* 2, got 2/);
  assert.throws(() => sphericalBic({ sizes: [2], inertia: 0, dimensions: 1 }, 1), /RangeError: .* got 0/);
});

Deno.test("ssePenalty() is the DP-means objective", () => {
  assert.equal(ssePenalty(4, 2, 10), 24);
});

Deno.test("meanSilhouette() is 0 where all points coincide and near 1 for far clusters", () => {
  assert.equal(meanSilhouette([[1], [1], [1], [1]], [0, 0, 1, 1]), 0);
  assert.ok(meanSilhouette([[0], [0.01], [100], [100.01]], [0, 0, 1, 1]) > 0.999);
});

Deno.test("gapStatistic() finds three far blobs, and one cluster in a uniform cloud", () => {
  const three = blobs([[0, 0], [9, 0], [0, 9]], 8, 0.5, 4);
  const random = createRandom(0, "uniform cloud");
  const cloud = Array.from({ length: 40 }, () => [random.uniform(), random.uniform()]);
  const chosen = [three, cloud].map((points) => {
    return gapStatistic(points, kmeansPartitions(points, 6, 10, 0).map(({ inertia }) => inertia), 10, 0).K;
  });
  assert.deepEqual(chosen, [3, 1]);
});

Deno.test("gapStatistic() at one cluster is the scatter of a uniform box against that of the points", () => {
  // On a line of length 1 a uniform point has variance 1/12: SSE*_1 is near (n - 1) / 12. Half the points at each end have
  // variance 1/4: SSE_1 = n / 4. So Gap(1) is near ln((n - 1) / (3 n)).
  const n = 2000;
  const ends = Array.from({ length: n }, (_, i) => [i % 2]);
  const { gaps, errors } = gapStatistic(ends, [n / 4], 1, 0);
  assertClose(gaps[0], Math.log((n - 1) / (3 * n)), 0.02);
  assert.ok(errors[0] > 0 && errors[0] < 0.05);
});

Deno.test("gapStatistic() takes the smallest K whose gap the next does not beat by a standard error", () => {
  const points = blobs(axes(4, 6, 2), 6, 0.7, 11);
  const inertias = kmeansPartitions(points, 8, 10, 0).map(({ inertia }) => inertia);
  const { K, gaps, errors } = gapStatistic(points, inertias, 10, 0);
  const holds = (k: number) => k === gaps.length || gaps[k - 1] >= gaps[k] - errors[k];
  assert.ok(holds(K));
  for (let k = 1; k < K; k++) assert.ok(!holds(k));
  assert.deepEqual(gapStatistic(points, inertias, 10, 0), { K, gaps, errors });
});

Deno.test("gapStatistic() rejects an inertia of zero, naming it", () => {
  assert.throws(() => gapStatistic([[0], [1]], [0.5, 0], 10, 0), /RangeError: .* got 0/);
});
