import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { imagesOf, type PixelSet, readPixels } from "../../lib/data/mod.ts";
import { randomPixels, sourceOf, unlabelledSource } from "./made_up_dataset.ts";

Deno.test("imagesOf() takes the images asked for, in that order, as shares of 255", () => {
  const pixels = Uint8Array.from({ length: 3 * 3072 }, (_, i) => Math.floor(i / 3072) * 51 + i % 3);
  const images: PixelSet = { count: 3, height: 32, width: 32, pixels, labels: Uint8Array.of(4, 5, 6) };
  const { count, height, width, data } = imagesOf(images, [2, 0, 2]);
  assert.deepEqual([count, height, width, data.length], [3, 32, 32, 3 * 3072]);
  const expected = [102, 0, 102].flatMap((first) => [0, 1, 2].map((c) => Math.fround((first + c) / 255)));
  const found = [0, 3072, 6144].flatMap((at) => [...data.slice(at + 3069, at + 3072)]);
  assert.deepEqual(found, expected);
  assert.equal(imagesOf({ ...images, pixels: pixels.fill(255) }, [1]).data[7], 1);
});

Deno.test("imagesOf() keeps a height and a width of their own", () => {
  const images: PixelSet = {
    count: 2,
    height: 1,
    width: 2,
    pixels: Uint8Array.of(0, 51, 102, 153, 204, 255, 255, 204, 153, 102, 51, 0),
    labels: Uint8Array.of(0, 0),
  };
  const data = Float32Array.of(1, .8, .6, .4, .2, 0, 0, .2, .4, .6, .8, 1);
  assert.deepEqual(imagesOf(images, Uint16Array.of(1, 0)), { count: 2, height: 1, width: 2, data });
  assert.deepEqual(imagesOf(images, []), { count: 0, height: 1, width: 2, data: new Float32Array(0) });
});

Deno.test("readPixels() gives back the bytes and labels of a source, over batches that do not fill up", async () => {
  const images = {
    ...randomPixels(2003, { height: 2, width: 3 }),
    labels: Uint8Array.from({ length: 2003 }, (_, i) => i % 7),
  };
  const source = sourceOf(images);
  const asked: number[] = [];
  const read = await readPixels({
    ...source,
    images: (indices) => {
      asked.push(indices.length);
      return source.images(indices);
    },
  });
  assert.deepEqual(read, images);
  assert.deepEqual(asked, [1000, 1000, 3], "read a part at a time");
  const every = { count: 256, height: 1, width: 1, pixels: new Uint8Array(768), labels: new Uint8Array(256) };
  every.pixels.forEach((_, i) => every.pixels[i] = Math.floor(i / 3));
  assert.deepEqual((await readPixels(sourceOf(every))).pixels, every.pixels, "each of the 256 bytes");
});

Deno.test("readPixels() refuses a source without labels or without images: nothing can be learned from it", async () => {
  const refused = (work: Promise<unknown>, pattern: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, pattern);
      return true;
    });
  const images = randomPixels(2, { height: 1, width: 1 });
  await refused(
    readPixels(unlabelledSource(images)),
    /^a dataset without labels cannot be learned from; give one with labels$/,
  );
  await refused(readPixels(sourceOf({ ...images, count: 0 })), /^a dataset without images cannot be learned from/);
});
