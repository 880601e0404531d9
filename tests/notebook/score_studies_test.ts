import assert from "node:assert/strict";
import {
  angleMatrix,
  clusterOptions,
  distanceMatrix,
  imageDistances,
  scoreByClusters,
  scoreByImages,
  selectRows,
} from "../../lib/notebook/mod.ts";
import type { Workbench } from "../../lib/notebook/mod.ts";
import { clusterOptions as runOptions, type ImageDistances, type Profile } from "../../lib/pipeline/mod.ts";
import type { Matrix } from "../../lib/types.ts";
import { QUICK, randomBatch, toldLpips } from "../pipeline/stand_ins.ts";

/** What the studies read of a workbench, with embeddings of unit length alone clustered unless said otherwise. */
function benchOf(changes: Partial<Profile["cluster"]> = {}, lpips = toldLpips(() => 0)): Workbench {
  const profile = { ...QUICK, cluster: { ...QUICK.cluster, ...changes } };
  return {
    unit: { layer: "conv2", unit: 3 },
    context: { profile, seed: 0, meanEmbedding: null, lpips },
  } as unknown as Workbench;
}
const BENCH = benchOf();
/** Distances of twelve images of which every second is 1 from the others by LPIPS. */
const BETWEEN: ImageDistances = {
  distances: Array.from({ length: 12 }, (_, j) => Array.from({ length: j }, (_, i) => (i + j) % 2)).flat(),
  pooledDistances: Array(66).fill(0),
};

/** Two bundles, along the first axis and along the second, in turn. */
const TWO: Matrix = {
  rows: 12,
  cols: 3,
  data: Float32Array.from(
    Array.from({ length: 12 }, (_, i) => i % 2 === 0 ? [4, 0, 0.01 * i] : [0, 4, 0.01 * i]).flat(),
  ),
};

Deno.test("scoreByClusters() gives each K in turn, with C = (K - 1) / (I - 1)", () => {
  const scores = scoreByClusters(BENCH, TWO, BETWEEN, 5);
  assert.deepEqual(scores.map(({ K }) => K), [1, 2, 3, 4, 5]);
  scores.forEach(({ C, K }) => assert.ok(Math.abs(C! - (K - 1) / 11) < 1e-12));
  assert.ok(Math.abs(scores[1].D - 0.5) < 1e-3); // two orthogonal centres of equal norm
});

Deno.test("scoreByImages() clusters each prefix anew", () => {
  const scores = scoreByImages(BENCH, TWO, BETWEEN);
  assert.deepEqual(scores.map(({ I }) => I), [4, 6, 8, 10, 12]);
  // with n unit vectors in two orthogonal bundles, one cluster costs n / 2 + 1.79 and two 2 * 1.79: two win from 4 on
  assert.deepEqual(scores.map(({ K }) => K), [2, 2, 2, 2, 2]);
});

/** Twelve embeddings that are one. */
const ONE: Matrix = { rows: 12, cols: 3, data: Float32Array.from({ length: 36 }, (_, i) => i % 3) };

Deno.test("scoreByImages() clusters each prefix by its own part of the distances", () => {
  // equal embeddings, but two points 4 apart in squared distance: n / 4 (4) + 1.79 against 2 (1.79)
  const perceptual = scoreByImages(benchOf({ lpipsWeight: 4 }), ONE, BETWEEN);
  assert.deepEqual(perceptual.map(({ K }) => K), [2, 2, 2, 2, 2]);
  assert.deepEqual(perceptual.map(({ D }) => D), [0, 0, 0, 0, 0]);
  assert.deepEqual(scoreByImages(BENCH, ONE, BETWEEN).map(({ K }) => K), [1, 1, 1, 1, 1]);
});

Deno.test("scoreByClusters() takes the distances of all images, and lets clusters be as small as they are", () => {
  const bench = benchOf({ lpipsWeight: 4, minClusterSize: 3 });
  assert.deepEqual(scoreByClusters(bench, ONE, BETWEEN, 2).map(({ K }) => K), [1, 2]);
  // 0.01 i of the third axis keeps all of TWO apart: six clusters of twelve images, of which some have less than three
  assert.deepEqual(scoreByClusters(bench, TWO, BETWEEN, 6).map(({ K }) => K), [1, 2, 3, 4, 5, 6]);
  const few = { distances: [1], pooledDistances: [1] };
  assert.throws(() => scoreByClusters(bench, ONE, few, 2), /12 images have 66 perceptual distances/);
});

Deno.test("clusterOptions() are those of a run", () => {
  const bench = benchOf({ lpipsWeight: 2, pooledWeight: 3 });
  assert.deepEqual(clusterOptions(bench, BETWEEN), runOptions(bench.context, "conv2", 3, BETWEEN));
  assert.deepEqual(
    clusterOptions(bench, { distances: [1, 2, 3], pooledDistances: [10, 20, 30] }).perceptual,
    { distances: [32, 64, 96], weight: 1 },
  );
});

Deno.test("imageDistances() gives LPIPS and pooled distances of all pairs, and forgets the images' features", async () => {
  const told = toldLpips((j) => j / 8, (j, i) => 10 * j + i);
  let disposed = 0;
  const lpips = {
    ...told,
    createSequence: () => ({ ...told.createSequence(), dispose: () => disposed++ }),
  };
  assert.deepEqual(await imageDistances(benchOf({}, lpips), randomBatch(3, 4)), {
    distances: [1 / 8, 2 / 8, 2 / 8],
    pooledDistances: [10, 20, 21],
  });
  assert.equal(disposed, 1);
});

Deno.test("distanceMatrix() puts the distances of image j to those before it into row and column j", () => {
  assert.deepEqual(distanceMatrix([0.1, 0.2, 0.3]), [[0, 0.1, 0.2], [0.1, 0, 0.3], [0.2, 0.3, 0]]);
});

Deno.test("angleMatrix() measures in half turns, about the origin given", () => {
  const matrix = { rows: 2, cols: 2, data: Float64Array.of(1, 0, 0, 1) };
  assert.ok(Math.abs(angleMatrix(matrix)[0][1] - 0.5) < 1e-12);
  assert.ok(Math.abs(angleMatrix(matrix, [0.5, 0.5])[0][1] - 1) < 1e-7); // opposite as seen from halfway
});

Deno.test("selectRows() keeps the order asked for", () => {
  const { data } = selectRows({ rows: 3, cols: 2, data: Float64Array.of(0, 1, 2, 3, 4, 5) }, [2, 0]);
  assert.deepEqual([...data], [4, 5, 0, 1]);
});
