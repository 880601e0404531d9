import assert from "node:assert/strict";
import fc from "fast-check";
import { RunningMeanDistance, runningMeanDistances } from "../../lib/elbow/mod.ts";
import cases from "../../fixtures/lpips-mean/running_mean.json" with { type: "json" };

for (const { name, distances, means } of cases) {
  Deno.test(`runningMeanDistances() of ${name} is what the derivation says`, () => {
    const got = runningMeanDistances(distances);
    assert.equal(got.length, means.length);
    for (const [i, mean] of means.entries()) assert.ok(Math.abs(got[i] - mean) < 1e-15, `${got[i]} is not ${mean}`);
  });
}

Deno.test("RunningMeanDistance gives the same numbers image by image, each the mean over all pairs", () => {
  const positions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 });
  fc.assert(fc.property(positions, (points) => {
    const running = new RunningMeanDistance();
    const byImage: number[] = [];
    for (let j = 1; j < points.length; j++) {
      byImage.push(running.add(points.slice(0, j).map((point) => Math.abs(points[j] - point))));
      assert.equal(running.images, j + 1);
    }
    const flat = points.flatMap((point, j) => points.slice(0, j).map((other) => Math.abs(point - other)));
    assert.deepEqual(runningMeanDistances(flat), byImage);
    assert.ok(Math.abs(byImage.at(-1)! - flat.reduce((sum, x) => sum + x, 0) / flat.length) < 1e-13);
  }));
});

Deno.test("RunningMeanDistance stays as it was when it rejects an image", () => {
  const running = new RunningMeanDistance();
  running.add([0.5]);
  assert.throws(() => running.add([0.5, NaN]), /RangeError: the distance of images 2 and 1 .* got NaN/);
  assert.throws(() => running.add([0.5]), /RangeError: image 2 has 2 earlier images, got 1/);
  assert.ok(Math.abs(running.add([0.2, 0.2]) - 0.3) < 1e-15);
});

Deno.test("runningMeanDistances() rejects counts that are not triangular and bad distances, naming them", () => {
  assert.throws(() => runningMeanDistances([0.1, 0.2]), /RangeError: .* 2 end within those of image 2/);
  assert.throws(() => runningMeanDistances([-0.1]), /RangeError: .* got -0\.1/);
  assert.throws(() => runningMeanDistances([Infinity]), /RangeError: .* got Infinity/);
});
