import assert from "node:assert/strict";
import { edgeMap } from "../../../lib/gan/masks/edges.ts";
import { drawShape } from "../../../lib/gan/masks/shapes.ts";
import { silhouette } from "../../../lib/gan/masks/silhouette.ts";
import { composite } from "../../../lib/gan/masks/training_masks.ts";
import { correlation, image, inRange, N, noisy } from "./pictures.ts";

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

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const logOdds = (p: number) => Math.log(p / (1 - p));

Deno.test("silhouette() of one colour is a disk whose soft rim lies where the weight of the centre has fallen to .8", () => {
  const disk = silhouette(image(() => [0.5, 0.5, 0.5]));
  disk.forEach((value, i) => {
    const [y, x] = [Math.floor(i / N), i % N].map((index) => (index - 15.5) / 16);
    const weight = Math.exp(-(x * x + y * y) / 2); // 1/e in the corners of a square from -1 to 1
    assert.ok(Math.abs(value - logistic(10 * (weight - 0.8))) < 1e-6, `pixel ${i}: ${value}`);
  });
});

Deno.test("silhouette() counts what stands out for four fifths of the first threshold's steepness, where colours say nothing", () => {
  // A square so faint that all colours fall into one field of .15 / 8 = .01875: it is .0083 lighter, .015 redder and .0125
  // yellower, .036 in all. What stands out then runs from 0 in the corners to 1 in the middle, where smoothing takes .002 of it.
  // Less the threshold it counts 10 * .8 times, and the mask is logistic in 1.5 times that: 12 in log odds from end to end.
  const faint = (strength: number) =>
    silhouette(image((row, column) => {
      const inside = row >= 8 && row < 24 && column >= 8 && column < 24;
      return [0.5, 0.5, 0.5].map((grey, c) => grey + (inside ? strength * [0.02, 0.005, 0][c] : 0));
    }));
  for (const strength of [0.9, 1, 1.2]) {
    const mask = faint(strength);
    const [corner, middle] = [mask[0], mask[15 * N + 15]];
    assert.ok(Math.abs(logOdds(middle) - logOdds(corner) - 12) < 0.1, `${logOdds(middle)} - ${logOdds(corner)}`);
  }
});
