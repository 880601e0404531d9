import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { createRandom } from "../../lib/random.ts";
import { applyMovement, nextMovement } from "../../lib/visualize/transforms.ts";
import { madeUpImages } from "../lpips/made_up.ts";

await useBackend();

const STILL = { dy: 0, dx: 0, factor: 1, angle: 0 };
const SIZE = 5;
const BATCH = madeUpImages(850, 2, SIZE);

/** The batch, moved: [image][y][x][channel]. */
function moved(movement: typeof STILL): number[][][][] {
  return tf.tidy(() => applyMovement(tf.tensor4d(BATCH.data, [2, SIZE, SIZE, 3]), movement).arraySync());
}
const PLAIN = moved(STILL);

Deno.test("applyMovement() of nothing is the image itself", () => {
  assert.deepEqual(PLAIN.flat(3), [...BATCH.data]);
});

Deno.test("applyMovement() moves content down by dy and right by dx, and grey comes in", () => {
  for (const [dy, dx] of [[1, 0], [-2, 0], [0, 1], [0, -1], [2, -2], [-1, 4], [-4, -3]]) {
    const expected = PLAIN.map((image) =>
      image.map((row, y) => row.map((_, x) => image[y - dy]?.[x - dx] ?? [0.5, 0.5, 0.5]))
    );
    assert.deepEqual(moved({ ...STILL, dy, dx }), expected, `${dy}, ${dx}`);
  }
});

Deno.test("applyMovement() by a quarter turn rearranges the pixels", () => {
  const turned = moved({ ...STILL, angle: Math.PI / 2 });
  for (const [n, image] of PLAIN.entries()) {
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        // output (x, y) shows the input at (4 - y, x); a quarter of a turn in float32 is off by 1e-7
        for (let c = 0; c < 3; c++) assertClose(turned[n][y][x][c], image[x][SIZE - 1 - y][c], 1e-5);
      }
    }
  }
});

Deno.test("applyMovement() by a factor keeps the middle pixel, and a plane a plane", () => {
  const plane = tf.tidy(() => {
    const ramp = Array.from({ length: 25 }, (_, i) => 0.1 + 0.05 * (i % 5) + 0.1 * Math.floor(i / 5));
    return tf.tensor4d(ramp.flatMap((value) => [value, value, value]), [1, 5, 5, 3]);
  });
  const smaller = tf.tidy(() => applyMovement(plane, { ...STILL, factor: 0.5 }).arraySync());
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 5; x++) {
      // input coordinates 2 + (x - 2) / 2, all inside: bilinear interpolation of a plane is exact
      assertClose(smaller[0][y][x][1], 0.1 + 0.05 * (2 + (x - 2) / 2) + 0.1 * (2 + (y - 2) / 2), 1e-6);
    }
  }
  plane.dispose();
});

Deno.test("applyMovement() on images that are not square: half a turn flips both axes, shifts keep their axes", () => {
  const [height, width] = [4, 7];
  const { data } = madeUpImages(851, 2, height, width);
  const plain = tf.tidy(() => tf.tensor4d(data, [2, height, width, 3]).arraySync());
  const moved = (movement: typeof STILL) =>
    tf.tidy(() => {
      const images = applyMovement(tf.tensor4d(data, [2, height, width, 3]), movement);
      assert.deepEqual(images.shape, [2, height, width, 3]);
      return images.arraySync();
    });
  const turned = moved({ ...STILL, angle: Math.PI });
  for (const [n, image] of plain.entries()) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = image[height - 1 - y][width - 1 - x];
        for (let c = 0; c < 3; c++) assertClose(turned[n][y][x][c], from[c], 1e-5);
      }
    }
  }
  const shifted = moved({ ...STILL, dy: 1, dx: -3 });
  const expected = plain.map((image) =>
    image.map((row, y) => row.map((_, x) => image[y - 1]?.[x + 3] ?? [0.5, 0.5, 0.5]))
  );
  assert.deepEqual(shifted, expected);
  // a quarter turn about the middle, (x, y) = (3, 1.5): output (x, y) shows input (3 - (y - 1.5), 1.5 + (x - 3)), grey outside
  const quarter = moved({ ...STILL, angle: Math.PI / 2 });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = [4.5 - y, x - 1.5];
      if (fromY < 0 || fromY > height - 1) continue; // at the edge grey is mixed in
      const [x0, y0] = [Math.floor(fromX), Math.floor(fromY)]; // both lie halfway between pixels
      const around = [[y0, x0], [y0, x0 + 1], [y0 + 1, x0], [y0 + 1, x0 + 1]];
      const mean = around.reduce((sum, [r, s]) => sum + plain[0][r][s][1] / 4, 0);
      assertClose(quarter[0][y][x][1], mean, 1e-5);
    }
  }
});

Deno.test("nextMovement() stays within its options and reaches their ends", () => {
  const random = createRandom(1, "movements");
  const all = Array.from({ length: 400 }, () => nextMovement(random, { jitter: 2, scale: 0.25, rotation: 90 }));
  const shifts = new Set(all.flatMap(({ dy, dx }) => [dy, dx]));
  assert.deepEqual([...shifts].sort((a, b) => a - b), [-2, -1, 0, 1, 2]);
  const factors = all.map(({ factor }) => factor);
  const angles = all.map(({ angle }) => angle);
  assert.ok(Math.min(...factors) >= 0.75 && Math.min(...factors) < 0.76);
  assert.ok(Math.max(...factors) <= 1.25 && Math.max(...factors) > 1.24);
  assert.ok(Math.min(...angles) >= -Math.PI / 2 && Math.min(...angles) < -1.5);
  assert.ok(Math.max(...angles) <= Math.PI / 2 && Math.max(...angles) > 1.5);
});

Deno.test("nextMovement() with all options 0 moves nothing", () => {
  const random = createRandom(1, "movements");
  for (let i = 0; i < 20; i++) {
    const { dy, dx, factor, angle } = nextMovement(random, { jitter: 0, scale: 0, rotation: 0 });
    assert.ok(dy === 0 && dx === 0 && factor === 1 && angle === 0); // -0 counts as 0
  }
});

Deno.test("nextMovement(): turning scale and rotation on leaves the shifts as they were", () => {
  const shifts = (scale: number, rotation: number) => {
    const random = createRandom(3, "movements");
    return Array.from({ length: 20 }, () => nextMovement(random, { jitter: 3, scale, rotation }))
      .map(({ dy, dx }) => [dy, dx]);
  };
  assert.deepEqual(shifts(0.1, 5), shifts(0, 0));
});

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}
