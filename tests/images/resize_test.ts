import assert from "node:assert/strict";
import fc from "fast-check";
import { resizeBilinear } from "../../lib/images/resize.ts";

/** Images of equal channels from rows of grey. */
function grey(...images: number[][][]) {
  const data = Float32Array.from(images.flat(2).flatMap((value) => [value, value, value]));
  return { count: images.length, height: images[0].length, width: images[0][0].length, data };
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) < 1e-6, `${i}: ${actual[i]} instead of ${expected[i]}`);
  }
}

Deno.test("resizeBilinear() doubles a row to quarters between pixel centres, flat at the borders", () => {
  // positions (i + 1/2)/2 - 1/2 = -1/4 (clamped to 0), 1/4, 3/4, 5/4 (both taps at the last pixel)
  assertClose(resizeBilinear(grey([[0, 1]]), 1, 4).data, grey([[0, 0.25, 0.75, 1]]).data);
});

Deno.test("resizeBilinear() halves by averaging two by two, and by three takes the middle pixel", () => {
  assertClose(resizeBilinear(grey([[0, 1, 0.5, 0.3], [0, 1, 0.1, 0.5]]), 1, 2).data, grey([[0.5, 0.35]]).data);
  // no antialiasing: position (0 + 1/2) 3 - 1/2 = 1 exactly
  assertClose(resizeBilinear(grey([[0, 0.7, 1]]), 1, 1).data, grey([[0.7]]).data);
});

Deno.test("resizeBilinear() of 2 to 3 rows and columns mixes both axes", () => {
  // positions (i + 1/2) 2/3 - 1/2 = -1/6 (0), 1/2, 7/6 (last)
  const expected = [[0, 0.1, 0.2], [0.2, 0.35, 0.5], [0.4, 0.6, 0.8]];
  assertClose(resizeBilinear(grey([[0, 0.2], [0.4, 0.8]]), 3, 3).data, grey(expected).data);
});

Deno.test("resizeBilinear() keeps images and channels apart", () => {
  const images = grey([[0, 1]], [[1, 0]]);
  images.data[0] = 0.5; // red of the first pixel
  const expected = grey([[0, 0.25, 0.75, 1]], [[1, 0.75, 0.25, 0]]);
  for (const [pixel, red] of [0.5, 0.625, 0.875, 1].entries()) expected.data[3 * pixel] = red;
  const resized = resizeBilinear(images, 1, 4);
  assert.deepEqual([resized.count, resized.height, resized.width], [2, 1, 4]);
  assertClose(resized.data, expected.data);
});

Deno.test("resizeBilinear() gives images of that size back", () => {
  const images = grey([[0, 1]]);
  assert.equal(resizeBilinear(images, 1, 2), images);
});

Deno.test("resizeBilinear() stays within the values it is given", () => {
  const size = fc.integer({ min: 1, max: 12 });
  fc.assert(fc.property(size, size, size, size, (height, width, newHeight, newWidth) => {
    const images = grey(Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => (x + y) % 2)));
    const { data } = resizeBilinear(images, newHeight, newWidth);
    assert.equal(data.length, newHeight * newWidth * 3);
    assert.ok(data.every((value) => value >= 0 && value <= 1));
  }));
});

Deno.test("resizeBilinear() refuses sizes that are none", () => {
  for (const size of [0, -1, 1.5, NaN]) assert.throws(() => resizeBilinear(grey([[0]]), 1, size), RangeError);
});
