import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clusterEmbeddings,
  type ClusterOptions,
  compareCriteria,
  CRITERIA,
  kmeansPartitions,
  storedPrecision,
} from "../../lib/cluster/mod.ts";
import { score } from "../../lib/score/mod.ts";
import type { Matrix } from "../../lib/types.ts";
import { assertClose, axes, blobs, matrixOf, pairwiseInertia } from "./rows.ts";

const calibrated: ClusterOptions = {
  criterion: "sse-penalty",
  beta: 1.79,
  kMax: 10,
  halfCap: true,
  seed: 0,
  normalize: true,
};
const literal: ClusterOptions = { criterion: "pelleg-moore", kMax: "I-1", halfCap: false, seed: 0, normalize: false };

for (const groups of [1, 2, 3, 4]) {
  Deno.test(`clusterEmbeddings() by the calibrated rule finds ${groups} planted groups of 32 images in 512 dimensions`, () => {
    const embeddings = matrixOf(blobs(axes(groups, 512, 1), 32 / groups + 1, 0.01, groups).slice(0, 32));
    const { K, assignments, candidates, centers } = clusterEmbeddings(embeddings, calibrated);
    assert.equal(K, groups);
    assert.deepEqual([...assignments], Array.from({ length: 32 }, (_, i) => i % groups));
    assert.deepEqual(candidates.map(({ k }) => k), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.equal(centers.rows, groups);
  });
}

Deno.test("clusterEmbeddings() gives the means of the raw embeddings as centres, whatever space it clusters in", () => {
  const embeddings = matrixOf([[2, 0], [4, 0], [0, 6], [0, 8]]);
  const mean = Float32Array.of(1, 1);
  const { K, centers, assignments } = clusterEmbeddings(embeddings, { ...calibrated, beta: 0.1, mean });
  assert.equal(K, 2);
  assert.deepEqual(assignments, [0, 0, 1, 1]);
  assert.ok(centers.data instanceof Float64Array);
  assert.deepEqual({ ...centers, data: [...centers.data] }, { rows: 2, cols: 2, data: [3, 0, 0, 7] });
});

Deno.test("clusterEmbeddings() with normalize clusters directions, and without it lengths too", () => {
  const rays = matrixOf([[1, 0], [100, 0], [0, 1], [0, 100]]);
  const beta = 0.5;
  assert.deepEqual(clusterEmbeddings(rays, { ...calibrated, beta }).assignments, [0, 0, 1, 1]);
  // Two clusters of the directions cost nothing, one costs 4 x 1/2.
  assertClose(clusterEmbeddings(rays, { ...calibrated, beta }).candidates[0].criterion, 2 + 0.5, 1e-14);
  const raw = clusterEmbeddings(rays, { ...calibrated, beta, normalize: false, kMax: 3, halfCap: false });
  assert.deepEqual(raw.assignments, [0, 1, 0, 2]);
});

Deno.test("clusterEmbeddings() subtracts the mean before it normalizes", () => {
  // About (10, 0) the first two lie left and right, about the origin in one direction.
  const embeddings = matrixOf([[9, 0], [11, 0], [9, 0], [11, 0]]);
  assert.equal(clusterEmbeddings(embeddings, calibrated).K, 1);
  const about = clusterEmbeddings(embeddings, { ...calibrated, mean: [10, 0] });
  assert.deepEqual(about.assignments, [0, 1, 0, 1]);
  assertClose(about.candidates[0].inertia, 4, 1e-14);
});

Deno.test("clusterEmbeddings() leaves an embedding equal to the mean at the origin", () => {
  const { candidates } = clusterEmbeddings(matrixOf([[1, 1], [2, 1]]), { ...calibrated, mean: [1, 1] });
  assertClose(candidates[0].inertia, 0.5, 1e-14); // points (0, 0) and (1, 0)
});

Deno.test("clusterEmbeddings() tries K up to the least of kMax, I - 1 and, if asked, half of I", () => {
  const greatest = (I: number, kMax: number | "I-1", halfCap: boolean) => {
    const embeddings = matrixOf(Array.from({ length: I }, (_, i) => [i, i * i]));
    return clusterEmbeddings(embeddings, { ...literal, kMax, halfCap }).candidates.length;
  };
  const cases = ([
    [1, "I-1", false, 1],
    [2, "I-1", false, 1],
    [3, "I-1", false, 2],
    [4, "I-1", false, 3],
    [12, "I-1", false, 11],
    [12, 10, false, 10],
    [12, 20, false, 11],
    [12, 10, true, 6],
    [3, 10, true, 1],
    [1, 10, true, 1],
    [13, "I-1", true, 6],
    [32, 10, true, 10],
    [9, 1, false, 1],
  ] as const).map(([I, kMax, halfCap, expected]) => [greatest(I, kMax, halfCap), expected]);
  for (const [got, expected] of cases) assert.equal(got, expected);
});

for (const criterion of CRITERIA) {
  const everyOption = { ...literal, criterion, beta: 1.79 };
  Deno.test(`clusterEmbeddings() by ${criterion} puts identical embeddings, and a single one, in one cluster`, () => {
    for (const rows of [[[1, 2, 3]], new Array(9).fill([1, 2, 3]), new Array(9).fill([0, 0, 0])]) {
      for (const normalize of [false, true]) {
        const { K, assignments, candidates, inertia } = clusterEmbeddings(matrixOf(rows), {
          ...everyOption,
          normalize,
        });
        assert.equal(K, 1);
        assert.deepEqual(assignments, rows.map(() => 0));
        assert.equal(candidates.length, 1);
        assert.ok(Number.isFinite(candidates[0].criterion));
        assert.equal(inertia, 0);
      }
    }
  });

  Deno.test(`clusterEmbeddings() by ${criterion} puts multiples of one embedding in one cluster when it normalizes`, () => {
    const embedding = [0.3, 0.1, 0.7, 0.2, 0.9];
    const rows = [1, 3, 0.1, 7, 11, 1 / 3].map((scale) => embedding.map((x) => Math.fround(x * scale)));
    assert.equal(clusterEmbeddings(matrixOf(rows), { ...everyOption, normalize: true }).K, 1);
  });

  Deno.test(`clusterEmbeddings() by ${criterion} tells three far groups of identical embeddings apart`, () => {
    const rows = Array.from({ length: 12 }, (_, i) => axes(3, 6, 2)[i % 3]);
    const { K, assignments, candidates } = clusterEmbeddings(matrixOf(rows), { ...everyOption, halfCap: true });
    assert.equal(K, 3);
    assert.deepEqual(assignments, rows.map((_, i) => i % 3));
    assert.ok(candidates.every(({ criterion }) => Number.isFinite(criterion)));
  });

  Deno.test(`clusterEmbeddings() by ${criterion} gives a consistent clustering of anything, the same each time`, () => {
    const anyRows = fc.integer({ min: 1, max: 20 }).chain((dimensions) =>
      fc.array(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: dimensions, maxLength: dimensions }),
        { minLength: 1, maxLength: 14 },
      )
    );
    fc.assert(
      fc.property(anyRows, fc.boolean(), fc.integer(), (rows, halfCap, seed) => {
        const options = { ...everyOption, halfCap, seed };
        const { K, assignments, candidates, centers, inertia } = clusterEmbeddings(matrixOf(rows), options);
        assert.equal(centers.rows, K);
        assert.deepEqual([...new Set(assignments)], Array.from({ length: K }, (_, k) => k));
        assert.equal(candidates[K - 1].inertia, inertia);
        assertClose(inertia, pairwiseInertia(rows, assignments), 1e-11);
        for (const candidate of candidates) assert.ok(Number.isFinite(candidate.criterion));
        if (criterion !== "gap") {
          assert.ok(candidates.every((candidate) => candidate.criterion >= candidates[K - 1].criterion));
        }
        for (const [k] of candidates.slice(0, K).entries()) {
          const members = rows.filter((_, i) => assignments[i] === k);
          for (let d = 0; d < centers.cols; d++) {
            assertClose(
              centers.data[k * centers.cols + d],
              members.reduce((sum, row) => sum + row[d], 0) / members.length,
            );
          }
        }
        assert.deepEqual(clusterEmbeddings(matrixOf(rows), options), { K, assignments, candidates, centers, inertia });
        // What it returns can be scored: non-negative embeddings, so D is at most 1/2.
        if (rows.every((row) => row.some((x) => x > 0))) assert.ok(score(centers, rows.length).D <= 0.5);
      }),
      { numRuns: criterion === "gap" ? 20 : 100 },
    );
  });
}

Deno.test("clusterEmbeddings() opens no more clusters as beta rises", () => {
  const embeddings = matrixOf(blobs(axes(4, 30, 1), 6, 0.2, 2));
  const chosen = [0, 0.1, 0.5, 1, 2, 5, 20].map((beta) => clusterEmbeddings(embeddings, { ...calibrated, beta }).K);
  assert.deepEqual(chosen, chosen.toSorted((a, b) => b - a));
  assert.equal(chosen[0], 10);
  assert.equal(chosen.at(-1), 1);
});

Deno.test("clusterEmbeddings() searches with the starts and the seed that it is given, ten starts by default", () => {
  const points = blobs([[0, 0, 0]], 40, 1, 3); // no structure: what is found depends on the starts
  const found = (options: Partial<ClusterOptions>) =>
    clusterEmbeddings(matrixOf(points), { ...literal, kMax: 20, ...options }).candidates.map(({ inertia }) => inertia);
  const expected = (restarts: number, seed: number) =>
    kmeansPartitions(points, 20, restarts, seed).map(({ inertia }) => inertia);
  const [ten, one, other] = [expected(10, 0), expected(1, 0), expected(10, 7)];
  assert.deepEqual(found({}), ten);
  assert.deepEqual(found({ restarts: 1 }), one);
  assert.deepEqual(found({ seed: 7 }), other);
  assert.equal(new Set([ten, one, other].map((inertias) => inertias.join())).size, 3, "they can be told apart");
});

Deno.test("clusterEmbeddings() takes 32-bit embeddings", () => {
  const rows = blobs(axes(2, 8, 1), 6, 0.05, 2).map((row) => row.map(Math.fround));
  const embeddings = { rows: 12, cols: 8, data: Float32Array.from(rows.flat()) };
  assert.deepEqual(clusterEmbeddings(embeddings, calibrated), clusterEmbeddings(matrixOf(rows), calibrated));
});

Deno.test("compareCriteria() gives the K that clustering by each criterion gives", () => {
  const embeddings = matrixOf(blobs(axes(3, 40, 1), 8, 0.2, 12));
  const compared = compareCriteria(embeddings, calibrated);
  assert.deepEqual(Object.keys(compared), [...CRITERIA]);
  for (const criterion of CRITERIA) {
    assert.equal(compared[criterion], clusterEmbeddings(embeddings, { ...calibrated, criterion }).K);
  }
  assert.equal(compareCriteria(embeddings, { ...calibrated, beta: undefined })["sse-penalty"], null);
});

const fine = matrixOf([[1, 0], [0, 1], [1, 1], [2, 1]]);
const with2 = (value: number): Matrix => matrixOf([[1, 0], [0, value], [1, 1]]);
const rejected: [string, () => unknown, RegExp][] = [
  ["no embedding", () => clusterEmbeddings({ rows: 0, cols: 3, data: new Float32Array(0) }, literal), /got 0 x 3/],
  [
    "embeddings of no component",
    () => clusterEmbeddings({ rows: 3, cols: 0, data: new Float32Array(0) }, literal),
    /3 x 0/,
  ],
  ["data that do not fill the shape", () => clusterEmbeddings({ ...fine, rows: 5 }, literal), /need 10 numbers, got 8/],
  ["a NaN", () => clusterEmbeddings(with2(NaN), literal), /component 1 of embedding 1 is NaN/],
  ["an infinity", () => clusterEmbeddings(with2(-Infinity), literal), /component 1 of embedding 1 is -Infinity/],
  [
    "embeddings too large to square",
    () => clusterEmbeddings(with2(1e200), literal),
    /embedding 1 .* too large .*: divide/,
  ],
  ["a NaN in the mean", () => clusterEmbeddings(fine, { ...literal, mean: [0, NaN] }), /embedding 0 is NaN/],
  ["a mean of another length", () => clusterEmbeddings(fine, { ...literal, mean: [0] }), /2 components, got 1/],
  ["an unknown criterion", () => clusterEmbeddings(fine, { ...literal, criterion: "aic" as "gap" }), /got aic/],
  ["sse-penalty without beta", () => clusterEmbeddings(fine, { ...literal, criterion: "sse-penalty" }), /needs beta/],
  ["a negative beta", () => clusterEmbeddings(fine, { ...calibrated, beta: -1 }), /beta .* got -1/],
  ["a NaN lambda", () => clusterEmbeddings(fine, { ...literal, lambda: NaN }), /lambda .* got NaN/],
  ["a greatest K of zero", () => clusterEmbeddings(fine, { ...literal, kMax: 0 }), /kMax .* got 0/],
  ["half a cluster", () => clusterEmbeddings(fine, { ...literal, kMax: 2.5 }), /kMax .* got 2\.5/],
  ["no start", () => clusterEmbeddings(fine, { ...literal, restarts: 0 }), /restarts .* got 0/],
  ["a seed that is no integer", () => clusterEmbeddings(fine, { ...literal, seed: 0.5 }), /seed .* got 0\.5/],
  ["a NaN in compareCriteria()", () => compareCriteria(with2(NaN), literal), /embedding 1 is NaN/],
  ["a NaN seed in compareCriteria()", () => compareCriteria(fine, { ...literal, seed: NaN }), /seed .* got NaN/],
];
for (const [what, call, message] of rejected) {
  Deno.test(`clusterEmbeddings() rejects ${what}, naming it`, () => {
    assert.throws(call, (error) => error instanceof RangeError && message.test(error.message));
  });
}

/** Three groups of six numbers on a line each: means 0, 40 and 100. */
const LINE = [0, 40, 100].flatMap((mean) => [-1, -0.7, -0.2, 0.1, 0.8, 1].map((offset) => mean + offset));

function line(change: (value: number) => number): Matrix {
  return { rows: LINE.length, cols: 1, data: Float64Array.from(LINE, change) };
}

for (const criterion of ["gap", "pelleg-moore", "silhouette", "spherical"] as const) {
  Deno.test(`clusterEmbeddings() by ${criterion} finds groups in 64 bits wherever they stand and however small they are`, () => {
    const options: ClusterOptions = { criterion, kMax: 3, halfCap: false, seed: 0, normalize: false };
    for (
      const change of [
        (value: number) => value,
        (value: number) => value + 1e8,
        (value: number) => value - 2 ** 45,
        (value: number) => value * 2 ** -548, // squares are below the smallest number
        (value: number) => value * 1e-165,
        (value: number) => value * 2 ** -1060, // few digits of its own are left
      ]
    ) {
      const { K, assignments, candidates } = clusterEmbeddings(line(change), options);
      assert.equal(K, 3, `${change}`);
      assert.deepEqual(assignments, LINE.map((_, i) => Math.floor(i / 6)), `${change}`);
      assert.ok(candidates.every(({ criterion, inertia }) => Number.isFinite(criterion) && inertia >= 0));
    }
  });
}

Deno.test("clusterEmbeddings() of 64 bits counts as one point what differs by rounding alone", () => {
  const options: ClusterOptions = { criterion: "spherical", kMax: 5, halfCap: false, seed: 0, normalize: false };
  // 0.1 + 0.2 is not 0.3, nor 0.7 - 0.4
  const rows = [[0.1 + 0.2], [0.3], [0.7 - 0.4], [5], [5 * (1 + 2 ** -52)], [5]];
  const embeddings = { rows: 6, cols: 1, data: Float64Array.from(rows.flat()) };
  assert.equal(clusterEmbeddings(embeddings, options).candidates.length, 2);
});

Deno.test("clusterEmbeddings() keeps a price in the units of embeddings that are very small", () => {
  const options: ClusterOptions = { criterion: "sse-penalty", kMax: 3, halfCap: false, seed: 0, normalize: false };
  const data = Float64Array.from([-1, 1, 39, 41, 99, 101], (value) => value * 2 ** -400); // SSE_3 = 6 / 2^800
  const small = { rows: 6, cols: 1, data };
  assert.equal(clusterEmbeddings(small, { ...options, beta: 1e-200 }).K, 1);
  const { K, candidates } = clusterEmbeddings(small, { ...options, beta: 2 ** -800 });
  assert.equal(K, 3);
  assert.deepEqual(candidates[2], { k: 3, criterion: 9 * 2 ** -800, inertia: 6 * 2 ** -800 });
});

Deno.test("clusterEmbeddings() scales to unit length what is too small to square", () => {
  const options: ClusterOptions = { ...literal, criterion: "gap", normalize: true, kMax: 2 };
  const rows = [[3, 4], [3.01, 4], [-4, 3], [-4, 3.01]];
  const embeddings = (factor: number) => ({
    rows: 4,
    cols: 2,
    data: Float64Array.from(rows.flat(), (v) => v * factor),
  });
  const found = clusterEmbeddings(embeddings(1e-200), options);
  assert.deepEqual(found.assignments, [0, 0, 1, 1]);
  const ordinary = clusterEmbeddings(embeddings(1), options);
  for (const [i, { inertia }] of found.candidates.entries()) {
    assertClose(inertia, ordinary.candidates[i].inertia, 1e-12);
  }
});

Deno.test("storedPrecision() knows 32 bits in 64, and in decimals, by the numbers", () => {
  const of = (...values: number[]) =>
    storedPrecision({ rows: 1, cols: values.length, data: Float64Array.from(values) });
  const singles = [0.1, 1 / 3, -123456.789, 1e-20, 3e38].map(Math.fround);
  assert.equal(storedPrecision({ rows: 1, cols: 5, data: Float32Array.from(singles) }), "single");
  assert.equal(of(...singles, 0, -7, 2 ** 24), "single");
  for (const digits of [7, 8, 9]) {
    assert.equal(of(...singles.map((value) => Number(value.toPrecision(digits)))), "single");
  }
  for (const value of [1 / 3, 1e8 + 1, 0.1 + 0.2, 1e-165, 1e300]) {
    assert.equal(of(...singles, value), "double", `${value}`);
  }
});
