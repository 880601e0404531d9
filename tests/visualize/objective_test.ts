import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import type { LabelledImages } from "../../lib/data/cifar10.ts";
import { datasetActivations, imageActivations } from "../../lib/visualize/activations.ts";
import { reduceSpace, selectedActivations } from "../../lib/visualize/objective.ts";
import type { ActivationOptions } from "../../lib/visualize/options.ts";
import { madeUp, madeUpImages } from "../lpips/made_up.ts";
import { createSmallNetwork } from "./small_network.ts";

await useBackend();

const MEAN: ActivationOptions = { reduce: "mean", postRelu: false };

Deno.test("reduceSpace() takes the mean, the maximum or the centre of each channel, before or after the ReLU", () => {
  // one image of 3 x 2 pixels and two channels: -2 -1 / 0 1 / 2 6 and its negative
  const values = [-2, -1, 0, 1, 2, 6].flatMap((value) => [value, -value]);
  const reduced = (reduce: ActivationOptions["reduce"], postRelu: boolean) =>
    tf.tidy(() => {
      const result = reduceSpace(tf.tensor4d(values, [1, 3, 2, 2]), { reduce, postRelu });
      assert.deepEqual(result.shape, [1, 2]);
      return Array.from(result.dataSync());
    });
  assert.deepEqual(reduced("mean", false), [1, -1]);
  assert.deepEqual(reduced("maximum", false), [6, 2]);
  assert.deepEqual(reduced("centre", false), [1, -1]); // row 1 of 0 .. 2, column 1 of 0 .. 1
  assert.deepEqual(reduced("mean", true), [9 / 6, 3 / 6]);
  assert.deepEqual(reduced("maximum", true), [6, 2]);
  assert.deepEqual(reduced("centre", true), [1, 0]);
});

Deno.test("reduceSpace() leaves neurons as they are, but for the ReLU", () => {
  tf.tidy(() => {
    const neurons = tf.tensor2d([[-1, 2], [3, -4]]);
    for (const reduce of ["mean", "maximum", "centre"] as const) {
      assert.deepEqual(reduceSpace(neurons, { reduce, postRelu: false }).arraySync(), [[-1, 2], [3, -4]]);
      assert.deepEqual(reduceSpace(neurons, { reduce, postRelu: true }).arraySync(), [[0, 2], [3, 0]]);
    }
  });
});

Deno.test("selectedActivations() is each image's own unit", () => {
  tf.tidy(() => {
    const activations = tf.tensor2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    const selection = tf.tensor2d([[0, 0, 1], [1, 0, 0], [0, 0, 1]]);
    assert.deepEqual(selectedActivations(activations, selection, MEAN).arraySync(), [3, 4, 9]);
  });
});

Deno.test("imageActivations() are the network's, reduced, of images resized to its size where they have another", () => {
  const before = tf.memory().numTensors;
  const network = createSmallNetwork(8);
  const images = madeUpImages(830, 3, 8);
  const { rows, cols, data } = imageActivations(network, "conv", images, MEAN);
  assert.deepEqual([rows, cols], [3, 4]);
  const expected = tf.tidy(() =>
    network.activations(tf.tensor4d(images.data, [3, 8, 8, 3]), "conv").mean([1, 2]).dataSync()
  );
  assert.deepEqual(data, expected);
  // an image of one colour is the same at any size
  const flat = (size: number) => ({
    count: 1,
    height: size,
    width: size,
    data: new Float32Array(size * size * 3).fill(0.75),
  });
  const [small, large] = [8, 20].map((size) => imageActivations(network, "dense", flat(size), MEAN).data);
  assert.deepEqual(large, small);
  assert.deepEqual(imageActivations(network, "single", flat(20), MEAN).data, Float32Array.of(0.25));
  network.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("datasetActivations() are those of each image alone, over batches that do not fill up", () => {
  const network = createSmallNetwork(32);
  const count = 503; // a batch is 500
  const pixels = Uint8Array.from(madeUp(840, count * 3072), (u) => 256 * u);
  const dataset: LabelledImages = { count, pixels, labels: new Uint8Array(count) };
  const all = datasetActivations(network, "conv", dataset, { reduce: "maximum", postRelu: false });
  assert.deepEqual([all.rows, all.cols], [count, 4]);
  for (const i of [0, 499, 500, 502]) {
    const image = Float32Array.from(pixels.subarray(i * 3072, (i + 1) * 3072), (byte) => byte / 255);
    const alone = imageActivations(network, "conv", { count: 1, height: 32, width: 32, data: image }, {
      reduce: "maximum",
      postRelu: false,
    });
    assert.deepEqual(all.data.slice(4 * i, 4 * i + 4), alone.data);
  }
  network.dispose();
});
