import assert from "node:assert/strict";
import { createConditions } from "../../../lib/gan/measures/conditions.ts";
import { createRealComposites } from "../../../lib/gan/measures/real_composites.ts";
import { drawShape } from "../../../lib/gan/masks/shapes.ts";
import { latentOf } from "../../../lib/gan/network/image_generator.ts";
import { silhouette } from "../../../lib/gan/masks/silhouette.ts";
import { imagesOf, openDataset, type PixelSet, readPixels } from "../../../lib/data/mod.ts";

const test = await readPixels((await openDataset({ kind: "cifar10" })).test);
const PIXELS = 32 * 32;

Deno.test("createConditions() asks for all labels in turn, with silhouettes of test images of each, none twice", () => {
  const conditions = createConditions(test, 4);
  const { latents, labels, masks } = conditions.part("silhouette", 0, 20);
  assert.deepEqual(labels, Array.from({ length: 20 }, (_, i) => i % 10));
  assert.equal(latents.length, 20 * 128);
  const images = labels.length === 20 ? Array.from({ length: 20 }, (_, i) => conditions.testImage(i)) : [];
  images.forEach((image, i) => {
    assert.equal(test.labels[image], i % 10);
    assert.deepEqual(masks.slice(i * PIXELS, (i + 1) * PIXELS), silhouette(imagesOf(test, [image]).data));
  });
  const all = Array.from({ length: 10_000 }, (_, i) => conditions.testImage(i));
  assert.equal(new Set(all).size, 10_000); // 1,000 of each label
  assert.equal(conditions.testImage(10_000), conditions.testImage(0)); // then again
});

Deno.test("createConditions() depend on seed and index alone", () => {
  for (const kind of ["silhouette", "shape"] as const) {
    const whole = createConditions(test, 4).part(kind, 0, 30);
    const part = createConditions(test, 4).part(kind, 13, 7);
    assert.deepEqual(part.labels, (whole.labels as number[]).slice(13, 20));
    assert.deepEqual(part.latents, whole.latents.slice(13 * 128, 20 * 128));
    assert.deepEqual(part.masks, whole.masks.slice(13 * PIXELS, 20 * PIXELS));
    assert.notDeepEqual(createConditions(test, 5).part(kind, 13, 7).masks, part.masks);
    assert.notDeepEqual(createConditions(test, 5).part(kind, 13, 7).latents, part.latents);
  }
});

Deno.test("createConditions() refuses images that lack a label", () => {
  const few: PixelSet = {
    count: 2,
    height: 32,
    width: 32,
    pixels: new Uint8Array(2 * 3072),
    labels: Uint8Array.of(0, 1),
  };
  assert.throws(() => createConditions(few, 0), /no test image of label 2/);
});

Deno.test("real composites show one image of the label where the mask is and another where it is not", () => {
  // images of one grey each: 10, 20, ... of label 0, and 200 of label 1
  const greys = [10, 20, 30, 40, 200];
  const images: PixelSet = {
    count: 5,
    height: 32,
    width: 32,
    pixels: Uint8Array.from({ length: 5 * 3072 }, (_, i) => greys[Math.floor(i / 3072)]),
    labels: Uint8Array.of(0, 0, 0, 0, 1),
  };
  const generator = createRealComposites(images);
  const mask = drawShape("half-top");
  const count = 40;
  const latents = new Float32Array(count * 128);
  for (let i = 0; i < count; i++) latents.set(latentOf(0, i), i * 128);
  const masks = new Float32Array(count * PIXELS);
  for (let i = 0; i < count; i++) masks.set(mask, i * PIXELS);
  const { data } = generator.generate({ latents, labels: new Array(count).fill(0), masks });
  const pairs = Array.from({ length: count }, (_, i) => {
    const image = data.subarray(i * 3072, (i + 1) * 3072);
    const [top, bottom] = [Math.round(255 * image[0]), Math.round(255 * image[3071])];
    assert.ok(image.subarray(0, 1536).every((value) => Math.round(255 * value) === top));
    assert.ok(image.subarray(1536).every((value) => Math.round(255 * value) === bottom));
    assert.ok(greys.slice(0, 4).includes(top) && greys.slice(0, 4).includes(bottom));
    return `${top} ${bottom}`;
  });
  assert.ok(new Set(pairs).size > 8, `${new Set(pairs).size} of 16 pairs`);
  const last = generator.generate({ latents: latents.slice(-128), labels: [0], masks: masks.slice(-PIXELS) });
  assert.deepEqual(last.data, data.slice(-3072));
  assert.throws(() => generator.generate({ latents: latents.slice(-128), labels: [7], masks: mask }), /label 7/);
});
