import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { datasetActivations, imageActivations } from "../../lib/visualize/activations.ts";
import { reduceSpace, selectedActivations } from "../../lib/visualize/objective.ts";
import type { ImageBatch } from "../../lib/types.ts";
import type { ActivationOptions } from "../../lib/visualize/options.ts";
import { sourceOf } from "../data/made_up_dataset.ts";
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

Deno.test("reduceSpace() takes the mean or the maximum over the tokens of a sequence, which has no centre", () => {
  // two images of three tokens and two channels
  const values = [[[-2, 1], [0, 2], [5, -9]], [[3, 0], [3, 0], [-6, 0]]];
  const reduced = (reduce: ActivationOptions["reduce"], postRelu: boolean) =>
    tf.tidy(() => {
      const result = reduceSpace(tf.tensor3d(values), { reduce, postRelu });
      assert.deepEqual(result.shape, [2, 2]);
      return Array.from(result.dataSync());
    });
  assert.deepEqual(reduced("mean", false), [1, -2, 0, 0]); // (-2 + 0 + 5) / 3, (1 + 2 - 9) / 3, (3 + 3 - 6) / 3
  assert.deepEqual(reduced("maximum", false), [5, 2, 3, 0]);
  assert.deepEqual(reduced("mean", true), [Math.fround(5 / 3), 1, 2, 0]);
  assert.deepEqual(reduced("maximum", true), [5, 2, 3, 0]);
  assert.throws(() => reduced("centre", false), { name: "RangeError", message: /tokens have no centre/ });
  assert.deepEqual(reduced("class-token", false), [-2, 1, 3, 0]);
  assert.deepEqual(reduced("class-token", true), [0, 1, 3, 0]);
});

Deno.test("reduceSpace() finds a class token at tokens alone, and none among as many as patches of a square image", () => {
  const classToken = (shape: number[]) =>
    tf.tidy(() => reduceSpace(tf.zeros(shape), { reduce: "class-token", postRelu: false }).shape);
  assert.deepEqual(classToken([2, 197, 5]), [2, 5]); // 14 x 14 patches and one token before them
  assert.deepEqual(classToken([2, 5]), [2, 5]);
  assert.throws(() => classToken([2, 64, 5]), { name: "RangeError", message: /64 tokens, as many as patches/ });
  assert.throws(() => classToken([2, 8, 8, 5]), { name: "RangeError", message: /a grid has no class token/ });
});

Deno.test("imageActivations() are the network's, reduced, of images resized to its size where they have another", async () => {
  const before = tf.memory().numTensors;
  const network = createSmallNetwork(8);
  const images = madeUpImages(830, 3, 8);
  const read = async (layer: string, some: ImageBatch) =>
    (await imageActivations(network, [{ layer, options: MEAN }], some))[0];
  const { rows, cols, data } = await read("conv", images);
  assert.deepEqual([rows, cols], [3, 4]);
  const expected = tf.tidy(() =>
    network.activations(tf.tensor4d(images.data, [3, 8, 8, 3]), ["conv"])[0].mean([1, 2]).dataSync()
  );
  assert.deepEqual(data, expected);
  // an image of one colour is the same at any size
  const flat = (size: number) => ({
    count: 1,
    height: size,
    width: size,
    data: new Float32Array(size * size * 3).fill(0.75),
  });
  const [small, large] = [await read("dense", flat(8)), await read("dense", flat(20))];
  assert.deepEqual(large.data, small.data);
  assert.deepEqual((await read("single", flat(20))).data, Float32Array.of(0.25));
  network.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("imageActivations() reads several layers in one pass, a layer under several options, as each alone", async () => {
  const before = tf.memory().numTensors;
  const network = createSmallNetwork(6, 10);
  let passes = 0;
  const counting = {
    ...network,
    activations: (images: tf.Tensor4D, layers: readonly string[]) => {
      passes++;
      return network.activations(images, layers);
    },
  };
  const images = madeUpImages(832, 5, 6, 10);
  const readings = [
    { layer: "dense", options: MEAN },
    { layer: "conv", options: MEAN },
    { layer: "tokens", options: { reduce: "maximum", postRelu: true } },
    { layer: "conv", options: { reduce: "maximum", postRelu: true } },
    { layer: "dense", options: MEAN },
  ] as const;
  const together = await imageActivations(counting, readings, images);
  assert.equal(passes, 1);
  assert.deepEqual(together.map(({ rows, cols }) => [rows, cols]), [[5, 3], [5, 4], [5, 4], [5, 4], [5, 3]]);
  for (const [i, reading] of readings.entries()) {
    assert.deepEqual(together[i], (await imageActivations(network, [reading], images))[0], reading.layer);
  }
  assert.deepEqual(together[2], together[3], "tokens are the positions of the grid");
  assert.notDeepEqual(together[1], together[3]);
  network.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("imageActivations() resizes to a height and a width of their own", async () => {
  const network = createSmallNetwork(8, 4);
  const shapes: string[] = [];
  const watched = {
    ...network,
    activations: (images: tf.Tensor4D, layers: readonly string[]) => {
      shapes.push(images.shape.join());
      return network.activations(images, layers);
    },
  };
  // the left half is white and the right grey, so twice as large it is the same picture
  const halves = (height: number, width: number): ImageBatch => ({
    count: 1,
    height,
    width,
    data: Float32Array.from({ length: height * width * 3 }, (_, i) => Math.floor(i / 3) % width < width / 2 ? 1 : 0.5),
  });
  const of = async (images: ImageBatch) =>
    (await imageActivations(watched, [{ layer: "left", options: MEAN }, { layer: "single", options: MEAN }], images))
      .map(({ data }) => data[0]);
  assert.deepEqual(await of(halves(8, 4)), [0.5, 0.25]);
  assert.deepEqual(await of(halves(16, 8)), [0.5, 0.25]);
  assert.deepEqual(shapes, ["1,8,4,3", "1,8,4,3"]);
  network.dispose();
});

Deno.test("datasetActivations() are those of each image alone, over batches that do not fill up", async () => {
  const network = createSmallNetwork(32);
  const count = 503; // a batch is 500
  const pixels = Uint8Array.from(madeUp(840, count * 3072), (u) => 256 * u);
  const source = sourceOf({ count, height: 32, width: 32, pixels, labels: new Uint8Array(count) });
  const readings = [{ layer: "conv", options: { reduce: "maximum", postRelu: false } }] as const;
  const done: number[] = [];
  const [all] = await datasetActivations(network, readings, source, undefined, (images) => done.push(images));
  assert.deepEqual([all.rows, all.cols], [count, 4]);
  assert.deepEqual(done, [500, 503]);
  for (const i of [0, 499, 500, 502]) {
    const image = Float32Array.from(pixels.subarray(i * 3072, (i + 1) * 3072), (byte) => byte / 255);
    const [alone] = await imageActivations(network, readings, { count: 1, height: 32, width: 32, data: image });
    assert.deepEqual(all.data.slice(4 * i, 4 * i + 4), alone.data);
  }
  const [some] = await datasetActivations(network, readings, source, { from: 498, to: 502 });
  assert.deepEqual([some.rows, some.cols], [4, 4]);
  assert.deepEqual(some.data, all.data.slice(4 * 498, 4 * 502));
  network.dispose();
});
