import assert from "node:assert/strict";
import { angleMatrix, distanceMatrix, scoreByClusters, scoreByImages, selectRows } from "../../lib/notebook/mod.ts";
import type { Workbench } from "../../lib/notebook/mod.ts";
import { CALIBRATED } from "../../lib/pipeline/mod.ts";
import type { Matrix } from "../../lib/types.ts";

/** What the studies read of a workbench. */
const BENCH = {
  unit: { layer: "conv2", unit: 3 },
  context: { profile: CALIBRATED, seed: 0, meanEmbedding: null },
} as unknown as Workbench;

/** Two bundles, along the first axis and along the second, in turn. */
const TWO: Matrix = {
  rows: 12,
  cols: 3,
  data: Float32Array.from(
    Array.from({ length: 12 }, (_, i) => i % 2 === 0 ? [4, 0, 0.01 * i] : [0, 4, 0.01 * i]).flat(),
  ),
};

Deno.test("scoreByClusters() gives each K in turn, with C = (K - 1) / (I - 1)", () => {
  const scores = scoreByClusters(BENCH, TWO, 5);
  assert.deepEqual(scores.map(({ K }) => K), [1, 2, 3, 4, 5]);
  scores.forEach(({ C, K }) => assert.ok(Math.abs(C! - (K - 1) / 11) < 1e-12));
  assert.ok(Math.abs(scores[1].D - 0.5) < 1e-3); // two orthogonal centres of equal norm
});

Deno.test("scoreByImages() clusters each prefix anew", () => {
  const scores = scoreByImages(BENCH, TWO);
  assert.deepEqual(scores.map(({ I }) => I), [4, 6, 8, 10, 12]);
  // with n unit vectors in two orthogonal bundles, one cluster costs n / 2 + 1.79 and two 2 * 1.79: two win from 4 on
  assert.deepEqual(scores.map(({ K }) => K), [2, 2, 2, 2, 2]);
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
