import assert from "node:assert/strict";
import fc from "fast-check";
import { rotateToSpan } from "../../lib/cluster/mod.ts";
import { coordinatesOfDistances } from "../../lib/cluster/rotate_to_span.ts";
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

Deno.test("rotateToSpan() leaves out a dimension only where it is lost in the rounding of 64 bits, at every scale", () => {
  // An isosceles triangle of base 2 and height h: along the base squared lengths about the mean sum to 2, across it to 2/3 h^2.
  // Rounding is 3 points times 2.2e-16 of the largest, 1.
  for (const scale of [2 ** -30, 1, 2 ** 30]) {
    for (const [height, dimensions] of [[0.1, 2], [1e-4, 2], [1e-7, 2], [1e-9, 1], [0, 1]]) {
      const triangle = [[-1, 0, 0], [1, 0, 0], [0, height, 0]].map((point) => point.map((x) => x * scale));
      const rotated = rotateToSpan(triangle);
      assert.deepEqual(rotated.map(({ length }) => length), [dimensions, dimensions, dimensions], `${height}`);
    }
  }
});

/** Squared distances of each point to those before it. */
const distancesOf = (points: readonly (readonly number[])[]) =>
  points.map((p, i) => points.slice(0, i).map((q) => squaredDistance(p, q)));

/** Asserts that points have these squared distances, row i those of point i to points 0 .. i - 1. */
function assertDistances(points: readonly number[][], expected: readonly (readonly number[])[], tolerance: number) {
  assert.equal(points.length, expected.length);
  expected.forEach((row, i) =>
    row.forEach((distance, j) => assertClose(squaredDistance(points[i], points[j]), distance, tolerance))
  );
}

Deno.test("coordinatesOfDistances() finds the triangle of sides 3, 4 and 5 in a plane", () => {
  const points = coordinatesOfDistances([[], [9], [16, 25]], 1e-15);
  assert.deepEqual(points.map(({ length }) => length), [2, 2, 2]);
  assertDistances(points, [[], [9], [16, 25]], 1e-13);
  // about its mean, as the factorization of the centred Gram matrix has it
  for (const d of [0, 1]) assertClose(points.reduce((sum, point) => sum + point[d], 0), 0, 1e-13);
});

Deno.test("coordinatesOfDistances() puts 0, 1 and 3 on a line", () => {
  const points = coordinatesOfDistances([[], [1], [9, 4]], 1e-15);
  assert.deepEqual(points.map(({ length }) => length), [1, 1, 1]);
  const [sign] = points[2].map(Math.sign);
  [-4 / 3, -1 / 3, 5 / 3].forEach((x, i) => assertClose(sign * points[i][0], x, 1e-13));
});

Deno.test("coordinatesOfDistances() gives equal points, and a single one, no dimension", () => {
  assert.deepEqual(coordinatesOfDistances([[], [0], [0, 0]], 1e-7), [[], [], []]);
  assert.deepEqual(coordinatesOfDistances([[]], 1e-7), [[]]);
});

Deno.test("coordinatesOfDistances() leaves out dimensions no larger than the error of the distances", () => {
  // an isosceles triangle of base 2 and height 1e-4: across the base it measures (2/3) 1e-8 in all, along it 2
  const flat = distancesOf([[-1, 0], [1, 0], [0, 1e-4]]);
  assert.equal(coordinatesOfDistances(flat, 1e-12)[0].length, 2);
  assert.equal(coordinatesOfDistances(flat, 1e-7)[0].length, 1);
});

Deno.test("coordinatesOfDistances() keeps every distance of points in any dimensions", () => {
  const anyPoints = fc.integer({ min: 1, max: 12 }).chain((dimensions) =>
    fc.array(
      fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: dimensions, maxLength: dimensions }),
      { minLength: 1, maxLength: 9 },
    )
  );
  fc.assert(
    fc.property(anyPoints, (points) => {
      const found = coordinatesOfDistances(distancesOf(points), Number.EPSILON);
      assert.ok(found.every(({ length }) => length === found[0].length && length <= points.length - 1));
      // the greatest squared distance, 4800, times its rounding
      assertDistances(found, distancesOf(points), 1e-10);
    }),
  );
});
