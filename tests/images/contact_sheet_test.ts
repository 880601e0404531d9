import assert from "node:assert/strict";
import { contactSheet } from "../../lib/images/contact_sheet.ts";

/** `count` images of `height` x `width`, image n of red n / 8 in its first pixel and n / 8 + 1/16 elsewhere. */
function numbered(count: number, height: number, width: number) {
  const data = new Float32Array(count * height * width * 3);
  for (let i = 0; i < data.length; i += 3) {
    const pixel = i / 3;
    data[i] = Math.floor(pixel / (height * width)) / 8 + (pixel % (height * width) === 0 ? 0 : 1 / 16);
  }
  return { count, height, width, data };
}

const reds = (data: Float32Array) => [...data].filter((_, i) => i % 3 === 0);

Deno.test("contactSheet() lays images out row by row, with background around and in empty places", () => {
  const sheet = contactSheet(numbered(3, 1, 2), { columns: 2, padding: 1, background: 1 });
  assert.deepEqual([sheet.count, sheet.height, sheet.width], [1, 5, 7]);
  assert.deepEqual(reds(sheet.data), [
    ...[1, 1, 1, 1, 1, 1, 1],
    ...[1, 0, 1 / 16, 1, 1 / 8, 3 / 16, 1],
    ...[1, 1, 1, 1, 1, 1, 1],
    ...[1, 2 / 8, 5 / 16, 1, 1, 1, 1],
    ...[1, 1, 1, 1, 1, 1, 1],
  ]);
  assert.equal(sheet.data[(7 + 1) * 3 + 1], 0); // green is the image's own
});

Deno.test("contactSheet() repeats pixels by its scale", () => {
  const sheet = contactSheet(numbered(1, 1, 2), { scale: 2, padding: 0 });
  assert.deepEqual([sheet.height, sheet.width], [2, 4]);
  assert.deepEqual(reds(sheet.data), [0, 0, 1 / 16, 1 / 16, 0, 0, 1 / 16, 1 / 16]);
});

Deno.test("contactSheet() is as square as it can be unless told", () => {
  const { height, width } = contactSheet(numbered(5, 1, 1), { padding: 0 });
  assert.deepEqual([height, width], [2, 3]);
});

Deno.test("contactSheet() refuses no images and options that are none", () => {
  const images = numbered(1, 1, 1);
  assert.throws(() => contactSheet({ ...images, count: 0 }), /at least one image/);
  assert.throws(() => contactSheet(images, { columns: 0 }), /columns is 0/);
  assert.throws(() => contactSheet(images, { padding: -1 }), /padding is -1/);
  assert.throws(() => contactSheet(images, { scale: 1.5 }), /scale is 1.5/);
  assert.throws(() => contactSheet(images, { background: 2 }), /background is 2/);
});
