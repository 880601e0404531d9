import assert from "node:assert/strict";
import {
  fusedConvolution,
  hasOneDnnConvolutions,
  sameGradient,
  setOneDnnConvolutions,
} from "../../lib/engine/fused_convolution.ts";
import { convolveFused, tf, useBackend } from "../../lib/engine/mod.ts";
import { dataOf } from "../../lib/engine/read.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";
import { signed } from "./layer_cases.ts";

await useBackend();
const here = hasOneDnnConvolutions();
const skipped = here ? "" : " (skipped: TensorFlow computes without oneDNN here)";

/** Images, size, channels in and out, kernel, stride, padding: LPIPS's, ResNet's, and odd ones. */
const CASES = [
  [4, 31, 3, 64, 11, 4, 2],
  [4, 7, 64, 192, 5, 1, 2],
  [4, 16, 64, 64, 3, 1, 1],
  [4, 8, 64, 128, 3, 2, 1],
  [4, 8, 64, 128, 1, 2, 0],
  [3, 2, 256, 256, 3, 1, 1],
  [1, 6, 5, 7, 3, 1, 0],
] as const;

for (const [count, size, inputs, outputs, kernel, stride, padding] of CASES) {
  const name = `${count} x ${size} x ${size} x ${inputs}, ${kernel} x ${kernel} of stride ${stride}`;
  Deno.test({
    name: `oneDNN's fused convolution has the bits of convolution, bias and ReLU in turn: ${name}${skipped}`,
    ignore: !here,
    fn: () => {
      tf.tidy(() => {
        const x = signed(1, [count, size, size, inputs]) as tf.Tensor4D;
        const filter = signed(2, [kernel, kernel, inputs, outputs]) as tf.Tensor4D;
        const bias = signed(3, [outputs]) as tf.Tensor1D;
        const sum = tf.conv2d(x, filter, stride, [[0, 0], [padding, padding], [padding, padding], [0, 0]]).add(bias);
        for (const activation of ["linear", "relu"] as const) {
          const fused = fusedConvolution(x, { filter, bias, stride, padding, activation });
          assert.deepEqual(fused.dataSync(), (activation === "relu" ? tf.relu(sum) : sum).dataSync(), activation);
        }
      });
    },
  });
}

Deno.test("sameGradient() is null where the padding is not `same`", () => {
  tf.tidy(() => {
    const dy = signed(4, [2, 4, 4, 5]);
    const bias = tf.zeros<tf.Rank.R1>([5]);
    for (const [kernel, stride, padding] of [[3, 1, 0], [3, 2, 1], [2, 1, 1], [5, 1, 1]]) {
      const filter = signed(5, [kernel, kernel, 3, 5]) as tf.Tensor4D;
      assert.equal(sameGradient(dy, [2, 4, 4, 3], { filter, bias, stride, padding, activation: "linear" }), null);
    }
  });
});

Deno.test({
  name: `the gradient of a convolution is the same, to rounding, with oneDNN's kernels and without${skipped}`,
  ignore: !here,
  fn: () => {
    tf.tidy(() => {
      const x = signed(6, [3, 8, 8, 16]) as tf.Tensor4D;
      const filter = signed(7, [3, 3, 16, 24]) as tf.Tensor4D;
      const bias = signed(8, [24]) as tf.Tensor1D;
      const gradient = () =>
        tf.grad((x) =>
          convolveFused(x as tf.Tensor4D, { filter, bias, stride: 1, padding: 1, activation: "relu" }).square().sum()
        )(x).dataSync();
      const ours = gradient();
      setOneDnnConvolutions(false);
      try {
        const largest = Math.max(...ours.map(Math.abs));
        // a sum of 216 products of numbers up to `largest`, each rounded to 2^-24
        gradient().forEach((value, i) => assert.ok(Math.abs(value - ours[i]) <= 216 * 2 ** -24 * largest, `${i}`));
      } finally {
        setOneDnnConvolutions(true);
      }
    });
  },
});

Deno.test("the gradient of a 3 x 3 convolution has the same bits for an image alone as among others", {
  ignore: !COMPANY_KEEPS_BITS,
}, () => {
  tf.tidy(() => {
    const filter = signed(9, [3, 3, 64, 64]) as tf.Tensor4D;
    const bias = signed(10, [64]) as tf.Tensor1D;
    const x = signed(11, [5, 8, 8, 64]) as tf.Tensor4D;
    const gradient = (some: tf.Tensor4D) =>
      tf.grad((x) =>
        convolveFused(x as tf.Tensor4D, { filter, bias, stride: 1, padding: 1, activation: "relu" }).square().sum()
      )(some) as tf.Tensor4D;
    const among = gradient(x);
    for (let i = 0; i < 5; i++) {
      const alone = dataOf(() => gradient(x.slice(i, 1)));
      assert.deepEqual(alone, dataOf(() => among.slice(i, 1)), `image ${i}`);
    }
    const two = dataOf(() => gradient(x.slice(1, 2)));
    assert.deepEqual(two, dataOf(() => among.slice(1, 2)));
  });
});
