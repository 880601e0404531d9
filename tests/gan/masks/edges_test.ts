import assert from "node:assert/strict";
import { edgeMap } from "../../../lib/gan/masks/edges.ts";
import { image, N } from "./pictures.ts";

Deno.test("edgeMap() of a step is a line whose profile is the smoothing kernel on Sobel's", () => {
  // Sobel's kernel sees a step between columns 15 and 16 in both of them alike; 1/4, 1/2, 1/4 then gives 1/4, 3/4, 3/4, 1/4
  const edges = edgeMap(image((_, column) => column < 16 ? [0, 0, 0] : [0.6, 0.6, 0.6]));
  for (let row = 0; row < N; row++) {
    const profile = [...edges.subarray(row * N + 13, row * N + 19)];
    // four columns of 32 are not 0: the 95th percentile lies among the two that are strongest
    [0, 1 / 3, 1, 1, 1 / 3, 0].forEach((expected, i) => assert.ok(Math.abs(profile[i] - expected) < 1e-6));
  }
  assert.equal(edges.filter((value) => value > 0).length, 4 * N);
  // turned by a quarter, and in one channel only, it is the same
  const turned = edgeMap(image((row) => row < 16 ? [0, 0.3, 0] : [0, 0.8, 0]));
  assert.ok(turned.every((value, i) => Math.abs(value - edges[(i % N) * N + Math.floor(i / N)]) < 1e-6));
});

Deno.test("edgeMap() leaves flat images and faint noise without strong edges", () => {
  assert.ok(edgeMap(image(() => [0.2, 0.4, 0.9])).every((value) => value === 0));
  // a step of .02 in three channels is sqrt(3) * .02, smoothed 3/4 of it, against .1
  const faint = edgeMap(image((_, column) => column < 16 ? [0.5, 0.5, 0.5] : [0.52, 0.52, 0.52]));
  assert.ok(Math.abs(Math.max(...faint) - 0.75 * Math.sqrt(3) * 0.02 / 0.1) < 1e-5);
  assert.throws(() => edgeMap(new Float32Array(5)), RangeError);
});
