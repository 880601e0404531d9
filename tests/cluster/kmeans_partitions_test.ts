import assert from "node:assert/strict";
import fc from "fast-check";
import { createRandom } from "../../lib/random.ts";
import { kmeansPartitions } from "../../lib/cluster/mod.ts";
import byHand from "../../fixtures/cluster/by_hand.json" with { type: "json" };
import sklearn from "../../fixtures/cluster/sklearn_inertia.json" with { type: "json" };
import { assertClose, axes, blobs, pairwiseInertia } from "./rows.ts";

Deno.test("kmeansPartitions() of four points of a line are what the derivation says", () => {
  const partitions = kmeansPartitions(byHand.points, 3, 10, 0);
  assert.equal(partitions.length, 3);
  for (const [index, { K, assignments, inertia }] of byHand.partitions.entries()) {
    assert.equal(partitions[index].K, K);
    assertClose(partitions[index].inertia, inertia, 1e-12);
    assert.ok(assignments.some((labels) => labels.join() === partitions[index].assignments.join()));
  }
});

for (const { name, points, partitions, bestPellegMoore } of sklearn.cases) {
  // Up to the K that the data have, partitions are easy to find, and the optimum is certain.
  const structure = bestPellegMoore ?? partitions.length;
  Deno.test(`kmeansPartitions() of ${name} have scikit-learn's inertia up to K = ${structure}`, () => {
    const found = kmeansPartitions(points, partitions.length, 50, 0);
    assert.equal(found.length, partitions.length);
    for (const [index, { K, inertia, sizes }] of partitions.entries()) {
      assert.equal(found[index].K, K);
      // 3,000 starts of scikit-learn are next to never beaten.
      assert.ok(found[index].inertia >= inertia * 0.99, `${found[index].inertia} is below ${inertia}`);
      if (K > structure) continue;
      assertClose(found[index].inertia, inertia, 1e-12);
      assert.deepEqual(found[index].sizes.toSorted((a, b) => a - b), sizes.toSorted((a, b) => a - b));
    }
  });

  Deno.test(`kmeansPartitions() of ${name} from 10 starts are as good as scikit-learn's from 10, on average`, () => {
    const runs = Array.from({ length: 20 }, (_, seed) => kmeansPartitions(points, partitions.length, 10, seed));
    for (const [index, { K, meanInertiaOf10Starts }] of partitions.entries()) {
      const ours = runs.reduce((sum, run) => sum + run[index].inertia, 0) / runs.length;
      assert.ok(ours <= meanInertiaOf10Starts * 1.01 + 1e-9, `K = ${K}: ${ours} against ${meanInertiaOf10Starts}`);
    }
  });
}

// Whole numbers: many ties and duplicates.
const anyPoints = fc.integer({ min: 1, max: 12 }).chain((dimensions) =>
  fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: dimensions, maxLength: dimensions }), {
    minLength: 1,
    maxLength: 12,
  })
);

Deno.test("kmeansPartitions() gives every K up to the distinct points, full clusters, and labels by first appearance", () => {
  fc.assert(fc.property(anyPoints, fc.integer({ min: 1, max: 12 }), fc.integer(), (points, kMax, seed) => {
    const partitions = kmeansPartitions(points, kMax, 3, seed);
    const distinct = new Set(points.map((point) => point.join())).size;
    assert.equal(partitions.length, Math.min(kMax, distinct));
    for (const [index, { K, assignments, sizes, inertia }] of partitions.entries()) {
      assert.equal(K, index + 1);
      assert.equal(assignments.length, points.length);
      assert.deepEqual([...new Set(assignments)], Array.from({ length: K }, (_, k) => k));
      assert.deepEqual(sizes, Array.from({ length: K }, (_, k) => assignments.filter((label) => label === k).length));
      assertClose(inertia, pairwiseInertia(points, assignments), 1e-11);
      if (index > 0) assert.ok(inertia <= partitions[index - 1].inertia + 1e-9);
    }
    if (partitions.length === distinct) assertClose(partitions[distinct - 1].inertia, 0, 1e-11);
  }));
});

Deno.test("kmeansPartitions() are no worse than those of K - 1 with the farthest point on its own, whatever the starts", () => {
  // Alone, the farthest point costs nothing, the others no more than before; and Lloyd's iterations only lower what is left.
  for (let seed = 0; seed < 30; seed++) {
    const random = createRandom(seed, "cloud");
    const points = Array.from({ length: 40 }, () => [random.uniform(), random.uniform()]);
    const partitions = kmeansPartitions(points, 39, 1, seed);
    for (const [index, { K, inertia, assignments, sizes }] of partitions.slice(0, -1).entries()) {
      const sums = sizes.map(() => [0, 0]);
      points.forEach((point, i) => point.forEach((x, d) => sums[assignments[i]][d] += x));
      const distances = points.map(([x, y], i) => {
        const [sumX, sumY] = sums[assignments[i]];
        const size = sizes[assignments[i]];
        return (x - sumX / size) ** 2 + (y - sumY / size) ** 2;
      });
      const bound = inertia - Math.max(...distances);
      const next = partitions[index + 1].inertia;
      assert.ok(next <= bound + 1e-12, `seed ${seed}, K = ${K + 1}: ${next} is over ${bound}`);
    }
  }
});

/** Every way to put n points into at most K clusters, labelled by first appearance. */
function* labellings(n: number, K: number, prefix: number[] = []): Generator<number[]> {
  if (prefix.length === n) yield prefix;
  else for (let k = 0; k <= Math.min(K - 1, Math.max(-1, ...prefix) + 1); k++) yield* labellings(n, K, [...prefix, k]);
}

Deno.test("kmeansPartitions() finds the best of all partitions of seven points", () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = createRandom(seed, "seven points");
    const points = Array.from({ length: 7 }, () => [random.normal(), random.normal(), random.normal()]);
    const partitions = kmeansPartitions(points, 6, 50, seed);
    for (let K = 1; K <= 6; K++) {
      let least = Infinity;
      for (const labels of labellings(7, K)) least = Math.min(least, pairwiseInertia(points, labels));
      assertClose(partitions[K - 1].inertia, least, 1e-12);
    }
  }
});

Deno.test("kmeansPartitions() of points taken twice are the same partitions at twice the inertia", () => {
  const points = blobs(axes(4, 6, 3), 3, 0.3, 5);
  const once = kmeansPartitions(points, 4, 20, 1);
  const twice = kmeansPartitions([...points, ...points], 4, 20, 1);
  for (const [index, { assignments, inertia }] of once.entries()) {
    assertClose(twice[index].inertia, 2 * inertia, 1e-12);
    assert.deepEqual(twice[index].assignments, [...assignments, ...assignments]);
  }
});

Deno.test("kmeansPartitions() does not depend on the order of the points", () => {
  const points = blobs(axes(3, 20, 3), 6, 0.3, 6);
  const { inertia } = kmeansPartitions(points, 3, 10, 1)[2];
  fc.assert(
    fc.property(fc.shuffledSubarray([...points.keys()], { minLength: points.length }), (order) => {
      const shuffled = kmeansPartitions(order.map((i) => points[i]), 3, 10, 1)[2];
      assertClose(shuffled.inertia, inertia, 1e-12);
      for (const [a, i] of order.entries()) {
        for (const [b, j] of order.entries()) {
          assert.equal(shuffled.assignments[a] === shuffled.assignments[b], i % 3 === j % 3);
        }
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("kmeansPartitions() scale with the points, however small they are", () => {
  const points = blobs(axes(3, 8, 3), 4, 0.5, 7);
  const plain = kmeansPartitions(points, 5, 10, 2);
  // A power of two scales every operation exactly.
  const tiny = kmeansPartitions(points.map((point) => point.map((x) => x * 2 ** -40)), 5, 10, 2);
  assert.deepEqual(tiny.map(({ assignments }) => assignments), plain.map(({ assignments }) => assignments));
  assert.deepEqual(tiny.map(({ inertia }) => inertia * 2 ** 80), plain.map(({ inertia }) => inertia));
});

Deno.test("kmeansPartitions() repeat to the last bit from the same seed", () => {
  const points = blobs(axes(3, 40, 1), 10, 0.5, 8);
  assert.deepEqual(kmeansPartitions(points, 10, 10, 3), kmeansPartitions(points, 10, 10, 3));
});

Deno.test("kmeansPartitions() for small K do not depend on the greatest K", () => {
  const points = blobs(axes(3, 40, 1), 10, 0.5, 9);
  assert.deepEqual(kmeansPartitions(points, 10, 10, 3).slice(0, 4), kmeansPartitions(points, 4, 10, 3));
});

Deno.test("kmeansPartitions() count points that differ by the rounding of 32 bits as one", () => {
  const point = [0.1, 0.2, 0.3, 0.4];
  const nudged = point.map((x) => x * (1 + 2 ** -24));
  assert.equal(kmeansPartitions([point, nudged, point, nudged], 4, 10, 0).length, 1);
  assert.equal(kmeansPartitions([point, nudged, [1, 0, 0, 0]], 3, 10, 0).length, 2);
});

Deno.test("kmeansPartitions() count points closer than 3e-7 of the largest norm as one, and farther ones as two", () => {
  for (const norm of [1, 1e-6, 1e6]) {
    const count = (apart: number) => kmeansPartitions([[norm, 0], [norm, norm * apart]], 2, 10, 0).length;
    assert.deepEqual([2e-7, 3e-7, 4e-7, 1e-5].map(count), [1, 1, 2, 2]);
  }
});
