import assert from "node:assert/strict";
import { correlateWithMasks, edgesOfMask, maskFidelity } from "../../../lib/gan/measures/mask_fidelity.ts";
import { pearson } from "../../../lib/statistics/pearson.ts";
import { drawShape, type Mask } from "../../../lib/gan/masks/shapes.ts";
import { createRandom } from "../../../lib/random.ts";
import type { ImageBatch } from "../../../lib/types.ts";

const SIDE = 32;

function batch(images: readonly Float32Array[]): ImageBatch {
  const data = new Float32Array(images.length * SIDE * SIDE * 3);
  images.forEach((image, i) => data.set(image, i * SIDE * SIDE * 3));
  return { count: images.length, height: SIDE, width: SIDE, data };
}

function asMasks(masks: readonly Mask[]): Float32Array {
  const data = new Float32Array(masks.length * SIDE * SIDE);
  masks.forEach((mask, i) => data.set(mask, i * SIDE * SIDE));
  return data;
}

const grey = (mask: Mask) => Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => 0.8 * mask[Math.floor(i / 3)]);

Deno.test("edgesOfMask() of a half plane are two columns, and a third of them on either side", () => {
  // a step between columns 15 and 16: the gradient is there alone, then smoothed by 1/4 1/2 1/4, its highest as 1
  const edges = edgesOfMask(drawShape("half-left"));
  for (let i = 0; i < SIDE * SIDE; i++) {
    const expected = [14, 17].includes(i % SIDE) ? 1 / 3 : [15, 16].includes(i % SIDE) ? 1 : 0;
    assert.ok(Math.abs(edges[i] - expected) < 1e-6, `${i}: ${edges[i]}`);
  }
});

Deno.test("correlateWithMasks() is 1 for the edges of an image of the mask itself, and as the masks correlate for others", () => {
  const masks = [
    drawShape("square", { x: -0.3, y: 0.3, size: 0.4 }),
    drawShape("disk", { size: 0.6 }),
    drawShape("square", { x: 0.3, y: -0.3, size: 0.4 }),
    drawShape("bar", { size: 0.9 }),
    drawShape("ring", { size: 0.8 }),
  ];
  const labels = [0, 1, 0, 1, 2];
  const found = correlateWithMasks(batch(masks.map(grey)), asMasks(masks), labels);
  for (const own of found.edges) assert.ok(own > 0.9999, `${own}`);
  for (const own of found.foreground.slice(0, 4)) assert.ok(own > 0.9, `${own}`);
  assert.ok(found.foreground[4] > 0.5, `${found.foreground[4]}`); // a silhouette has no holes
  // the next of the same label in turn; the ring, alone of its label, takes the next of any
  const others = [2, 3, 0, 1, 0];
  others.forEach((other, i) => {
    const expected = pearson(edgesOfMask(masks[i]), edgesOfMask(masks[other]))!;
    assert.ok(Math.abs(found.edgesOther[i] - expected) < 1e-4);
    assert.ok(found.foregroundOther[i] < found.foreground[i] - 0.2);
  });
});

Deno.test("correlateWithMasks() counts an image without edges as 0", () => {
  const masks = [drawShape("disk"), drawShape("cross")];
  const plain = new Float32Array(SIDE * SIDE * 3).fill(0.5);
  const found = correlateWithMasks(batch([plain, plain]), asMasks(masks), [0, 0]);
  assert.deepEqual(found.edges, [0, 0]);
  assert.deepEqual(found.edgesOther, [0, 0]);
  // one silhouette for both: what it has of one mask as its own, it has of it as the other's
  assert.deepEqual(found.foregroundOther, [found.foreground[1], found.foreground[0]]);
});

Deno.test("correlateWithMasks() refuses a single image and numbers that do not fit", () => {
  const mask = drawShape("disk");
  assert.throws(() => correlateWithMasks(batch([grey(mask)]), mask, [0]), /at least 2 images, got 1/);
  assert.throws(
    () => correlateWithMasks(batch([grey(mask), grey(mask)]), mask, [0, 0]),
    /2 images stand beside 1 masks/,
  );
});

Deno.test("maskFidelity() takes means over all parts and pairs the difference", () => {
  const parts = [
    { foreground: [0.5, 0.7], foregroundOther: [0.1, 0.3], edges: [0.2, 0.4], edgesOther: [0.2, 0.4] },
    { foreground: [0.6], foregroundOther: [0.2], edges: [0.6], edgesOther: [0.6] },
  ];
  const { count, foreground, edges } = maskFidelity(parts, createRandom(0));
  assert.equal(count, 3);
  assert.ok(Math.abs(foreground.own.value - 0.6) < 1e-12);
  assert.ok(Math.abs(foreground.shuffled.value - 0.2) < 1e-12);
  // .4 for each: the difference has no width, though both sides have
  for (const value of Object.values(foreground.difference)) assert.ok(Math.abs(value - 0.4) < 1e-12);
  assert.ok(foreground.own.low < 0.6 && foreground.own.high > 0.6);
  assert.deepEqual(edges.difference, { value: 0, low: 0, high: 0 });
});
