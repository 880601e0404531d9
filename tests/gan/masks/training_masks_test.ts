import assert from "node:assert/strict";
import { edgeMap } from "../../../lib/gan/masks/edges.ts";
import { drawShape, type Mask } from "../../../lib/gan/masks/shapes.ts";
import { silhouette } from "../../../lib/gan/masks/silhouette.ts";
import {
  composite,
  edgeMaps,
  MASK_SHARES,
  silhouettes,
  trainingExample,
} from "../../../lib/gan/masks/training_masks.ts";
import { createRandom, type Random } from "../../../lib/random.ts";
import { image, inRange, N, noisy } from "./pictures.ts";

Deno.test("composite() is one image inside and the other outside, and blends between", () => {
  const [a, b] = [noisy([0.8, 0.2, 0.2], 0.1, 1), noisy([0.2, 0.3, 0.7], 0.1, 2)];
  assert.deepEqual(composite(a, b, new Float32Array(N * N).fill(1)), a);
  assert.deepEqual(composite(a, b, new Float32Array(N * N)), b);
  const mask = drawShape("half-left");
  const halves = composite(a, b, mask);
  halves.forEach((value, i) => assert.equal(value, Math.floor(i / 3) % N < 16 ? a[i] : b[i]));
  const quarter = composite(image(() => [1, 0.5, 0]), image(() => [0, 0.5, 1]), mask.fill(0.25));
  assert.deepEqual([...quarter.subarray(0, 3)], [0.25, 0.5, 0.75]);
  assert.throws(() => composite(a, b, new Float32Array(3)), RangeError);
  assert.throws(() => composite(a.subarray(3), b, mask), RangeError);
});

const COUNT = 3;
const PIXELS = Uint8Array.from({ length: COUNT * N * N * 3 }, (_, i) => {
  const [n, pixel, c] = [Math.floor(i / 3072), Math.floor(i / 3) % 1024, i % 3];
  const [row, column] = [Math.floor(pixel / N), pixel % N];
  const inside = Math.hypot(row - 15.5, column - 10 - 5 * n) < 8;
  return inside ? [200, 40 + 60 * n, 30][c] : [30, 60, 150 + ((row * 13 + column * 7) % 20)][c];
});

Deno.test("silhouettes() and edgeMaps() are the single masks in bytes", () => {
  const done: number[] = [];
  const [shapes, edges] = [silhouettes(PIXELS, COUNT, (n) => done.push(n)), edgeMaps(PIXELS, COUNT)];
  assert.deepEqual(done, [COUNT]);
  for (let n = 0; n < COUNT; n++) {
    const picture = Float32Array.from(PIXELS.subarray(n * 3072, (n + 1) * 3072), (byte) => byte / 255);
    const bytes = (mask: Mask) => Uint8Array.from(mask, (value) => Math.round(255 * value));
    assert.deepEqual(shapes.slice(n * 1024, (n + 1) * 1024), bytes(silhouette(picture)));
    assert.deepEqual(edges.slice(n * 1024, (n + 1) * 1024), bytes(edgeMap(picture)));
  }
  assert.throws(() => silhouettes(PIXELS, COUNT + 1), RangeError);
});

Deno.test("trainingExample() is decided by the generator, its kinds by their shares", () => {
  const images = {
    count: COUNT,
    pixels: PIXELS,
    silhouettes: silhouettes(PIXELS, COUNT),
    edges: edgeMaps(PIXELS, COUNT),
  };
  const draw = (seed: number) => {
    const random = createRandom(seed, "examples");
    return Array.from({ length: 400 }, () => trainingExample(images, 1, 2, random));
  };
  const examples = draw(1);
  assert.deepEqual(draw(1).slice(0, 40), examples.slice(0, 40));
  assert.notDeepEqual(draw(2).slice(0, 40), examples.slice(0, 40));
  const floats = (bytes: Uint8Array, n: number, length: number) =>
    Float32Array.from(bytes.subarray(n * length, (n + 1) * length), (byte) => byte / 255);
  const [one, two] = [floats(PIXELS, 1, 3072), floats(PIXELS, 2, 3072)];
  const counts = { silhouette: 0, edges: 0, composite: 0 };
  for (const { kind, image: picture, mask } of examples) {
    counts[kind]++;
    assert.ok(inRange(mask) && picture.every((value) => value >= 0 && value <= 1));
    if (kind === "composite") {
      assert.deepEqual(picture, composite(two, one, mask));
    } else {
      assert.deepEqual(picture, one);
      assert.deepEqual(mask, floats(images[kind === "silhouette" ? "silhouettes" : "edges"], 1, 1024));
    }
  }
  assert.equal(MASK_SHARES.silhouette + MASK_SHARES.edges + MASK_SHARES.composite, 1);
  for (const kind of ["silhouette", "edges", "composite"] as const) {
    const share = MASK_SHARES[kind];
    const deviation = Math.sqrt(400 * share * (1 - share));
    assert.ok(Math.abs(counts[kind] - 400 * share) < 4 * deviation, `${counts[kind]} of 400 are ${kind}`);
  }
  assert.throws(() => trainingExample(images, 3, 0, createRandom(1)), /no image 3 among 3/);
  assert.throws(() => trainingExample(images, 0, -1, createRandom(1)), RangeError);
});

Deno.test("trainingExample() is a silhouette in 55 %, edges in 20 % and two images in 25 % of the draws", () => {
  const masks = new Uint8Array(1024);
  const images = { count: 1, pixels: new Uint8Array(3072), silhouettes: masks, edges: masks };
  const kindOf = (first: number) => {
    const later = createRandom("shape");
    const drawn = [first];
    const random: Random = { ...later, uniform: () => drawn.pop() ?? later.uniform() };
    return trainingExample(images, 0, 0, random).kind;
  };
  for (const share of [0, 0.25, 0.549]) assert.equal(kindOf(share), "silhouette");
  for (const share of [0.551, 0.65, 0.749]) assert.equal(kindOf(share), "edges");
  for (const share of [0.751, 0.9, 0.999]) assert.equal(kindOf(share), "composite");
});
