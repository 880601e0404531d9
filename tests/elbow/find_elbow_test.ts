import assert from "node:assert/strict";
import fc from "fast-check";
import { type Elbow, findElbow } from "../../lib/elbow/mod.ts";
import cases from "../../fixtures/elbow/sequences.json" with { type: "json" };

const paper = { threshold: 0.02, patience: 1, minImages: 2, maxImages: 48 };
const calibrated = { threshold: 0.005, patience: 3, minImages: 32, maxImages: 48 };

for (const { name, meanDistances, rule, elbow } of cases) {
  Deno.test(`findElbow() on a sequence that ${name}`, () => {
    assert.deepEqual(findElbow(meanDistances, rule), elbow as Elbow | null);
  });
}

Deno.test("findElbow() by the calibrated rule stops a constant sequence at 32 images", () => {
  assert.deepEqual(findElbow(new Array(60).fill(0.4), calibrated), { I: 32, reason: "elbow" });
  assert.equal(findElbow(new Array(30).fill(0.4), calibrated), null); // 31 images
});

Deno.test("findElbow() by the calibrated rule makes 48 images of a restless sequence", () => {
  const restless = Array.from({ length: 60 }, (_, i) => 0.4 + 0.01 * (i % 2));
  assert.deepEqual(findElbow(restless, calibrated), { I: 48, reason: "maximum" });
  assert.equal(findElbow(restless.slice(0, 46), calibrated), null); // 47 images
});

Deno.test("findElbow() by the calibrated rule waits for three quiet images after a late jump", () => {
  // Images 2 .. 33 at .4, from image 34 on at .5: the changes of images 35, 36 and 37 are quiet.
  const jump = Array.from({ length: 60 }, (_, i) => (i + 2 < 31 ? 0.4 : i + 2 < 34 ? 0.45 : 0.5));
  assert.deepEqual(findElbow(jump, calibrated), { I: 37, reason: "elbow" });
});

Deno.test("findElbow() agrees with a search by the definition, and more images never move it", () => {
  const anyRule = fc.record({
    threshold: fc.constantFrom(0, 0.005, 0.02, 0.1),
    patience: fc.integer({ min: 1, max: 4 }),
    minImages: fc.integer({ min: 2, max: 10 }),
    more: fc.nat(10),
  }).map(({ more, ...rule }) => ({ ...rule, maxImages: rule.minImages + more }));
  const means = fc.array(fc.integer({ min: 0, max: 40 }).map((x) => x / 400), { maxLength: 25 });
  fc.assert(fc.property(means, anyRule, (distances, rule) => {
    const images = distances.length + 1;
    const quiet = (I: number) => I >= 3 && Math.abs(distances[I - 2] - distances[I - 3]) < rule.threshold;
    const isElbow = (I: number) =>
      I >= rule.minImages && Array.from({ length: rule.patience }, (_, back) => quiet(I - back)).every(Boolean);
    let expected: Elbow | null = null;
    for (let I = 2; I <= Math.min(images, rule.maxImages) && expected === null; I++) {
      if (isElbow(I)) expected = { I, reason: "elbow" };
      else if (I === rule.maxImages) expected = { I, reason: "maximum" };
    }
    const found = findElbow(distances, rule);
    assert.deepEqual(found, expected);
    if (found !== null) {
      assert.deepEqual(findElbow(distances.slice(0, found.I - 1), rule), found);
      assert.equal(findElbow(distances.slice(0, found.I - 2), rule), null);
    }
  }));
});

const rejected: [string, () => unknown, RegExp][] = [
  ["a negative threshold", () => findElbow([], { ...paper, threshold: -0.02 }), /threshold .* got -0\.02/],
  ["a NaN threshold", () => findElbow([], { ...paper, threshold: NaN }), /threshold .* got NaN/],
  ["no patience", () => findElbow([], { ...paper, patience: 0 }), /patience .* got 0/],
  ["half a patience", () => findElbow([], { ...paper, patience: 1.5 }), /patience .* got 1\.5/],
  ["a least of one image", () => findElbow([], { ...paper, minImages: 1 }), /minImages .* got 1/],
  ["a maximum below the least", () => findElbow([], { ...paper, minImages: 9, maxImages: 8 }), /minImages = 9, got 8/],
  ["an infinite maximum", () => findElbow([], { ...paper, maxImages: Infinity }), /maxImages .* got Infinity/],
  ["a NaN distance", () => findElbow([0.5, NaN], paper), /mean distance of 3 images .* got NaN/],
  ["an infinite distance", () => findElbow([Infinity], paper), /2 images .* got Infinity/],
  ["a negative distance", () => findElbow([-0.1], paper), /got -0\.1/],
];
for (const [what, call, message] of rejected) {
  Deno.test(`findElbow() rejects ${what}, naming it`, () => {
    assert.throws(call, (error) => error instanceof RangeError && message.test(error.message));
  });
}
