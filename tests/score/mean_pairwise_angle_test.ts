import assert from "node:assert/strict";
import fc from "fast-check";
import { meanPairwiseAngle, score } from "../../lib/score/mod.ts";
import { assertClose, matrixOf } from "./assertions.ts";

Deno.test("meanPairwiseAngle() is the mean over distinct pairs", () => {
  // (1, 0) to (0, 3): 1/2; (1, 0) to (-2, 0): 1; (0, 3) to (-2, 0): 1/2.
  assertClose(meanPairwiseAngle(matrixOf([[1, 0], [0, 3], [-2, 0]])), 2 / 3);
});

Deno.test("meanPairwiseAngle() is 0 for embeddings of one direction", () => {
  assertClose(meanPairwiseAngle(matrixOf([[1, 2, 2], [3, 6, 6], [0.5, 1, 1]])), 0);
});

Deno.test("meanPairwiseAngle() is null with fewer than two rows", () => {
  assert.equal(meanPairwiseAngle(matrixOf([[1, 2]])), null);
  assert.equal(meanPairwiseAngle({ rows: 0, cols: 2, data: new Float32Array(0) }), null);
});

Deno.test("meanPairwiseAngle() of 1,203 rows along three axes, one of them both ways, counts the pairs", () => {
  // 401 rows each along x, along y, and along z: 201 one way and 200 the other. Of 3 (401^2) pairs of two axes each is 1/2, of
  // 201 (200) opposite pairs each is 1; the rest are 0. Their number is 1203 (1202) / 2.
  const rows = Array.from(
    { length: 1203 },
    (_, i) => [0, 1, 2].map((d) => (d === i % 3 ? (i % 3 < 2 || i % 2 ? 3 : -5) : 0)),
  );
  const expected = (3 * 401 ** 2 / 2 + 201 * 200) / (1203 * 1202 / 2);
  const shares: number[] = [];
  assertClose(meanPairwiseAngle(matrixOf(rows), (share) => shares.push(share)), expected);
  assert.ok(shares.length > 10 && shares.every((share, i) => i === 0 || share > shares[i - 1]));
  assert.equal(shares.at(-1), 1);
});

Deno.test("meanPairwiseAngle() of many rows of a small circle keeps the digits of small angles", () => {
  // Directions at angles 1e-5 i / 1200 from the first, i = 0 .. 1199: the mean difference of two indices is (n + 1) / 3.
  const rows = Array.from({ length: 1200 }, (_, i) => [Math.cos(1e-5 * i / 1200), Math.sin(1e-5 * i / 1200)]);
  const mean = meanPairwiseAngle(matrixOf(rows))!;
  assertClose(mean * Math.PI / (1e-5 * (1201 / 3) / 1200), 1);
});

Deno.test("meanPairwiseAngle() is the diversity of centres of equal norms", () => {
  const direction = fc.double({ min: 0, max: 2 * Math.PI, noNaN: true });
  fc.assert(fc.property(fc.array(direction, { minLength: 2, maxLength: 8 }), (directions) => {
    const rows = matrixOf(directions.map((phi) => [Math.cos(phi), Math.sin(phi)]));
    assertClose(meanPairwiseAngle(rows), score(rows, directions.length).D);
  }));
});

Deno.test("meanPairwiseAngle() rejects a zero row and a NaN, naming them", () => {
  assert.throws(() => meanPairwiseAngle(matrixOf([[1, 0], [0, 0]])), /RangeError: embedding 1 has norm 0/);
  assert.throws(() => meanPairwiseAngle(matrixOf([[1, 0], [0, NaN]])), /RangeError: component 1 of embedding 1 is NaN/);
});
