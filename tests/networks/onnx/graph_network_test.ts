/** Files that fix their number of images in ways that cannot be changed, and what runs keep and free. */
import assert from "node:assert/strict";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { createOnnxNetwork } from "../../../lib/networks/onnx/mod.ts";
import { attributeOf, floats, value, withModel, writeModel } from "./write_model.ts";

await useBackend();

/** A 1 x 1 convolution that adds up colours, less the mean over both images of a batch. */
const MIXES_IMAGES = writeModel({
  node: [
    { opType: "Conv", name: "/sum/Conv", input: ["image", "weight"], output: ["y"] },
    { opType: "ReduceMean", input: ["y"], output: ["mean"], attribute: [attributeOf("axes", [0])] },
    { opType: "Sub", input: ["y", "mean"], output: ["z"] },
    { opType: "Conv", name: "/last/Conv", input: ["z", "one"], output: ["w"] },
  ],
  initializer: [floats("weight", [1, 3, 1, 1], [1, 1, 1]), floats("one", [1, 1, 1, 1], [1])],
  input: [value("image", [2, 3, 1, 1])],
  output: [value("w", [])],
}, 13);

Deno.test("activations() run images in the file's own number where it cannot be changed", async () => {
  await withModel(MIXES_IMAGES, async (path) => {
    const network = await createOnnxNetwork(path);
    const images = tf.tensor4d([1, 0, 0, 0, 1, 1, 0, 0, 3], [3, 1, 1, 3]);
    const [sum, last] = network.activations(images, ["sum", "last"]);
    assert.deepEqual([...sum.dataSync()], [1, 2, 3]);
    // by hand: 1 and 2 less 1.5; 3 beside a black image that fills the batch, less 1.5
    assert.deepEqual([...last.dataSync()], [-0.5, 0.5, 1.5]);
    tf.dispose([images, sum, last]);
    network.dispose();
  });
});

Deno.test("activations() leave nothing behind but what they return", async () => {
  await withModel(MIXES_IMAGES, async (path) => {
    const before = tf.memory().numTensors;
    const network = await createOnnxNetwork(path);
    const images = tf.ones<tf.Rank.R4>([2, 1, 1, 3]);
    const run = () => tf.dispose(network.activations(images, ["last"]));
    run();
    const after = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) run();
    tf.dispose(tf.grad((x) => network.activations(x as tf.Tensor4D, ["last"])[0].sum())(images));
    assert.equal(tf.memory().numTensors, after);
    network.dispose();
    images.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});

Deno.test("activations() compute no more than the layers that are asked for need", async () => {
  await withModel(MIXES_IMAGES, async (path) => {
    const network = await createOnnxNetwork(path);
    const images = tf.ones<tf.Rank.R4>([2, 1, 1, 3]);
    const kernels = async (layer: string) => {
      const { kernelNames } = await tf.profile(() => network.activations(images, [layer]));
      return kernelNames.filter((name) => name === "Mean" || name === "Sub").length;
    };
    assert.equal(await kernels("sum"), 0);
    assert.equal(await kernels("last"), 2);
    images.dispose();
    network.dispose();
  });
});

Deno.test("activations() run images together though the file fixes one and shares tensors by Identity nodes", async () => {
  // the older exporter writes equal tensors once, and hands them on
  const shares = writeModel({
    node: [
      { opType: "Identity", input: ["weight"], output: ["shared"] },
      { opType: "Conv", name: "/first/Conv", input: ["image", "weight"], output: ["y"] },
      { opType: "Conv", name: "/last/Conv", input: ["y", "shared"], output: ["z"] },
    ],
    initializer: [floats("weight", [3, 3, 1, 1], [0, 1, 0, 0, 0, 1, 1, 0, 0])],
    input: [value("image", [1, 3, 1, 1])],
    output: [value("z", [])],
  });
  await withModel(shares, async (path) => {
    const network = await createOnnxNetwork(path);
    const images = tf.tensor4d([1, 2, 3, 4, 5, 6], [2, 1, 1, 3]);
    const { kernelNames, result } = await tf.profile(() => network.activations(images, ["last"])) as
      & Awaited<ReturnType<typeof tf.profile>>
      & { result: tf.Tensor[] };
    // by hand: channels move up by one, twice
    assert.deepEqual([...result[0].dataSync()], [3, 1, 2, 6, 4, 5]);
    assert.equal(kernelNames.filter((name) => /Concat|Slice/.test(name)).length, 0, "cut up and joined again");
    tf.dispose([images, ...result]);
    network.dispose();
  });
});
