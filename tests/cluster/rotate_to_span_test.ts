import assert from "node:assert/strict";
import fc from "fast-check";
import { rotateToSpan } from "../../lib/cluster/mod.ts";
import { assertClose, axes, blobs } from "./rows.ts";

const squaredDistance = (p: readonly number[], q: readonly number[]) =>
  p.reduce((sum, x, d) => sum + (x - q[d]) ** 2, 0);

Deno.test("rotateToSpan() keeps every distance in at most n - 1 dimensions", () => {
  const anyPoints = fc.integer({ min: 1, max: 30 }).chain((dimensions) =>
    fc.array(
      fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: dimensions, maxLength: dimensions }),
      { minLength: 1, maxLength: 9 },
    )
  );
  fc.assert(
    fc.property(anyPoints, (points) => {
      const rotated = rotateToSpan(points);
      assert.equal(rotated.length, points.length);
      const dimensions = rotated[0].length;
      assert.ok(rotated.every((point) => point.length === dimensions));
      assert.ok(dimensions <= Math.max(points.length - 1, 0) && dimensions <= points[0].length);
      for (const [i, p] of points.entries()) {
        for (const [j, q] of points.entries()) {
          assertClose(squaredDistance(rotated[i], rotated[j]), squaredDistance(p, q), 1e-11);
        }
      }
    }),
    { examples: [[[[1, 2, 3], [1, 2, 3], [1, 2, 3]]], [[[0, 0], [0, 0]]]] },
  );
});

Deno.test("rotateToSpan() keeps the distances of 32 points in 512 dimensions in 31", () => {
  const points = blobs(axes(3, 512, 1), 11, 0.2, 1).slice(0, 32);
  const rotated = rotateToSpan(points);
  assert.equal(rotated[0].length, 31);
  for (const [i, p] of points.entries()) {
    for (const [j, q] of points.entries()) {
      assertClose(squaredDistance(rotated[i], rotated[j]), squaredDistance(p, q), 1e-13);
    }
  }
});

Deno.test("rotateToSpan() finds the two dimensions of a plane in thirty", () => {
  const corners = [[0, 0], [1, 0], [0, 1], [1, 1], [2, 5]];
  const points = corners.map(([a, b]) =>
    Array.from({ length: 30 }, (_, d) => 7 + a * Math.sin(d) + b * Math.cos(2 * d))
  );
  assert.equal(rotateToSpan(points)[0].length, 2);
});

Deno.test("rotateToSpan() gives coinciding points no dimension", () => {
  assert.deepEqual(rotateToSpan([[1, 2, 3], [1, 2, 3]]), [[], []]);
});
