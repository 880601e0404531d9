import assert from "node:assert/strict";
import { blockGradient, hasBlockGradient, tf, useBackend } from "../../lib/engine/mod.ts";
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
      assert.ok(hasBlockGradient(convolution));
      const dx = blockGradient(dy, shape, convolution);
      assert.deepEqual(dx.shape, shape);
      const expected = byDefinition(dy, shape, filter, stride, before);
      dx.dataSync().forEach((value, i) =>
        assert.ok(Math.abs(value - expected[i]) < 1e-4, `entry ${i}: ${value} instead of ${expected[i]}`)
      );
    });
  });
}

Deno.test("hasBlockGradient() is for strided convolutions of few channels whose filters leave no gaps", () => {
  const at = (shape: [number, number, number, number], stride: number) =>
    tf.tidy(() => hasBlockGradient({ filter: tf.zeros(shape), stride, before: [0, 0], after: [0, 0] }));
  assert.equal(at([7, 7, 3, 64], 2), true);
  assert.equal(at([7, 7, 3, 64], 1), false);
  assert.equal(at([3, 3, 64, 64], 2), false);
  assert.equal(at([1, 1, 3, 8], 2), false);
});
