import assert from "node:assert/strict";
import { blockGradient, hasBlockGradient, tf, useBackend } from "../../lib/engine/mod.ts";
import { isOneDnnUsed } from "../../lib/engine/one_dnn.ts";
import { madeUp } from "../lpips/made_up.ts";

await useBackend();

/** dx by the definition: every output position gives each input pixel under the filter its share. */
function byDefinition(
  dy: tf.Tensor4D,
  [n, height, width, inputs]: [number, number, number, number],
  filter: tf.Tensor4D,
  stride: number,
  [top, left]: readonly [number, number],
): Float64Array {
  const [kh, kw, , outputs] = filter.shape;
  const [, rows, columns] = dy.shape;
  const [d, w] = [dy.dataSync(), filter.dataSync()];
  const dx = new Float64Array(n * height * width * inputs);
  for (let image = 0; image < n; image++) {
    for (let oy = 0; oy < rows; oy++) {
      for (let ox = 0; ox < columns; ox++) {
        for (let ky = 0; ky < kh; ky++) {
          for (let kx = 0; kx < kw; kx++) {
            const [y, x] = [oy * stride + ky - top, ox * stride + kx - left];
            if (y < 0 || x < 0 || y >= height || x >= width) continue;
            for (let i = 0; i < inputs; i++) {
              for (let o = 0; o < outputs; o++) {
                dx[((image * height + y) * width + x) * inputs + i] +=
                  d[((image * rows + oy) * columns + ox) * outputs + o] *
                  w[((ky * kw + kx) * inputs + i) * outputs + o];
              }
            }
          }
        }
      }
    }
  }
  return dx;
}

// kernel, stride, height and width, zeros before and after: stems of ResNet, AlexNet, EfficientNet and ViT, and odd ones
const CASES = [
  [[7, 7], 2, [16, 16], [3, 3], [3, 3]],
  [[7, 7], 2, [17, 13], [3, 3], [3, 3]],
  [[11, 11], 4, [31, 35], [2, 2], [2, 2]],
  [[3, 3], 2, [12, 15], [0, 0], [1, 1]],
  [[4, 4], 4, [16, 12], [0, 0], [0, 0]],
  [[5, 3], 3, [20, 14], [1, 2], [2, 0]],
  [[2, 2], 2, [7, 9], [0, 0], [0, 0]], // the last row and column are never seen
] as const;

for (const [[kh, kw], stride, [height, width], before, after] of CASES) {
  Deno.test(`blockGradient() is the gradient by definition: ${kh} x ${kw}, stride ${stride}, ${height} x ${width}`, () => {
    tf.tidy(() => {
      const filter = tf.tensor4d(madeUp(1, kh * kw * 3 * 5).map((value) => value - 0.5), [kh, kw, 3, 5]);
      const [rows, columns] = [
        Math.floor((height + before[0] + after[0] - kh) / stride) + 1,
        Math.floor((width + before[1] + after[1] - kw) / stride) + 1,
      ];
      const dy = tf.tensor4d(madeUp(2, 2 * rows * columns * 5).map((value) => value - 0.5), [2, rows, columns, 5]);
      const shape: [number, number, number, number] = [2, height, width, 3];
      const convolution = { filter, stride, before, after };
      assert.ok(hasBlockGradient(convolution, dy));
      const dx = blockGradient(dy, shape, convolution);
      assert.deepEqual(dx.shape, shape);
      const expected = byDefinition(dy, shape, filter, stride, before);
      dx.dataSync().forEach((value, i) =>
        assert.ok(Math.abs(value - expected[i]) < 1e-4, `entry ${i}: ${value} instead of ${expected[i]}`)
      );
    });
  });
}

/** Whether it is the way for a filter, where the output has so many positions down and across. */
function has(shape: [number, number, number, number], stride: number, side: number, slow: boolean): boolean {
  const convolution = { stride, before: [0, 0], after: [0, 0] } as const;
  return tf.tidy(() =>
    hasBlockGradient({ ...convolution, filter: tf.zeros(shape) }, { shape: [1, side, side, 8] }, slow)
  );
}

Deno.test("hasBlockGradient() is for small maps too, where TensorFlow's own kernel is slow on them", () => {
  assert.equal(has([3, 3, 64, 64], 1, 4, true), true);
  assert.equal(has([3, 3, 64, 64], 2, 4, true), true);
  assert.equal(has([3, 3, 64, 64], 1, 5, true), false);
  assert.equal(has([3, 3, 512, 512], 1, 8, true), true); // weights that no cache holds
  assert.equal(has([3, 3, 512, 512], 1, 9, true), false);
  assert.equal(has([3, 3, 64, 64], 1, 4, false), false);
  assert.equal(has([1, 1, 64, 64], 1, 2, true), false); // a product of matrices
  assert.equal(has([1, 1, 64, 64], 2, 2, true), false);
  assert.equal(has([3, 3, 3, 64], 1, 2, true), false);
});

Deno.test("blockGradient() of many channels is the gradient by definition, with stride 1 and 2", () => {
  for (const [stride, side, rows] of [[1, 4, 4], [2, 8, 4]] as const) {
    tf.tidy(() => {
      const filter = tf.tensor4d(madeUp(1, 9 * 6 * 7).map((value) => value - 0.5), [3, 3, 6, 7]);
      const dy = tf.tensor4d(madeUp(2, 2 * rows * rows * 7).map((value) => value - 0.5), [2, rows, rows, 7]);
      const shape: [number, number, number, number] = [2, side, side, 6];
      const dx = blockGradient(dy, shape, { filter, stride, before: [1, 1], after: [1, 1] });
      const expected = byDefinition(dy, shape, filter, stride, [1, 1]);
      dx.dataSync().forEach((value, i) =>
        assert.ok(Math.abs(value - expected[i]) < 1e-4, `stride ${stride}, entry ${i}`)
      );
    });
  }
});

Deno.test("isOneDnnUsed() asks the environment first, then the processor", () => {
  const [plain, vnni] = [["avx", "avx2", "fma"], ["avx2", "avx512f", "avx512_vnni"]];
  assert.equal(isOneDnnUsed(undefined, plain), false);
  assert.equal(isOneDnnUsed(undefined, vnni), true);
  assert.equal(isOneDnnUsed(undefined, ["avx2", "avx_vnni"]), true);
  assert.equal(isOneDnnUsed("1", plain), true);
  assert.equal(isOneDnnUsed("0", vnni), false);
  assert.equal(isOneDnnUsed("", plain), false);
  assert.equal(isOneDnnUsed(undefined, null), true); // what is not known stays as it was
});

Deno.test("hasBlockGradient() is for strided convolutions of few channels whose filters leave no gaps", () => {
  const at = (shape: [number, number, number, number], stride: number) => has(shape, stride, 8, false);
  assert.equal(at([7, 7, 3, 64], 2), true);
  assert.equal(at([7, 7, 3, 64], 1), false);
  assert.equal(at([3, 3, 64, 64], 2), false);
  assert.equal(at([1, 1, 3, 8], 2), false);
});
