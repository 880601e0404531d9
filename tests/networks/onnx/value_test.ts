import assert from "node:assert/strict";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { broadcastShape, channelsLast, raised, reshapeValue, Value } from "../../../lib/networks/onnx/value.ts";
import { stretchShape } from "../../../lib/networks/onnx/operators/reshapes.ts";

await useBackend();

/** A value of a shape whose entries count from 0, held with the channels last. */
function counting(shape: readonly number[]): Value {
  const size = shape.reduce((product, n) => product * n, 1);
  const plain = new Value(tf.range(0, size).reshape([...shape]));
  return new Value(plain.inOrder(channelsLast(shape.length)), channelsLast(shape.length));
}

function assertCounts(value: Value, shape: readonly number[]): void {
  assert.deepEqual(value.shape, shape);
  const entries = [...value.plain().dataSync()];
  assert.deepEqual(entries, entries.map((_, i) => i));
}

Deno.test("Value has the shape and entries of ONNX's order, whatever its tensor's", () => {
  tf.tidy(() => {
    const value = counting([2, 3, 4, 5]);
    assert.deepEqual(value.tensor.shape, [2, 4, 5, 3]);
    assertCounts(value, [2, 3, 4, 5]);
    assert.equal(value.placeOf(1), 3);
    assert.equal(value.placeOf(-1), 2);
  });
});

Deno.test("reshapeValue() leaves the tensor's axes where they are when only neighbours are joined or split", () => {
  tf.tidy(() => {
    // the tokens of a vision transformer, the groups of a channel shuffle, the features after a global pool
    const cases = [
      { from: [2, 6, 4, 5], to: [2, 6, 20], held: [2, 20, 6] },
      { from: [2, 6, 4, 5], to: [2, 3, 2, 4, 5], held: [2, 4, 5, 3, 2] },
      { from: [2, 6, 1, 1], to: [2, 6], held: [2, 6] },
    ];
    for (const { from, to, held } of cases) {
      const value = reshapeValue(counting(from), to);
      assert.deepEqual(value.tensor.shape, held);
      assertCounts(value, to);
    }
  });
});

Deno.test("reshapeValue() puts the axes as they stand where channels and positions are mixed", () => {
  tf.tidy(() => {
    for (const to of [[2, 120], [240], [4, 3, 20], [2, 2, 3, 20], [1, 240, 1]]) {
      assertCounts(reshapeValue(counting([2, 6, 4, 5]), to), to);
    }
  });
});

Deno.test("raised() lines up a value of fewer axes", () => {
  tf.tidy(() => {
    const bias = new Value(tf.tensor3d([1, 2, 3], [3, 1, 1]));
    assert.deepEqual(raised(bias, channelsLast(4)).shape, [1, 1, 1, 3]);
  });
});

Deno.test("broadcastShape() is NumPy's", () => {
  assert.deepEqual(broadcastShape([2, 1, 4], [3, 1]), [2, 3, 4]);
  assert.deepEqual(broadcastShape([], [5]), [5]);
  assert.throws(() => broadcastShape([2], [3]), RangeError);
});

Deno.test("stretchShape() finds the axis that holds the images", () => {
  // from 2 images to 3: flattened, split into heads, tokens first, joined with tokens
  assert.deepEqual(stretchShape([3, 4, 5], [2, 20]), [3, 20]);
  assert.deepEqual(stretchShape([3, 17, 8], [2, 17, 2, 4]), [3, 17, 2, 4]);
  assert.deepEqual(stretchShape([17, 3, 8], [17, 4, 4]), [17, 6, 4]);
  assert.deepEqual(stretchShape([17, 3, 8], [34, 8]), [51, 8]);
  assert.deepEqual(stretchShape([51, 8], [17, 2, 8]), [17, 3, 8]);
  assert.equal(stretchShape([3, 5], [7]), undefined);
});
