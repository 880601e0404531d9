import assert from "node:assert/strict";
import fc from "fast-check";
import { runningMeanDistances } from "../../lib/elbow/mod.ts";
import cases from "../../fixtures/lpips-mean/running_mean.json" with { type: "json" };

for (const { name, distances, means } of cases) {
  Deno.test(`runningMeanDistances() of ${name} is what the derivation says`, () => {
    const got = runningMeanDistances(distances);
    assert.equal(got.length, means.length);
    for (const [i, mean] of means.entries()) assert.ok(Math.abs(got[i] - mean) < 1e-15, `${got[i]} is not ${mean}`);
  });
}

Deno.test("runningMeanDistances() are the means over all pairs so far, summed as they come", () => {
  const positions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(positions, (points) => {
    const flat = points.flatMap((point, j) => points.slice(0, j).map((other) => Math.abs(point - other)));
    const means = runningMeanDistances(flat);
    assert.equal(means.length, points.length - 1);
    for (const [index, mean] of means.entries()) {
      const pairs = (index + 2) * (index + 1) / 2;
      // to the last bit, so that more images never move an elbow
      assert.equal(mean, flat.slice(0, pairs).reduce((sum, distance) => sum + distance, 0) / pairs);
      assert.deepEqual(runningMeanDistances(flat.slice(0, pairs)), means.slice(0, index + 1));
    }
  }));
});

Deno.test("runningMeanDistances() rejects counts that are not triangular and bad distances, naming them", () => {
  assert.throws(() => runningMeanDistances([0.1, 0.2]), /RangeError: .* 2 end within those of image 2/);
  assert.throws(() => runningMeanDistances(new Array(9).fill(0.1)), /RangeError: .* 9 end within those of image 4/);
  assert.throws(() => runningMeanDistances([0.5, 0.5, NaN]), /RangeError: .* of images 2 and 1 .* got NaN/);
  assert.throws(() => runningMeanDistances([-0.1]), /RangeError: .* of images 1 and 0 .* got -0\.1/);
  assert.throws(() => runningMeanDistances([Infinity]), /RangeError: .* got Infinity/);
});
