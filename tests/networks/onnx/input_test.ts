import assert from "node:assert/strict";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import type { Graph } from "../../../lib/networks/onnx/graph.ts";
import { findImageInput, type OnnxInputOptions, prepareImages } from "../../../lib/networks/onnx/input.ts";

await useBackend();

function graphOf(shape: readonly (number | string)[]): Graph {
  const inputs = [{ name: "image", kind: "float" as const, shape }];
  return { file: "net.onnx", opset: 18, inputs, outputs: [], nodes: [], constants: new Map() };
}

/** What a network of a shape is given for one red-green-blue pixel (0.2, 0.4, 0.6) in each of 2 x 2 places. */
function prepared(
  shape: readonly (number | string)[],
  options: OnnxInputOptions,
): { shape: number[]; first: number[] } {
  const input = findImageInput(graphOf(shape), options);
  const { prepare, dispose } = prepareImages(input, options, "net.onnx");
  const result = tf.tidy(() => {
    const images = tf.tile(tf.tensor4d([0.2, 0.4, 0.6], [1, 1, 1, 3]), [1, 2, 2, 1]) as tf.Tensor4D;
    const value = prepare(images);
    const entries = [...value.plain().dataSync()];
    const channels = value.shape[input.last ? 3 : 1];
    const step = input.last ? 1 : 4;
    return { shape: [...value.shape], first: Array.from({ length: channels }, (_, c) => entries[c * step]) };
  });
  dispose();
  return result;
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(actual[i] - value) < 1e-5, `${actual} is not ${expected}`));
}

Deno.test("prepareImages() hands on pixels in [0, 1] where nothing is said", () => {
  const { shape, first } = prepared(["n", 3, 2, 2], {});
  assert.deepEqual(shape, [1, 3, 2, 2]);
  assertClose(first, [0.2, 0.4, 0.6]);
});

Deno.test("prepareImages() takes the mean off and divides by the deviation, channel by channel", () => {
  assertClose(prepared([1, 3, 2, 2], { mean: [0.1, 0.2, 0.3], std: [0.5, 0.5, 0.1] }).first, [0.2, 0.4, 3]);
  assertClose(prepared([1, 3, 2, 2], { mean: [0.5], std: [0.5] }).first, [-0.6, -0.2, 0.2]);
});

Deno.test("prepareImages() stretches pixels to the range first, and puts colours in the network's order", () => {
  // by hand: 255 (0.6, 0.4, 0.2) less Caffe's means of blue, green and red
  const first = prepared([1, 3, 2, 2], { range: [0, 255], mean: [104, 117, 123], colours: "bgr" }).first;
  assertClose(first, [49, -15, -72]);
  assertClose(prepared([1, 3, 2, 2], { range: [-1, 1] }).first, [-0.6, -0.2, 0.2]);
});

Deno.test("prepareImages() makes grey of colours for networks of one channel, as PIL does", () => {
  const { shape, first } = prepared([1, 1, 2, 2], {});
  assert.deepEqual(shape, [1, 1, 2, 2]);
  assertClose(first, [0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6]);
});

Deno.test("findImageInput() tells channels first from channels last", () => {
  assert.deepEqual(findImageInput(graphOf(["n", 224, 192, 3]), {}), {
    name: "image",
    size: { height: 224, width: 192 },
    channels: 3,
    last: true,
    batch: null,
  });
  assert.equal(findImageInput(graphOf([4, 3, 32, 32]), {}).batch, 4);
  assertClose(prepared([1, 2, 2, 3], { mean: [0.2] }).first, [0, 0.2, 0.4]);
});
