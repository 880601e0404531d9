/**
 * Whole small networks by both of PyTorch's exporters (`fixtures/onnx/make_exports.py`): outputs and input gradients are
 * PyTorch's, and layers have the names of its modules.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { createOnnxNetwork, describeOnnx, type OnnxNetwork } from "../../../lib/networks/onnx/mod.ts";
import { madeUpImages } from "./made_up_images.ts";

await useBackend();

const FIXTURES = join(import.meta.dirname!, "..", "..", "..", "fixtures", "onnx");
const NETWORKS = ["lenet", "resnet", "mobilenet", "vgg", "densenet", "convnext", "vit"] as const;
const EXPORTERS = ["dynamo", "script"] as const;
/** Relative to the largest entry. */
const OUTPUT_TOLERANCE = 1e-4;
const GRADIENT_TOLERANCE = 1e-3;
/** Of the gradient, the fixtures hold every seventh entry. */
const GRADIENT_STEP = 7;

interface Expected {
  readonly size: number;
  readonly count: number;
  readonly outputs: readonly number[];
  readonly gradient: readonly number[];
}

function expectedOf(name: string): Expected {
  return JSON.parse(Deno.readTextFileSync(join(FIXTURES, `${name}.json`)));
}

function open(file: string, size?: number): Promise<OnnxNetwork> {
  return createOnnxNetwork(
    join(FIXTURES, file),
    size === undefined ? {} : { size: { height: size, width: size } },
  );
}

/** The layer that gives the classes: the last that can be scored. */
function lastLayer(network: OnnxNetwork): string {
  return network.layers.at(-1)!.name;
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what} has ${actual.length} entries instead of ${expected.length}`);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0) / scale;
  assert.ok(error <= tolerance, `${what} is off by ${error} of its largest entry`);
}

function assertSame(network: OnnxNetwork, expected: Expected): void {
  const layer = lastLayer(network);
  const images = madeUpImages(expected.count, expected.size);
  const logits = (images: tf.Tensor) => network.activations(images as tf.Tensor4D, [layer])[0];
  assertClose(dataOf(() => logits(images)), expected.outputs, OUTPUT_TOLERANCE, layer);
  const gradient = dataOf(() =>
    tf.grad((images) => {
      const y = logits(images);
      return tf.sum(tf.mul(y, tf.range(1, y.shape[1]! + 1)));
    })(images)
  );
  images.dispose();
  const some = gradient.filter((_, i) => i % GRADIENT_STEP === 0);
  assertClose(some, expected.gradient, GRADIENT_TOLERANCE, "the gradient");
}

for (const name of NETWORKS) {
  for (const exporter of EXPORTERS) {
    Deno.test(`createOnnxNetwork() gives PyTorch's outputs and gradients: ${name} by the ${exporter} exporter`, async () => {
      const before = tf.memory().numTensors;
      const network = await open(`${name}.${exporter}.onnx`);
      assertSame(network, expectedOf(name));
      network.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }
}

Deno.test("createOnnxNetwork() reads weights beside the file, and folds what the exporter did not", async () => {
  const network = await open("resnet.unfused.onnx");
  assertSame(network, expectedOf("resnet"));
  network.dispose();
});

Deno.test("createOnnxNetwork() runs a network of open height and width at the size it is given", async () => {
  const network = await open("resnet.open.onnx", 32);
  assertSame(network, expectedOf("resnet"));
  network.dispose();
  const larger = await open("resnet.open.onnx", 48);
  assert.deepEqual(larger.input, { height: 48, width: 48 });
  larger.dispose();
});

for (const file of ["vit.opset23.onnx", "vit.one.onnx"]) {
  Deno.test(`createOnnxNetwork() runs any number of images through a file for one: ${file}`, async () => {
    const network = await open(file);
    assertSame(network, expectedOf("vit"));
    network.dispose();
  });
}

/** Layers that can be scored: name, units and positions. */
async function scorable(file: string): Promise<string[]> {
  const { layers } = await describeOnnx(join(FIXTURES, file));
  return layers.filter(({ reason }) => reason === null).map(({ name, units, positions }) =>
    `${name} ${units} ${positions}`
  );
}

Deno.test("describeOnnx() names layers by PyTorch's modules, in files of the new exporter", async () => {
  // the exporter has folded every normalization into the convolution before it, and names both by the former
  assert.deepEqual(await scorable("resnet.dynamo.onnx"), [
    "bn1 4 grid",
    "layer1.0.bn1 4 grid",
    "layer1.0.bn2 4 grid",
    "layer1.0 4 grid",
    "layer1.1.bn1 4 grid",
    "layer1.1.bn2 4 grid",
    "layer1.1 4 grid",
    "layer2.0.bn1 8 grid",
    "layer2.0.bn2 8 grid",
    "layer2.0.downsample.1 8 grid",
    "layer2.0 8 grid",
    "fc 5 none",
  ]);
});

Deno.test("describeOnnx() names layers by PyTorch's modules, in files of the TorchScript exporter", async () => {
  assert.deepEqual(await scorable("vit.script.onnx"), [
    "conv_proj 8 grid",
    "blocks.0.norm1 8 tokens",
    "blocks.0.qkv 24 tokens",
    "blocks.0.proj 8 tokens",
    "blocks.0.Add 8 tokens",
    "blocks.0.norm2 8 tokens",
    "blocks.0.mlp.fc1 16 tokens",
    "blocks.0.mlp.fc2 8 tokens",
    "blocks.0 8 tokens",
    "attention.in_proj 24 tokens",
    "attention.out_proj 8 tokens",
    "Add 8 tokens",
    "norm 8 tokens",
    "head 5 none",
  ]);
});

Deno.test("describeOnnx() lists a convolution and its normalization where the file has both", async () => {
  const names = await scorable("resnet.unfused.onnx");
  assert.deepEqual(names.slice(0, 4), ["conv1 4 grid", "bn1 4 grid", "layer1.0.conv1 4 grid", "layer1.0.bn1 4 grid"]);
});

Deno.test("describeOnnx() says of every layer what it is, and why it cannot be scored", async () => {
  const { layers, input, channels } = await describeOnnx(join(FIXTURES, "vgg.script.onnx"));
  assert.deepEqual([input, channels], [{ height: 16, width: 16 }, 3]);
  const of = (name: string) => layers.find((layer) => layer.name === name)!;
  assert.deepEqual(of("features.0"), {
    name: "features.0",
    aliases: [],
    operator: "Conv",
    positions: "grid",
    units: 4,
    shape: [4, 16, 16],
    beforeNonlinearity: true,
    nonlinearity: "Relu",
    reason: null,
  });
  assert.equal(of("features.2").beforeNonlinearity, false);
  assert.equal(of("features.2").reason, "its values are after a nonlinearity; score features.0");
  assert.equal(of("features.6").reason, "a pool has no units of its own; score features.3");
});

Deno.test("activations() takes the name of a convolution for the normalization that was folded into it", async () => {
  const network = await open("resnet.dynamo.onnx");
  const images = madeUpImages(2, 32);
  const [byNorm, byConvolution, tokens] = network.activations(images, ["layer1.0.bn1", "layer1.0.conv1", "fc"]);
  assert.deepEqual(byNorm.shape, [2, 8, 8, 4]);
  assert.deepEqual(tokens.shape, [2, 5]);
  assert.deepEqual(byNorm.dataSync(), byConvolution.dataSync());
  assert.throws(() => network.activations(images, ["layer9"]), RangeError);
  tf.dispose([images, byNorm, byConvolution, tokens]);
  network.dispose();
});

Deno.test("activations() are those before the folding where the convolution's own output is asked for", async () => {
  const network = await open("resnet.unfused.onnx");
  const images = madeUpImages(2, 32);
  const names = ["conv1", "bn1"];
  const together = network.activations(images, names);
  const [conv1, bn1] = together.map((tensor) => tensor.dataSync() as Float32Array);
  // bn1 is an affine function of conv1, channel by channel: two entries of a channel tell a third
  for (let channel = 0; channel < 4; channel++) {
    const [a, b, c] = [0, 40, 100].map((position) => 4 * position + channel);
    const slope = (bn1[b] - bn1[a]) / (conv1[b] - conv1[a]);
    assert.ok(Math.abs(bn1[a] + slope * (conv1[c] - conv1[a]) - bn1[c]) < 1e-4);
    assert.ok(Math.abs(slope - 1) > 1e-3, "the fixture's normalization is the identity");
  }
  tf.dispose([images, ...together]);
  network.dispose();
});
