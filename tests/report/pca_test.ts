import assert from "node:assert/strict";
import fc from "fast-check";
import { principalComponents } from "../../lib/report/pca.ts";

const matrix = (rows: number[][]) => ({
  rows: rows.length,
  cols: rows[0]?.length ?? 0,
  data: Float64Array.from(rows.flat()),
});

const near = (a: number, b: number, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

Deno.test("principalComponents() of a rectangle's corners are its sides: shares 4/5 and 1/5", () => {
  // corners (1 +- 2, 1 +- 1) with the long side upright: scatter 4 * 4 = 16 along it, 4 * 1 = 4 across
  const { coordinates, shares } = principalComponents(matrix([[0, -1], [2, -1], [2, 3], [0, 3]]));
  near(shares[0], 0.8);
  near(shares[1], 0.2);
  assert.deepEqual(coordinates.map(([a]) => Math.round(Math.abs(a) * 1e6) / 1e6), [2, 2, 2, 2]);
  assert.deepEqual(coordinates.map(([, b]) => Math.round(Math.abs(b) * 1e6) / 1e6), [1, 1, 1, 1]);
  assert.ok(coordinates[0][0] > 0 && coordinates[1][0] > 0 && coordinates[2][0] < 0 && coordinates[3][0] < 0);
  assert.ok(coordinates[0][1] > 0 && coordinates[3][1] > 0 && coordinates[1][1] < 0 && coordinates[2][1] < 0);
});

Deno.test("principalComponents() of points on a line have nothing across it", () => {
  const { coordinates, shares } = principalComponents(matrix([[0, 0, 0], [1, 2, 2], [2, 4, 4]]));
  near(shares[0], 1);
  assert.equal(shares[1], 0);
  coordinates.forEach(([along, across], i) => {
    near(Math.abs(along), Math.abs(3 * (i - 1))); // steps of length |(1, 2, 2)| = 3
    assert.equal(across, 0);
  });
});

Deno.test("principalComponents() of equal rows, and of one row, are zero", () => {
  for (const rows of [[[3, 1], [3, 1], [3, 1]], [[3, 1]]]) {
    const { coordinates, shares } = principalComponents(matrix(rows));
    assert.deepEqual(shares, [0, 0]);
    assert.ok(coordinates.flat().every((value) => value === 0));
  }
});

Deno.test("principalComponents() keeps all distances when all components are kept, in descending order of share", () => {
  const entry = fc.double({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.array(entry, { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 7 }), (rows) => {
      const { coordinates, shares } = principalComponents(matrix(rows), 4);
      const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((value, i) => value - b[i]));
      for (let i = 0; i < rows.length; i++) {
        for (let j = 0; j < i; j++) {
          // directions of less than a millionth of the spread are dropped
          near(distance(coordinates[i], coordinates[j]), distance(rows[i], rows[j]), 1e-4);
        }
      }
      assert.ok(shares.every((share, i) => i === 0 || share <= shares[i - 1] + 1e-12));
    }),
    { numRuns: 100 },
  );
});

Deno.test("principalComponents() of equal rows are zero whatever rounding makes of their mean", () => {
  for (const count of [3, 7, 48]) {
    const { coordinates, shares } = principalComponents(matrix(new Array(count).fill([0.1, 0.7, 1e6 / 3])));
    assert.deepEqual(shares, [0, 0]);
    assert.ok(coordinates.flat().every((value) => value === 0));
  }
});

Deno.test("principalComponents() turns a component by its largest coordinate, wherever that is and however the solver has it", () => {
  // points at -3, 1 and 2 of a line, in every order, and mirrored: 3 is the largest magnitude, so the coordinates are 3, -1, -2
  for (const order of [[-3, 1, 2], [-3, 2, 1], [1, -3, 2], [2, -3, 1], [1, 2, -3], [2, 1, -3]]) {
    for (const sign of [1, -1]) {
      const { coordinates } = principalComponents(matrix(order.map((value) => [3 * sign * value, 4 * sign * value])));
      coordinates.forEach(([along], i) => near(along, -5 * order[i])); // (3, 4) has the length 5
    }
  }
});

Deno.test("principalComponents() make the largest coordinate of every component positive", () => {
  const entry = fc.double({ min: -5, max: 5, noNaN: true });
  let turned = 0;
  fc.assert(
    fc.property(fc.array(fc.array(entry, { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 8 }), (rows) => {
      const { coordinates } = principalComponents(matrix(rows), 3);
      for (let component = 0; component < 3; component++) {
        const along = coordinates.map((each) => each[component]);
        const [most, least] = [Math.max(...along), -Math.min(...along)];
        assert.ok(most >= least * (1 - 1e-6), `${along}`); // equal in magnitude but for rounding, either may be
        if (most > 0) turned++;
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(turned > 100);
});

Deno.test("principalComponents() refuses no rows and entries that are not finite", () => {
  assert.throws(() => principalComponents(matrix([])), /at least one row/);
  assert.throws(() => principalComponents(matrix([[1, 2], [3, NaN]])), /NaN in row 1/);
});
