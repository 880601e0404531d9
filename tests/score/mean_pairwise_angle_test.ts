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
