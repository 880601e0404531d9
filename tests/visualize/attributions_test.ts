import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import {
  CIFAR10_COLOURS,
  createLeNet5,
  createTaughtNetwork,
  createTrainableLeNet5,
  createTrainableTaught,
  type Network,
  type TaughtArchitecture,
  type TaughtHead,
  toWeightArray,
} from "../../lib/networks/mod.ts";
import { createOnnxNetwork } from "../../lib/networks/onnx/mod.ts";
import { createRandom } from "../../lib/random.ts";
import type { Matrix } from "../../lib/types.ts";
import { attributions, featureLayer, layersBelow } from "../../lib/visualize/attributions.ts";
import type { ActivationOptions } from "../../lib/visualize/options.ts";
import type { WeightArray } from "../../lib/weights/mod.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { type MadeUpTensor, madeUpTensors } from "../networks/made_up_resnet.ts";
import { createSmallNetwork } from "./small_network.ts";
import vit from "../../fixtures/networks/vit.json" with { type: "json" };

await useBackend();

const MEAN: ActivationOptions = { reduce: "mean", postRelu: false };
const IMAGES = madeUpImages(430, 3, 32);
const PRETRAINED = madeUpTensors(vit.tensors as unknown as MadeUpTensor[]);

type Weights = Map<string, WeightArray>;

function leNetWeights(): Weights {
  const trained = createTrainableLeNet5(createRandom(11));
  const weights = new Map([...trained.parameters].map(([name, value]) => [name, toWeightArray(value)] as const));
  trained.dispose();
  return weights;
}

function leNet(weights = leNetWeights()): Network {
  return createLeNet5(weights, "made up", "made-up", CIFAR10_COLOURS);
}

function taught(architecture: TaughtArchitecture, head: TaughtHead): { network: Network; weights: Weights } {
  const pretrained = architecture === "vit" ? PRETRAINED : null;
  const { parameters, buffers, dispose } = createTrainableTaught(architecture, head, createRandom(12), pretrained);
  const weights = new Map([...parameters, ...buffers].map(([name, value]) => [name, toWeightArray(value)] as const));
  dispose();
  return { network: createTaughtNetwork(architecture, head, weights, "made up", "made-up"), weights };
}

/** Activations of a layer on the images, averaged over positions after a function of each. */
function valuesOf(network: Network, layer: string, at: (x: tf.Tensor) => tf.Tensor = (x) => x): number[][] {
  return tf.tidy(() => {
    const images = tf.tensor4d(IMAGES.data, [IMAGES.count, 32, 32, 3]);
    const x = at(network.activations(images, [layer])[0]);
    const places = Array.from({ length: x.rank - 2 }, (_, i) => i + 1);
    return (places.length === 0 ? x : x.mean(places)).arraySync() as number[][];
  });
}

async function sharesOf(network: Network, layer: string, unit: number, below: string): Promise<number[][]> {
  const found = await attributions(network, layer, unit, below, IMAGES, MEAN);
  assert.notEqual(found, null, `${layer} at ${below}`);
  const { rows, cols, data } = found as Matrix;
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}

function assertNear(actual: readonly number[], expected: readonly number[], what: string, relative = 1e-4): void {
  assert.equal(actual.length, expected.length, what);
  const largest = Math.max(...expected.map(Math.abs));
  assert.ok(largest > 0, what);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) <= relative * largest, `${what} ${i}: ${actual[i]} instead of ${value}`)
  );
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

Deno.test("attributions() of an output at the layer before it are weight times rectified activation: LeNet-5", async () => {
  const before = tf.memory().numTensors;
  const weights = leNetWeights();
  const network = leNet(weights);
  const active = valuesOf(network, "fc2", tf.relu);
  const { data } = weights.get("fc3.weight")!; // outputs first
  for (const unit of [0, 7]) {
    const shares = await sharesOf(network, "fc3", unit, "fc2");
    shares.forEach((own, image) =>
      assertNear(own, active[image].map((value, j) => data[unit * 84 + j] * value), `unit ${unit}, image ${image}`)
    );
  }
  network.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("attributions() at a convolution add up to the unit less its bias: what is between is homogeneous", async () => {
  // fc1 = W relu(maxpool(conv2)) + b, of degree 1 in conv2 but for b: by Euler the sum of gradient x value is fc1 - b
  const weights = leNetWeights();
  const network = leNet(weights);
  const values = valuesOf(network, "fc1");
  for (const unit of [3, 50]) {
    const shares = await sharesOf(network, "fc1", unit, "conv2");
    assert.equal(shares[0].length, 16);
    const bias = weights.get("fc1.bias")!.data[unit];
    assertNear(shares.map(sum), values.map((own) => own[unit] - bias), `unit ${unit}`);
  }
  network.dispose();
  // two layers up likewise, where no bias is between them
  const still = new Map(weights).set("fc2.bias", { shape: [84], data: new Float32Array(84) });
  const other = leNet(still);
  const outputs = valuesOf(other, "fc3");
  const shares = await sharesOf(other, "fc3", 2, "fc1");
  assertNear(shares.map(sum), outputs.map((own) => own[2] - weights.get("fc3.bias")!.data[2]), "fc3 at fc1");
  other.dispose();
});

Deno.test("attributions() of a label at the last block are its weight times the mean rectified activation: ResNet", async () => {
  const { network, weights } = taught("resnet", { kind: "labels", units: 4 });
  const active = valuesOf(network, "layer4.0", tf.relu);
  const { data } = weights.get("labels.weight")!;
  const channels = active[0].length;
  const shares = await sharesOf(network, "labels", 1, "layer4.0");
  shares.forEach((own, image) =>
    assertNear(own, active[image].map((value, c) => data[channels + c] * value), `image ${image}`)
  );
  network.dispose();
});

Deno.test("attributions() of a class at the sets it is told by are weight times rectified activation", async () => {
  for (const architecture of ["vgg", "vit"] as const) {
    const { network, weights } = taught(architecture, { kind: "sets", units: 6, classes: 10 });
    const active = valuesOf(network, "sets", tf.relu);
    const { data } = weights.get("head.weight")!;
    const shares = await sharesOf(network, "head", 9, "sets");
    shares.forEach((own, image) =>
      assertNear(own, active[image].map((value, j) => data[9 * 6 + j] * value), `${architecture}, image ${image}`)
    );
    network.dispose();
  }
});

Deno.test("attributions() of a label at the ViT's last block cancel: normalized tokens do not grow with their length", async () => {
  const { network } = taught("vit", { kind: "labels", units: 4 });
  const shares = await sharesOf(network, "labels", 2, "blocks.5");
  for (const own of shares) {
    const size = sum(own.map(Math.abs));
    assert.ok(size > 0 && Math.abs(sum(own)) < 1e-3 * size, `${sum(own)} of ${size}`);
  }
  network.dispose();
});

Deno.test("attributions() reduce a map as the activation does", async () => {
  const network = leNet();
  // conv2 at conv1 through relu and maxpool, the centre alone: its pixel reads a part of conv1
  const centre = await attributions(network, "conv2", 4, "conv1", IMAGES, { reduce: "centre", postRelu: false });
  const mean = await attributions(network, "conv2", 4, "conv1", IMAGES, MEAN);
  assert.notDeepEqual(centre!.data, mean!.data);
  const weights = leNetWeights();
  const bias = weights.get("conv2.bias")!.data[4];
  const at = valuesOf(network, "conv2", (x) => x.slice([0, 5, 5, 0], [-1, 1, 1, -1]));
  for (let image = 0; image < 3; image++) {
    const own = [...centre!.data.subarray(image * 6, (image + 1) * 6)];
    assertNear([sum(own)], [at[image][4] - bias], `image ${image}`);
  }
  network.dispose();
});

Deno.test("attributions() do not depend on how many images come together", async () => {
  const network = leNet();
  const many = madeUpImages(440, 70, 32); // more than one pass
  const whole = (await attributions(network, "fc3", 0, "fc1", many, MEAN))!;
  assert.deepEqual([whole.rows, whole.cols], [70, 120]);
  const last = { ...many, count: 2, data: many.data.subarray(68 * 3072) };
  const part = (await attributions(network, "fc3", 0, "fc1", last, MEAN))!;
  assertNear([...whole.data.subarray(68 * 120)], [...part.data], "last", 1e-5);
  network.dispose();
});

Deno.test("attributions() are null where another branch leads to the layer, and where no gradient can be seen", async () => {
  const before = tf.memory().numTensors;
  const { network } = taught("resnet", { kind: "labels", units: 4 });
  assert.equal(await attributions(network, "layer2.0.downsample.0", 0, "layer2.0.conv1", IMAGES, MEAN), null);
  network.dispose();
  const blind = createSmallNetwork(8);
  const images = madeUpImages(450, 2, 8);
  assert.equal(await attributions(blind, "dense", 0, "conv", images, MEAN), null);
  assert.deepEqual(layersBelow(blind, "dense", MEAN, 2), []);
  assert.equal(featureLayer(blind, "dense", MEAN), "conv"); // the one before, where none is known
  blind.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("attributions() refuse units and layers that there are not", async () => {
  const network = leNet();
  await assert.rejects(attributions(network, "fc3", 10, "fc2", IMAGES, MEAN), /no unit 10 among 10/);
  await assert.rejects(attributions(network, "fc9", 0, "fc2", IMAGES, MEAN), RangeError);
  assert.throws(() => layersBelow(network, "fc9", MEAN, 1), /no layer fc9/);
  network.dispose();
});

Deno.test("layersBelow() are the nearest with a gradient, in other branches none", () => {
  const network = leNet();
  assert.deepEqual(layersBelow(network, "fc3", MEAN, 2), ["fc2", "fc1"]);
  assert.deepEqual(layersBelow(network, "fc1", MEAN, 8), ["conv2", "conv1"]);
  assert.deepEqual(layersBelow(network, "conv1", MEAN, 2), []);
  assert.equal(featureLayer(network, "fc2", MEAN), "fc1");
  assert.equal(featureLayer(network, "conv1", MEAN), null);
  network.dispose();
  const { network: residual } = taught("resnet", { kind: "sets", units: 6, classes: 10 });
  assert.deepEqual(layersBelow(residual, "head", MEAN, 2), ["sets", "layer4.0"]);
  assert.deepEqual(layersBelow(residual, "layer2.0.conv2", MEAN, 2), ["layer2.0.conv1", "layer1.0"]);
  assert.deepEqual(layersBelow(residual, "layer2.0.downsample.0", MEAN, 1), ["layer1.0"]);
  assert.deepEqual(layersBelow(residual, "layer2.0", MEAN, 2), ["layer2.0.downsample.0", "layer2.0.conv2"]);
  residual.dispose();
});

/** A network, a layer whose gradient is looked at, and one above it. */
interface Seen {
  readonly title: string;
  readonly create: () => Network | Promise<Network>;
  readonly pairs: readonly [below: string, above: string][];
}

const FIXTURES = join(import.meta.dirname!, "..", "..", "fixtures", "onnx");
const onnx = (file: string) => () => createOnnxNetwork(join(FIXTURES, file));

const SEEN: readonly Seen[] = [
  { title: "LeNet-5", create: () => leNet(), pairs: [["conv1", "fc1"], ["conv2", "fc3"], ["fc1", "fc3"]] },
  {
    title: "the small ResNet",
    create: () => taught("resnet", { kind: "sets", units: 6, classes: 10 }).network,
    pairs: [["conv1", "sets"], ["layer2.0.conv1", "layer3.0"], ["layer3.0", "sets"], ["sets", "head"]],
  },
  {
    title: "the small VGG",
    create: () => taught("vgg", { kind: "labels", units: 4 }).network,
    pairs: [["conv2", "labels"], ["conv6", "fc1"], ["fc1", "labels"]],
  },
  {
    title: "the ViT",
    create: () => taught("vit", { kind: "sets", units: 6, classes: 10 }).network,
    pairs: [["blocks.2.attn.qkv", "sets"], ["blocks.4.mlp.fc1", "blocks.5"], ["blocks.5", "sets"], ["sets", "head"]],
  },
  { title: "an .onnx ResNet", create: onnx("resnet.dynamo.onnx"), pairs: [] },
  { title: "an .onnx ViT", create: onnx("vit.dynamo.onnx"), pairs: [] },
  { title: "an .onnx LeNet-5", create: onnx("lenet.script.onnx"), pairs: [] },
];

for (const { title, create, pairs } of SEEN) {
  Deno.test(`${title} goes on through a layer that is asked for: the same activations, and the gradient of what follows`, async () => {
    const network = await create();
    const { height, width } = network.input;
    const { data } = madeUpImages(460, 2, height, width);
    const images = tf.tensor4d(data, [2, height, width, 3]);
    const names = network.layers.map(({ name }) => name);
    // of a file: some of its layers, each with the last
    const chosen = pairs.length > 0
      ? pairs
      : [0.25, 0.5, 0.8].map((share): [string, string] => [names[Math.floor(share * names.length)], names.at(-1)!]);
    for (const [below, above] of chosen) checkThrough(network, images, below, above);
    images.dispose();
    network.dispose();
  });
}

/** The sum of all units of a layer, weighted by numbers of both signs. */
function readOut(activations: tf.Tensor): tf.Scalar {
  return activations.mul(tf.randomUniform(activations.shape, -1, 1, "float32", 3)).sum();
}

function checkThrough(network: Network, images: tf.Tensor4D, below: string, above: string): void {
  const plain = network.activations(images, [above, below]);
  const asked: string[] = [];
  const passed = network.activations(images, [above, below], (layer, x) => {
    asked.push(layer);
    return x.clone();
  });
  assert.ok(asked.includes(below), `${network.name}: ${below} is not handed through`);
  for (const [i, tensor] of passed.entries()) {
    assert.deepEqual(tensor.shape, plain[i].shape);
    assertNear([...tensor.dataSync()], [...plain[i].dataSync()], `${[above, below][i]} through`, 1e-5);
  }
  let gradient: tf.Tensor | null = null;
  tf.tidy(() => {
    const watch = tf.customGrad((x) => ({
      value: (x as tf.Tensor).clone(),
      gradFunc: (dy) => {
        gradient = tf.keep((dy as tf.Tensor).clone());
        return dy as tf.Tensor;
      },
    }));
    tf.grad((pixels: tf.Tensor) =>
      readOut(
        network.activations(
          pixels as tf.Tensor4D,
          [above, below],
          (layer, x) => layer === below ? watch(x) : x,
        )[0],
      )
    )(images);
  });
  assert.notEqual(gradient, null, `${network.name}: no gradient of ${above} at ${below}`);
  const slopes = gradient! as tf.Tensor;
  // moved along half of the gradient's entries, and along the other half: by them alone the rest is not seen
  const half = tf.tidy(() => tf.randomUniform(slopes.shape, 0, 1, "float32", 4).greater(0.5).toFloat());
  const rest = tf.tidy(() => tf.sub(1, half));
  const spread = dataOf(() => plain[1].sub(plain[1].mean()).square().mean().sqrt())[0];
  for (const mask of [half, rest]) {
    const direction = tf.tidy(() => slopes.mul(mask).div(slopes.square().mean().sqrt()));
    const step = 1e-3 * spread;
    const moved = (amount: number) =>
      dataOf(() =>
        readOut(
          network.activations(
            images,
            [above, below],
            (layer, x) => layer === below ? x.add(direction.mul(amount)) : x,
          )[0],
        )
      )[0];
    const slope = (moved(step) - moved(-step)) / (2 * step);
    const told = dataOf(() => slopes.mul(direction).sum())[0];
    // single precision, and a few ReLUs that change sides on the way
    assert.ok(
      told > 0 && Math.abs(slope - told) <= 0.03 * told,
      `${network.name}, ${above} at ${below}: the gradient says ${told}, moving it gives ${slope}`,
    );
    direction.dispose();
  }
  tf.dispose([...plain, ...passed, slopes, half, rest]);
}
