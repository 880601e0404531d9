import assert from "node:assert/strict";
import { clusteredSpace, clusterEmbeddings, type ClusterOptions, compareCriteria } from "../../lib/cluster/mod.ts";
import { assertClose, matrixOf } from "./rows.ts";

const squaredDistance = (p: readonly number[], q: readonly number[]) =>
  p.reduce((sum, x, d) => sum + (x - q[d]) ** 2, 0);

/** Squared distances of three points: (1, 0), (2, 0), (2, 1). */
const pairs = ([a, b, c]: readonly number[][]) => [
  squaredDistance(b, a),
  squaredDistance(c, a),
  squaredDistance(c, b),
];

// squared distances 9, 16 and 25
const TRIANGLE = matrixOf([[0, 0], [3, 0], [0, 4]]);

const OPTIONS: ClusterOptions = {
  criterion: "sse-penalty",
  beta: 0.5,
  kMax: 3,
  halfCap: false,
  seed: 0,
  normalize: false,
};

Deno.test("clusteredSpace() is the embeddings where no other distance is given, or one of no weight", () => {
  const plain = [[0, 0], [3, 0], [0, 4]];
  assert.deepEqual(clusteredSpace(TRIANGLE, { normalize: false }), plain);
  assert.deepEqual(
    clusteredSpace(TRIANGLE, { normalize: false, perceptual: { distances: [1, 2, 3], weight: 0 } }),
    plain,
  );
});

Deno.test("clusteredSpace() adds the weighted distances to the squared ones of the embeddings", () => {
  const perceptual = { distances: [1, 2, 3], weight: 2 };
  // 9 + 2, 16 + 4, 25 + 6
  const found = pairs(clusteredSpace(TRIANGLE, { normalize: false, perceptual }));
  [11, 20, 31].forEach((distance, pair) => assertClose(found[pair], distance, 1e-6));
});

Deno.test("clusteredSpace() adds them after embeddings are centred and of unit length", () => {
  // less (1, 1): (-1, -1), (2, -1), (-1, 3); products 1 - 2 = -1, 1 - 3 = -2, -2 - 3 = -5; norms root 2, 5, 10
  const cosines = [-1 / Math.sqrt(10), -2 / Math.sqrt(20), -5 / Math.sqrt(50)];
  const perceptual = { distances: Float32Array.of(0.5, 0.25, 1), weight: 1 };
  const found = pairs(clusteredSpace(TRIANGLE, { normalize: true, mean: [1, 1], perceptual }));
  cosines.forEach((cosine, pair) => assertClose(found[pair], 2 - 2 * cosine + perceptual.distances[pair], 1e-6));
});

Deno.test("clusteredSpace() with other distances keeps a dimension that 32 bits can tell, and leaves out one that they cannot", () => {
  // An isosceles triangle of base 2 and height h: across the base the squared lengths sum to 2/3 h^2 about the mean. Distances in
  // 32 bits are good to 1e-7, for three points to 3e-7 of the largest squared length, 1.
  for (const [height, dimensions] of [[0.1, 2], [1e-3, 2], [1e-4, 1]]) {
    const triangle = matrixOf([[-1, 0, 0], [1, 0, 0], [0, height, 0]]);
    const perceptual = { distances: [0, 0, 0], weight: 1 };
    const points = clusteredSpace(triangle, { normalize: false, perceptual });
    assert.deepEqual(points.map(({ length }) => length), [dimensions, dimensions, dimensions], `height ${height}`);
  }
});

Deno.test("clusteredSpace() refuses distances that are not those of all pairs, and a weight out of range", () => {
  for (const distances of [[], [1, 2], [1, 2, 3, 4]]) {
    const options = { normalize: false, perceptual: { distances, weight: 1 } };
    assert.throws(() => clusteredSpace(TRIANGLE, options), (error) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, `3 images have 3 perceptual distances, got ${distances.length}`);
      return true;
    });
  }
  for (const weight of [-1, NaN, Infinity]) {
    const options = { ...OPTIONS, perceptual: { distances: [1, 2, 3], weight } };
    assert.throws(() => clusterEmbeddings(TRIANGLE, options), /perceptual weight .* at least 0, got/);
    assert.throws(() => compareCriteria(TRIANGLE, options), /perceptual weight .* at least 0, got/);
  }
});

/** Eight embeddings that are one, of images that differ in turn by 1. */
const ALIKE = matrixOf(Array.from({ length: 8 }, () => [3, 4]));
const IN_TURN = Array.from({ length: 8 }, (_, j) => Array.from({ length: j }, (_, i) => (i + j) % 2)).flat();

Deno.test("clusterEmbeddings() tells images apart by their other distance alone, and keeps the raw centres", () => {
  const cluster = (weight: number) =>
    clusterEmbeddings(ALIKE, { ...OPTIONS, perceptual: { distances: IN_TURN, weight } });
  // two points at squared distance w: every image w / 4 from the middle, so 8 w / 4 + beta against 0 + 2 beta
  const { K, assignments, candidates, centers, inertia } = cluster(1);
  assert.equal(K, 2);
  assert.deepEqual(assignments, [0, 1, 0, 1, 0, 1, 0, 1]);
  assertClose(candidates[0].inertia, 2, 1e-6);
  assertClose(inertia, 0, 1e-6);
  assert.deepEqual({ ...centers, data: [...centers.data] }, { rows: 2, cols: 2, data: [3, 4, 3, 4] });
  assert.equal(cluster(0.2).K, 1); // .4 + .5 against 1
  assert.equal(cluster(0.3).K, 2); // .6 + .5 against 1
  assert.equal(cluster(0).K, 1);
});

Deno.test("compareCriteria() counts the other distance", () => {
  const perceptual = { distances: IN_TURN, weight: 1 };
  assert.equal(compareCriteria(ALIKE, { ...OPTIONS, perceptual })["sse-penalty"], 2);
  assert.equal(compareCriteria(ALIKE, OPTIONS)["sse-penalty"], 1);
});

Deno.test("clusteredSpace() refuses perceptual distances that are none", () => {
  const embeddings = { rows: 3, cols: 1, data: Float64Array.of(0, 1, 2) };
  for (const bad of [NaN, -0.1, Infinity]) {
    const perceptual = { distances: [0.5, bad, 0.5], weight: 1 };
    assert.throws(() => clusteredSpace(embeddings, { normalize: false, perceptual }), /perceptual distance 1 is/);
  }
});
