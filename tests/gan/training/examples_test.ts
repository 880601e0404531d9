import assert from "node:assert/strict";
import { createExamples } from "../../../lib/gan/training/examples.ts";
import type { PixelSet } from "../../../lib/data/mod.ts";
import { createRandom } from "../../../lib/random.ts";

/** Sixty images: a bright square on noise, a different one in each, of ten labels. */
function someImages(): PixelSet {
  const count = 60;
  const random = createRandom("examples");
  const pixels = new Uint8Array(count * 3072);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < 1024; i++) {
      const inside = Math.abs((i >> 5) - 10 - n % 7) < 6 && Math.abs((i & 31) - 10) < 6;
      for (let c = 0; c < 3; c++) pixels[n * 3072 + 3 * i + c] = (inside ? 200 : 40) + random.integer(0, 20) + n % 30;
    }
  }
  return { count, height: 32, width: 32, pixels, labels: Uint8Array.from({ length: count }, (_, i) => i % 10) };
}

const IMAGES = someImages();

Deno.test("batch() depends on seed and index alone", () => {
  const examples = createExamples(IMAGES, 1);
  const sixth = examples.batch(6, 8);
  examples.batch(0, 8);
  examples.batch(50, 8);
  assert.deepEqual(examples.batch(6, 8), sixth);
  assert.deepEqual(createExamples(IMAGES, 1).batch(6, 8), sixth);
  assert.notDeepEqual(createExamples(IMAGES, 2).batch(6, 8), sixth);
});

Deno.test("batch() gives images in [-1, 1] with masks in [0, 1], and takes each image once in an epoch", () => {
  const examples = createExamples(IMAGES, 1);
  const counts = new Array(10).fill(0);
  for (let index = 0; index < 6; index++) {
    const { images, labels, masks } = examples.batch(index, 10);
    assert.deepEqual([images.length, labels.length, masks.length], [10 * 3072, 10, 10 * 1024]);
    assert.ok(images.every((value) => value >= -1 && value <= 1));
    assert.ok(images.some((value) => value < -0.5) && images.some((value) => value > 0.5));
    assert.ok(masks.every((value) => value >= 0 && value <= 1));
    labels.forEach((label) => counts[label]++);
  }
  assert.deepEqual(counts, new Array(10).fill(6));
});

Deno.test("batch() mirrors image and mask together", () => {
  // brightness follows the square, and so do silhouettes and pasted shapes: correlated in every example, mirrored or not
  const examples = createExamples(IMAGES, 1);
  const { images, masks, labels } = examples.batch(0, 60);
  let follows = 0;
  labels.forEach((_, n) => {
    let [bright, dark, inside, outside] = [0, 0, 0, 0];
    for (let i = 0; i < 1024; i++) {
      if (images[n * 3072 + 3 * i] > 0) {
        bright++;
        inside += masks[n * 1024 + i];
      } else {
        dark++;
        outside += masks[n * 1024 + i];
      }
    }
    if (inside / bright > outside / dark) follows++;
  });
  // silhouettes are .55 of the examples and always follow; edges and pasted shapes may
  assert.ok(follows >= 40, `${follows} of 60`);
});

Deno.test("batch() refuses to be larger than the images", () => {
  assert.throws(() => createExamples(IMAGES, 1).batch(0, 61), RangeError);
});
