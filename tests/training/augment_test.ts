import assert from "node:assert/strict";
import type { PixelSet } from "../../lib/data/mod.ts";
import { augmentedBatch, normalizationTable, plainBatch } from "../../lib/training/augment.ts";
import { madeUp } from "../lpips/made_up.ts";

const COUNT = 40;
const PIXELS = 3072;
const IMAGES: PixelSet = {
  count: COUNT,
  height: 32,
  width: 32,
  pixels: Uint8Array.from(madeUp(710, COUNT * PIXELS), (u) => 256 * u),
  labels: new Uint8Array(COUNT),
};
/** Tells bytes apart and channels too: byte + 1000 c. */
const TABLE = [0, 1, 2].map((c) => Float32Array.from({ length: 256 }, (_, byte) => byte + 1000 * c));
const ALL = Uint32Array.from({ length: COUNT }, (_, i) => i);

const valueAt = (image: number, y: number, x: number, c: number) =>
  IMAGES.pixels[image * PIXELS + (32 * y + x) * 3 + c] + 1000 * c;
const imageOf = (batch: Float32Array, i: number) => batch.slice(i * PIXELS, (i + 1) * PIXELS);

/** The image as it is where each pixel comes from (y, x) of the original. */
function rearranged(image: number, from: (y: number, x: number) => [number, number]): Float32Array {
  return Float32Array.from({ length: PIXELS }, (_, i) => {
    const [y, x] = from(Math.floor(i / 96), Math.floor(i / 3) % 32);
    return valueAt(image, y, x, i % 3);
  });
}

const same = (a: Float32Array, b: Float32Array) => a.every((value, i) => value === b[i]);

Deno.test("normalizationTable() is (byte / 255 - mean) / std in each channel", () => {
  const table = normalizationTable({ mean: [0.5, 0.25, 0], std: [0.5, 0.25, 1] });
  assert.deepEqual(table.map((channel) => [channel.length, channel[0], channel[255]]), [
    [256, -1, 1],
    [256, -1, 3],
    [256, 0, 1],
  ]);
  assert.equal(table[2][51], Math.fround(0.2));
});

Deno.test("plainBatch() gives the images from a number on, as they are", () => {
  const batch = plainBatch(IMAGES, 3, 2, TABLE);
  assert.deepEqual(batch.length, 2 * PIXELS);
  for (const i of [0, 1]) assert.deepEqual(imageOf(batch, i), rearranged(3 + i, (y, x) => [y, x]));
});

Deno.test("augmentedBatch() without shift and mirror is the images in the order asked for", () => {
  const batch = augmentedBatch(IMAGES, Uint32Array.of(7, 2, 7), TABLE, { shift: 0, flip: false }, 1, 0);
  for (const [i, image] of [7, 2, 7].entries()) {
    assert.deepEqual(imageOf(batch, i), rearranged(image, (y, x) => [y, x]));
  }
});

Deno.test("augmentedBatch() mirrors exactly, about half of the images first and each on alternate epochs", () => {
  const epochs = [0, 1, 2].map((epoch) => augmentedBatch(IMAGES, ALL, TABLE, { shift: 0, flip: true }, 1, epoch));
  let mirrored = 0;
  for (let i = 0; i < COUNT; i++) {
    const plain = rearranged(i, (y, x) => [y, x]);
    const turned = rearranged(i, (y, x) => [y, 31 - x]);
    const first = same(imageOf(epochs[0], i), turned);
    mirrored += Number(first);
    assert.deepEqual(imageOf(epochs[0], i), first ? turned : plain);
    assert.deepEqual(imageOf(epochs[1], i), first ? plain : turned);
    assert.deepEqual(imageOf(epochs[2], i), first ? turned : plain);
  }
  // 40 fair coins fall outside 8 .. 32 once in twenty thousand seeds
  assert.ok(mirrored >= 8 && mirrored <= 32, `${mirrored} of 40 are mirrored`);
});

Deno.test("augmentedBatch() shifts by up to the given pixels either way and fills by reflection about the edge", () => {
  const reflect = (x: number) => x < 0 ? -x : x > 31 ? 62 - x : x;
  const seen = new Set<string>();
  for (let epoch = 0; epoch < 4; epoch++) {
    const batch = augmentedBatch(IMAGES, ALL, TABLE, { shift: 2, flip: false }, 5, epoch);
    for (let i = 0; i < COUNT; i++) {
      const found: string[] = [];
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) {
          const shifted = batch.subarray(i * PIXELS, (i + 1) * PIXELS).every((value, p) => {
            return value === valueAt(i, reflect(Math.floor(p / 96) + dy), reflect(Math.floor(p / 3) % 32 + dx), p % 3);
          });
          if (shifted) found.push(`${dy},${dx}`);
        }
      }
      assert.equal(found.length, 1, `image ${i} is none of the 25 shifts`);
      seen.add(found[0]);
    }
  }
  // of 25 equally likely shifts in 160 draws, one is missed with a chance of 25 (24/25)^160 = 4 %; five are not
  assert.ok(seen.size > 20, `only ${seen.size} shifts occur`);
});

Deno.test("augmentedBatch() depends on seed, epoch and image, not on the batch or the place in it", () => {
  const recipe = { shift: 4, flip: true };
  const whole = augmentedBatch(IMAGES, ALL, TABLE, recipe, 5, 3);
  const some = augmentedBatch(IMAGES, Uint32Array.of(31, 0, 12), TABLE, recipe, 5, 3);
  for (const [i, image] of [31, 0, 12].entries()) assert.deepEqual(imageOf(some, i), imageOf(whole, image));
  assert.deepEqual(augmentedBatch(IMAGES, ALL, TABLE, recipe, 5, 3), whole);
  assert.ok(!same(augmentedBatch(IMAGES, ALL, TABLE, recipe, 6, 3), whole));
  assert.ok(!same(augmentedBatch(IMAGES, ALL, TABLE, recipe, 5, 4), whole));
});
