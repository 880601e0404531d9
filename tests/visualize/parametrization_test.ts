import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { fourierParametrization, pixelParametrization } from "../../lib/visualize/parametrization.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { signed } from "./small_network.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();

const KINDS = { pixel: pixelParametrization, fourier: fourierParametrization };

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) <= tolerance, `entry ${i} is ${actual[i]} instead of ${expected[i]}`);
  }
}

for (const [name, create] of Object.entries(KINDS)) {
  for (const [height, width] of [[8, 8], [7, 7], [32, 32], [6, 10], [9, 4]]) {
    Deno.test(`${name} parametrization of ${height} x ${width} px: toImages() undoes fromImages() up to black and white`, () => {
      const before = tf.memory().numTensors;
      const parametrization = create({ height, width });
      tf.tidy(() => {
        const { data } = madeUpImages(810, 3, height, width);
        data.set([0, 1, 0.019, 0.981]);
        const images = tf.tensor4d(data, [3, height, width, 3]);
        const variables = parametrization.fromImages(images);
        assert.deepEqual(variables.shape, [3, ...parametrization.shape]);
        const again = parametrization.toImages(variables);
        assert.deepEqual(again.shape, [3, height, width, 3]);
        // sums of 2 x 32 float32 products; the slope of a sigmoid is at most a quarter
        assertClose(again.dataSync(), data.map((value) => Math.min(0.98, Math.max(0.02, value))), 2e-5);
      });
      parametrization.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }

  Deno.test(`${name} parametrization: fromImages() undoes toImages()`, () => {
    const parametrization = create({ height: 8, width: 8 });
    tf.tidy(() => {
      const variables = tf.tensor(signed(820, 2 * 192).map((value) => 0.5 * value), [2, ...parametrization.shape]);
      const again = parametrization.fromImages(parametrization.toImages(variables));
      // high Fourier coefficients are divided by their small scale, 1/6, and by the colours' smallest, 1/10
      assertClose(again.dataSync(), variables.dataSync(), 2e-4);
    });
    parametrization.dispose();
  });

  // the numbers of an image are 192, 180 and 75: processors take eight or sixteen at a time, and what is left over one by one
  for (const [height, width] of [[8, 8], [6, 10], [5, 5]]) {
    Deno.test(`${name} parametrization of ${height} x ${width} px: an image of a batch is bit for bit the same alone`, {
      ignore: !COMPANY_KEEPS_BITS,
    }, () => {
      const parametrization = create({ height, width });
      const { shape, toImages, fromImages } = parametrization;
      const count = 30;
      tf.tidy(() => {
        const variables = tf.tensor(signed(821, count * 3 * height * width), [count, ...shape]);
        const images = tf.tensor4d(madeUpImages(822, count, height, width).data, [count, height, width, 3]);
        const [shown, found] = [toImages(variables).dataSync(), fromImages(images).dataSync()];
        const each = shown.length / count;
        for (let i = 0; i < count; i++) {
          const of = (tensor: tf.Tensor) => tensor.slice([i, 0, 0, 0], [1, -1, -1, -1]);
          assert.deepEqual(toImages(of(variables)).dataSync(), shown.slice(i * each, (i + 1) * each));
          assert.deepEqual(fromImages(of(images) as tf.Tensor4D).dataSync(), found.slice(i * each, (i + 1) * each));
        }
      });
      parametrization.dispose();
    });
  }
}

Deno.test("pixelParametrization() shows sigmoid(z)", () => {
  tf.tidy(() => {
    const z = tf.tensor4d([0, Math.log(3), -Math.log(4)], [1, 1, 1, 3]);
    assertClose(pixelParametrization({ height: 1, width: 1 }).toImages(z).dataSync(), [1 / 2, 3 / 4, 1 / 5], 1e-6);
  });
});

/** Frequency in cycles a pixel and orthonormal real Fourier basis, by definition in double precision. */
function realFourier(size: number): { cycles: number[]; basis: number[][] } {
  const cycles = [0];
  const basis = [new Array(size).fill(1 / Math.sqrt(size))];
  for (let k = 1; 2 * k <= size; k++) {
    const waves = 2 * k === size ? [Math.cos] : [Math.cos, Math.sin];
    for (const wave of waves) {
      const row = Array.from({ length: size }, (_, x) => wave(2 * Math.PI * k * x / size));
      const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      cycles.push(k / size);
      basis.push(row.map((value) => value / norm));
    }
  }
  return { cycles, basis };
}

/** lucid's colour directions, each divided by the largest of their norms. */
function colours(): number[][] {
  const svd = [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]];
  const norms = [0, 1, 2].map((c) => Math.hypot(svd[0][c], svd[1][c], svd[2][c]));
  return svd.map((row) => row.map((value) => value / Math.max(...norms)));
}

for (const [height, width] of [[6, 6], [5, 5], [6, 10], [7, 4]]) {
  const name = `${height} x ${width} px`;
  const longer = Math.max(height, width);
  const count = height * width;
  const [vertical, horizontal] = [realFourier(height), realFourier(width)];
  // 1 / max(f, 1/S), S the longer side, over its largest value
  const scaleOf = (fy: number, fx: number) =>
    1 / Math.max(Math.hypot(vertical.cycles[fy], horizontal.cycles[fx]), 1 / longer) / longer;

  Deno.test(`fourierParametrization() of ${name} shows what its definition says, coefficient by coefficient`, () => {
    const colour = colours();
    const parametrization = fourierParametrization({ height, width });
    const entries = 3 * count;
    tf.tidy(() => {
      const coefficients = tf.eye(entries).mul(0.25).reshape([entries, 3, height, width]);
      const shown = parametrization.toImages(coefficients).dataSync();
      for (let k = 0; k < entries; k++) {
        const [c, fy, fx] = [Math.floor(k / count), Math.floor(k / width) % height, k % width];
        const expected = Array.from({ length: entries }, (_, i) => {
          const [y, x, rgb] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
          const wave = vertical.basis[fy][y] * horizontal.basis[fx][x];
          const z = 0.25 * Math.sqrt(count) * scaleOf(fy, fx) * colour[rgb][c] * wave;
          return 1 / (1 + Math.exp(-z));
        });
        assertClose(shown.subarray(k * entries, (k + 1) * entries), expected, 1e-6);
      }
    });
    parametrization.dispose();
  });

  Deno.test(`the Fourier basis of ${name} is orthonormal`, () => {
    // images of two different coefficients of one colour have orthogonal logits, and their norms are the scales'
    const parametrization = fourierParametrization({ height, width });
    const strength = Math.hypot(...colours().map((row) => row[0]));
    tf.tidy(() => {
      const pixels = parametrization.toImages(
        tf.concat([tf.eye(count).reshape([count, 1, height, width]), tf.zeros([count, 2, height, width])], 1),
      ).dataSync();
      const logits = Array.from(pixels, (p) => Math.log(p / (1 - p)));
      const row = (k: number) => logits.slice(k * 3 * count, (k + 1) * 3 * count);
      for (let k = 0; k < count; k++) {
        const norm = Math.sqrt(count) * strength * scaleOf(Math.floor(k / width), k % width);
        for (let l = 0; l <= k; l++) {
          const other = row(l);
          const product = row(k).reduce((sum, value, i) => sum + value * other[i], 0);
          const expected = k === l ? norm * norm : 0;
          assert.ok(Math.abs(product - expected) < 1e-4, `coefficients ${k} and ${l}: ${product}, not ${expected}`);
        }
      }
    });
    parametrization.dispose();
  });
}
