import assert from "node:assert/strict";
import { drawShape, type Mask } from "../../../lib/gan/masks/shapes.ts";
import {
  composite,
  edgeMap,
  edgeMaps,
  MASK_SHARES,
  silhouette,
  silhouettes,
  trainingExample,
} from "../../../lib/gan/masks/training_masks.ts";
import { createRandom } from "../../../lib/random.ts";

const N = 32;

/** An image by the colour of each pixel. */
function image(colour: (row: number, column: number) => readonly number[]): Float32Array {
  return Float32Array.from(
    { length: N * N * 3 },
    (_, i) => colour(Math.floor(i / 3 / N), Math.floor(i / 3) % N)[i % 3],
  );
}

function correlation(a: Mask, b: Mask): number {
  const mean = (values: Mask) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i] - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

const inRange = (mask: Mask) => mask.length === N * N && mask.every((value) => value >= 0 && value <= 1);

/** Colours around a mean, a third of the noise in each channel alone and the rest in all. */
function noisy(colour: readonly number[], strength: number, seed: number): Float32Array {
  const random = createRandom(seed, "noise");
  return image(() => {
    const all = random.normal();
    return colour.map((value) => Math.min(1, Math.max(0, value + strength * (all + random.normal() / 2))));
  });
}

Deno.test("silhouette() finds a shape of another colour on noise, wherever it is", () => {
  const cases = [
    { shape: drawShape("disk", { size: 0.5 }), front: [0.8, 0.2, 0.2], back: [0.2, 0.3, 0.7], least: 0.95 },
    {
      shape: drawShape("disk", { size: 0.4, x: -0.3, y: 0.3 }),
      front: [0.9, 0.8, 0.1],
      back: [0.2, 0.5, 0.2],
      least: 0.95,
    },
    {
      shape: drawShape("square", { size: 0.5, angle: 20 }),
      front: [0.1, 0.1, 0.1],
      back: [0.8, 0.8, 0.8],
      least: 0.95,
    },
    { shape: drawShape("cross", { size: 0.8 }), front: [0.2, 0.2, 0.6], back: [0.7, 0.6, 0.5], least: 0.9 },
    { shape: drawShape("triangle", { size: 0.8 }), front: [0.5, 0.1, 0.5], back: [0.3, 0.6, 0.3], least: 0.9 },
  ];
  for (const [i, { shape, front, back, least }] of cases.entries()) {
    const mask = silhouette(composite(noisy(front, 0.04, 2 * i), noisy(back, 0.04, 2 * i + 1), shape));
    assert.ok(inRange(mask));
    const found = correlation(mask, shape);
    assert.ok(found > least, `case ${i}: correlation ${found}`);
  }
});

Deno.test("silhouette() finds what touches one side, and fills holes", () => {
  const tree = drawShape("bar", { angle: 90, y: -0.5, size: 0.9 });
  const [green, blue] = [noisy([0.2, 0.6, 0.1], 0.03, 1), noisy([0.4, 0.6, 0.9], 0.03, 2)];
  const standing = correlation(silhouette(composite(green, blue, tree)), tree);
  assert.ok(standing > 0.8, `bar from the lower side: correlation ${standing}`);
  // the hole of the ring has the background's colours, but is not background: a wheel, a window
  const ring = drawShape("ring", { size: 0.6 });
  const mask = silhouette(composite(green, blue, ring));
  assert.ok(correlation(mask, drawShape("disk", { size: 0.6 })) > 0.9);
  assert.ok(mask[16 * N + 16] > 0.9);
});

Deno.test("silhouette() gives a soft disk in the centre where nothing stands out, never NaN", () => {
  const disk = silhouette(image(() => [0.5, 0.5, 0.5]));
  assert.ok(inRange(disk));
  assert.ok(disk[16 * N + 16] > 0.8 && disk[0] < 0.05);
  assert.deepEqual(disk, Float32Array.from(disk, (_, i) => disk[(i % N) * N + Math.floor(i / N)])); // its own transpose
  for (const colour of [[0, 0, 0], [1, 1, 1], [0.9, 0.1, 0.3]]) assert.deepEqual(silhouette(image(() => colour)), disk);
  // extremes: a border unlike all within, one bright pixel, rows of black and white
  const border = (row: number, column: number) => Math.min(row, column, 31 - row, 31 - column) === 0;
  for (
    const extreme of [
      image((row, column) => border(row, column) ? [1, 1, 1] : [0, 0, 0]),
      image((row, column) => row === 9 && column === 20 ? [1, 1, 1] : [0, 0, 0]),
      image((row) => row % 2 ? [1, 1, 1] : [0, 0, 0]),
      image((row, column) => [(row * 7919 + column * 104729) % 2, (row + column) % 2, row % 3 / 2]),
    ]
  ) assert.ok(inRange(silhouette(extreme)) && inRange(edgeMap(extreme)));
  assert.throws(() => silhouette(new Float32Array(1024)), RangeError);
});

Deno.test("silhouette() does not care for left and right", () => {
  const letter = drawShape("letter-P", { size: 0.7, x: 0.1 });
  const picture = composite(noisy([0.7, 0.2, 0.1], 0.03, 1), noisy([0.3, 0.4, 0.4], 0.03, 2), letter);
  const mirror = Float32Array.from(picture, (_, i) => {
    const [pixel, c] = [Math.floor(i / 3), i % 3];
    return picture[(Math.floor(pixel / N) * N + N - 1 - pixel % N) * 3 + c];
  });
  const [mask, mirrored] = [silhouette(picture), silhouette(mirror)];
  const back = mirrored.map((_, i) => mirrored[Math.floor(i / N) * N + N - 1 - i % N]);
  assert.ok(correlation(mask, back) > 0.99);
});

Deno.test("edgeMap() of a step is a line whose profile is the smoothing kernel on Sobel's", () => {
  // Sobel's kernel sees a step between columns 15 and 16 in both of them alike; 1/4, 1/2, 1/4 then gives 1/4, 3/4, 3/4, 1/4
  const edges = edgeMap(image((_, column) => column < 16 ? [0, 0, 0] : [0.6, 0.6, 0.6]));
  for (let row = 0; row < N; row++) {
    const profile = [...edges.subarray(row * N + 13, row * N + 19)];
    // four columns of 32 are not 0: the 95th percentile lies among the two that are strongest
    [0, 1 / 3, 1, 1, 1 / 3, 0].forEach((expected, i) => assert.ok(Math.abs(profile[i] - expected) < 1e-6));
  }
  assert.equal(edges.filter((value) => value > 0).length, 4 * N);
  // turned by a quarter, and in one channel only, it is the same
  const turned = edgeMap(image((row) => row < 16 ? [0, 0.3, 0] : [0, 0.8, 0]));
  assert.ok(turned.every((value, i) => Math.abs(value - edges[(i % N) * N + Math.floor(i / N)]) < 1e-6));
});

Deno.test("edgeMap() leaves flat images and faint noise without strong edges", () => {
  assert.ok(edgeMap(image(() => [0.2, 0.4, 0.9])).every((value) => value === 0));
  // a step of .02 in three channels is sqrt(3) * .02, smoothed 3/4 of it, against .1
  const faint = edgeMap(image((_, column) => column < 16 ? [0.5, 0.5, 0.5] : [0.52, 0.52, 0.52]));
  assert.ok(Math.abs(Math.max(...faint) - 0.75 * Math.sqrt(3) * 0.02 / 0.1) < 1e-5);
  assert.throws(() => edgeMap(new Float32Array(5)), RangeError);
});

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
