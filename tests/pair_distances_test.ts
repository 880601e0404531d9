import assert from "node:assert/strict";
import { distanceMatrix, imageCount, pairCount, pairIndex, pairsAmong } from "../lib/pair_distances.ts";

/** The pairs of N images in the list's order, (j, i) with i < j, written out by two loops. */
function pairs(N: number): [number, number][] {
  const all: [number, number][] = [];
  for (let j = 1; j < N; j++) for (let i = 0; i < j; i++) all.push([j, i]);
  return all;
}

/** A list that names its pairs: 100 j + i of the pair (j, i). */
const named = (N: number) => pairs(N).map(([j, i]) => 100 * j + i);

Deno.test("pairCount() and imageCount() undo one another: N images have N (N - 1) / 2 pairs", () => {
  assert.deepEqual([1, 2, 3, 4, 32, 48].map(pairCount), [0, 1, 3, 6, 496, 1128]);
  for (let N = 1; N <= 1000; N++) {
    assert.equal(imageCount(pairCount(N)), N);
    if (N <= 60) assert.equal(pairs(N).length, pairCount(N));
  }
});

Deno.test("pairIndex() is where a pair stands, whichever image is named first", () => {
  for (const [place, [j, i]] of pairs(12).entries()) {
    assert.equal(pairIndex(j, i), place);
    assert.equal(pairIndex(i, j), place);
  }
});

Deno.test("a list of more images begins with that of fewer", () => {
  assert.deepEqual(named(7).slice(0, pairCount(4)), named(4));
});

Deno.test("pairsAmong() lists the pairs of chosen images in their order", () => {
  // of images 3, 1, 4, 0: (1, 3), (4, 3), (4, 1), (0, 3), (0, 1), (0, 4), each by its greater image first
  assert.deepEqual(pairsAmong(named(5), [3, 1, 4, 0]), Float64Array.of(301, 403, 401, 300, 100, 400));
  assert.deepEqual(pairsAmong(named(5), [0, 1, 2, 3, 4]), Float64Array.from(named(5)));
  assert.deepEqual(pairsAmong(Float64Array.from(named(5)), [2]), new Float64Array(0));
});

Deno.test("pairsAmong(): an image chosen twice is at 0 from itself, and as far from others each time", () => {
  assert.deepEqual(pairsAmong(named(3), [2, 2, 0]), Float64Array.of(0, 200, 200));
});

Deno.test("distanceMatrix() is symmetric with zeros on its diagonal", () => {
  assert.deepEqual(distanceMatrix([10, 20, 21]), [[0, 10, 20], [10, 0, 21], [20, 21, 0]]);
  assert.deepEqual(distanceMatrix([]), [[0]]);
  const matrix = distanceMatrix(named(9));
  for (let j = 0; j < 9; j++) {
    for (let i = 0; i < 9; i++) {
      assert.equal(matrix[j][i], i === j ? 0 : 100 * Math.max(i, j) + Math.min(i, j));
    }
  }
});
