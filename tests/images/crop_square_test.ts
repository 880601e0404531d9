import assert from "node:assert/strict";
import { cropSquare } from "../../lib/images/mod.ts";
import type { ImageBatch } from "../../lib/types.ts";

/** An image whose three colours are one number a pixel. */
function grey(rows: readonly (readonly number[])[]): ImageBatch {
  const data = Float32Array.from(rows.flat().flatMap((value) => [value, value, value]));
  return { count: 1, height: rows.length, width: rows[0].length, data };
}

function valuesOf({ data, width }: ImageBatch): number[][] {
  const values = Array.from({ length: data.length / 3 }, (_, i) => Math.round(data[3 * i] * 1e6) / 1e6);
  return Array.from({ length: values.length / width }, (_, y) => values.slice(y * width, (y + 1) * width));
}

Deno.test("cropSquare() takes the middle, nearer to the top left where it cannot be in the middle", () => {
  const wide = grey([[0, .1, .2, .3, .4], [.5, .6, .7, .8, .9]]);
  assert.deepEqual(valuesOf(cropSquare(wide, 2)), [[.1, .2], [.6, .7]]);
  const high = grey([[0], [.1], [.2], [.3]]);
  assert.deepEqual(valuesOf(cropSquare(high, 1)), [[.1]]);
});

Deno.test("cropSquare() shrinks by the mean over what a pixel covers", () => {
  const four = grey([[0, .1, .2, .3], [.1, .2, .3, .4], [.4, .4, 1, 0], [.4, .4, 0, 1]]);
  assert.deepEqual(valuesOf(cropSquare(four, 2)), [[.1, .3], [.4, .5]]);
  // three to two: each covers a whole pixel and half of the middle one, (a + b / 2) / 1.5 in both directions
  const three = grey([[.3, .6, .9], [.3, .6, .9], [.3, .6, .9]]);
  assert.deepEqual(valuesOf(cropSquare(three, 2)), [[.4, .8], [.4, .8]]);
  const white = cropSquare(grey(Array.from({ length: 7 }, () => new Array(7).fill(1))), 3);
  white.data.forEach((value) => assert.ok(value <= 1 && value > 1 - 1e-6));
});

Deno.test("cropSquare() leaves an image of the size as it is, and enlarges between pixels", () => {
  const two = grey([[0, 1], [0, 1]]);
  assert.deepEqual(cropSquare(two, 2), two);
  assert.deepEqual(valuesOf(cropSquare(two, 4))[1], [0, .25, .75, 1]); // pixel centres at -1/4, 1/4, 3/4, 5/4
});

Deno.test("cropSquare() does each of several images by itself", () => {
  const [a, b] = [grey([[0, .2, .4], [.6, .8, 1]]), grey([[1, .2, .1], [.3, .5, 0]])];
  const both = { ...a, count: 2, data: Float32Array.from([...a.data, ...b.data]) };
  assert.deepEqual(cropSquare(both, 1).data, Float32Array.from([...cropSquare(a, 1).data, ...cropSquare(b, 1).data]));
});

Deno.test("cropSquare() refuses a side that is none", () => {
  for (const side of [0, -1, 1.5, NaN]) assert.throws(() => cropSquare(grey([[1]]), side), RangeError);
});
