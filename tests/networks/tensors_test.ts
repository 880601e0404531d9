import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { toTensor, toWeightArray } from "../../lib/networks/tensors.ts";
import { takeWeight, type Weights } from "../../lib/weights/take_weight.ts";
import { madeUp } from "../lpips/made_up.ts";

await useBackend();

Deno.test("toTensor() puts PyTorch's convolutions [out, in, height, width] into TensorFlow's order", () => {
  // entry = 1000 out + 100 in + 10 y + x
  const [outputs, inputs, height, width] = [2, 3, 2, 4];
  const data = Float32Array.from({ length: 48 }, (_, i) => {
    return 1000 * Math.floor(i / 24) + 100 * (Math.floor(i / 8) % 3) + 10 * (Math.floor(i / 4) % 2) + i % 4;
  });
  const tensor = toTensor({ shape: [outputs, inputs, height, width], data });
  assert.deepEqual(tensor.shape, [height, width, inputs, outputs]);
  const entries = tensor.arraySync() as number[][][][];
  assert.equal(entries[1][3][2][1], 1213);
  assert.equal(entries[0][2][1][0], 102);
  tensor.dispose();
});

Deno.test("toTensor() transposes dense layers and leaves vectors as they are", () => {
  const dense = toTensor({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  assert.deepEqual(dense.arraySync(), [[1, 4], [2, 5], [3, 6]]);
  const vector = toTensor({ shape: [3], data: Float32Array.of(7, 8, 9) });
  assert.deepEqual(vector.arraySync(), [7, 8, 9]);
  tf.dispose([dense, vector]);
});

Deno.test("toWeightArray() undoes toTensor() bit for bit and keeps the tensor", () => {
  const before = tf.memory().numTensors;
  for (const shape of [[4, 3, 5, 2], [6, 7], [5]]) {
    const data = madeUp(1, shape.reduce((product, n) => product * n, 1));
    const tensor = toTensor({ shape, data });
    assert.deepEqual(toWeightArray(tensor), { shape, data });
    assert.deepEqual(toWeightArray(tensor), { shape, data });
    tensor.dispose();
  }
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("takeWeight() names the file and the tensor that is missing, of another shape or not finite", () => {
  const weights: Weights = new Map([
    ["good", { shape: [2, 3], data: new Float32Array(6) }],
    ["nan", { shape: [2], data: Float32Array.of(1, NaN) }],
    ["infinite", { shape: [2], data: Float32Array.of(-Infinity, 1) }],
  ]);
  assert.equal(takeWeight(weights, "good", [2, 3], "some.file"), weights.get("good"));
  const refused = (name: string, shape: number[], message: RegExp) =>
    assert.throws(() => takeWeight(weights, name, shape, "some.file"), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      assert.match(error.message, /^[^\n]*some\.file[^\n]*$/);
      return true;
    });
  refused("absent", [2], /no tensor absent/);
  refused("good", [3, 2], /good has shape \[2,3\] instead of \[3,2\]/);
  refused("good", [6], /good has shape/);
  refused("nan", [2], /nan holds a number that is not finite/);
  refused("infinite", [2], /infinite holds a number that is not finite/);
});
