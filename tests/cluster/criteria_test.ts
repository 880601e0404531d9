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
import { createRandom, deriveSeed } from "../../lib/random.ts";
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
      assertClose(found.candidates[index].criterion, sign * value!, 1e-14);
    }
  });
}

for (const { beta, K } of byHand.ssePenalty) {
  Deno.test(`sse-penalty with beta = ${beta} chooses ${K} clusters of the four points`, () => {
    const found = clusterEmbeddings(matrixOf(byHand.points), { ...literal, criterion: "sse-penalty", beta });
    assert.equal(found.K, K);
    for (const { k, inertia, criterion } of found.candidates) assertClose(criterion, inertia + beta * k, 1e-14);
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

Deno.test("the criteria with a logarithm see the inertia itself down to 1e-12 of the scatter, and no less", () => {
  // Two pairs a thousandth apart: n = 4, d = 1, K = 2, two points each; mean 1/2 and SSE_1 = 1 for the pairs at 0 and 1 sharp.
  // s2 = SSE_2 / 2 for Pelleg and Moore, SSE_2 / 4 for spherical Gaussians; p ln n = 4 ln 4; sum n_k ln(n_k / n) = -4 ln 2.
  const pellegMoore = (inertia: number) => 16 * Math.LN2 + 4 * Math.log(2 * Math.PI) + 4 * Math.log(inertia / 2) + 2;
  const spherical = (inertia: number) => 16 * Math.LN2 + 4 * Math.log(2 * Math.PI * inertia / 4) + 4;
  for (const [apart, inertia] of [[1e-3, 1e-6], [1e-5, 1e-10], [0, 1e-12]]) {
    const points = matrixOf([[0], [apart], [1], [1 + apart]]); // SSE_2 = 4 (apart / 2)^2
    for (const [criterion, expected] of [["pelleg-moore", pellegMoore], ["spherical", spherical]] as const) {
      const { K, candidates } = clusterEmbeddings(points, { ...literal, kMax: 2, criterion });
      assert.equal(K, 2);
      assertClose(candidates[1].criterion, expected(inertia), 1e-9);
    }
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

Deno.test("gapStatistic() of two points has the mean and the standard error that the logarithm of a distance has", () => {
  // The distance Y of two uniform points of [0, 1] has density 2 (1 - y): ln Y has mean -3/2 and mean square 7/2, so 2 ln Y
  // has mean -3 and variance 4 (7/2 - 9/4) = 5. The scatter of two points is Y^2 / 2, 1/2 for the ends, so Gap(1) is the mean of
  // eight 2 ln Y. Their variance about their own mean is 7/8 of 5 on average, and s_1^2 is 1 + 1/8 times that.
  const runs = Array.from({ length: 6000 }, (_, run) => gapStatistic([[0], [1]], [1 / 2], 1, deriveSeed(run)));
  const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assertClose(meanOf(runs.map(({ gaps }) => gaps[0])), -3, 0.01); // good to sqrt(5 / 48,000) = .01, a third of this
  // ln Y is skewed: the square of a deviation has twice its mean as deviation or more, so the mean is good to about 1.5 %
  assertClose(meanOf(runs.map(({ errors }) => errors[0] ** 2)), 9 / 8 * 7 / 8 * 5, 0.05);
});

Deno.test("gapStatistic() takes the smallest K whose gap the next does not beat by its standard error", () => {
  const chosen = Array.from({ length: 40 }, (_, seed) => {
    const points = blobs([[0, 0], [2, 0], [0, 2]], 5, 0.5, seed);
    const inertias = kmeansPartitions(points, 6, 3, 0).map(({ inertia }) => inertia);
    const { K, gaps, errors } = gapStatistic(points, inertias, 3, seed);
    const holds = (k: number) => k === gaps.length || gaps[k - 1] >= gaps[k] - errors[k];
    assert.ok(holds(K));
    for (let k = 1; k < K; k++) assert.ok(!holds(k));
    assert.deepEqual(gapStatistic(points, inertias, 3, seed), { K, gaps, errors });
    return K;
  });
  assert.equal(new Set(chosen).size, 3, "groups that nearly touch are three, two or one by the rule");
});

Deno.test("clusterEmbeddings() by gap gives minus the gap of the same seed and starts, of inertias of at least 1e-12 of the scatter", () => {
  const pairs = [[0], [0], [1], [1]]; // SSE_1 = 1, SSE_2 = 0
  const values = [1, 2].map((seed) => {
    const { K, candidates } = clusterEmbeddings(matrixOf(pairs), { ...literal, criterion: "gap", kMax: 2, seed });
    const gap = gapStatistic(pairs, [1, 1e-12], 10, seed);
    assert.equal(K, gap.K);
    candidates.forEach(({ criterion }, index) => assertClose(criterion, -gap.gaps[index], 1e-12));
    return candidates[0].criterion;
  });
  assert.notEqual(values[0], values[1]);
});

Deno.test("clusterEmbeddings() by the BICs takes lambda times the penalty", () => {
  // (lambda - 1) p ln n with p = 2K and n = 4
  for (const criterion of ["pelleg-moore", "spherical"] as const) {
    const [one, five] = [1, 5].map((lambda) => {
      return clusterEmbeddings(matrixOf(byHand.points), { ...literal, criterion, lambda }).candidates;
    });
    five.forEach(({ k, criterion }, index) =>
      assertClose(criterion - one[index].criterion, 4 * 2 * k * Math.log(4), 1e-13)
    );
  }
});

Deno.test("gapStatistic() rejects an inertia of zero, naming it", () => {
  assert.throws(() => gapStatistic([[0], [1]], [0.5, 0], 10, 0), /RangeError: .* got 0/);
});
