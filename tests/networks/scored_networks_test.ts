import { COMPANY_KEEPS_BITS } from "../same_bits.ts";
/**
 * ResNet-18 and AlexNet as networks whose units are scored. Expected values are PyTorch's (fixtures/networks/scored_networks.py).
 */
import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { ALEXNET_LAYERS, createAlexNet } from "../../lib/networks/alexnet.ts";
import type { Network } from "../../lib/networks/network.ts";
import { type Normalization, normalizeColours } from "../../lib/networks/normalize.ts";
import { createResNet18, RESNET18_CIFAR10 } from "../../lib/networks/resnet.ts";
import { createResNetNetwork, RESNET18_INPUT, resNetLayers } from "../../lib/networks/resnet_units.ts";
import type { WeightArray, Weights } from "../../lib/weights/mod.ts";
import { CONVOLUTIONS, madeUpImages, madeUpWeights } from "../lpips/made_up.ts";
import { madeUpResNet18 } from "./made_up_resnet.ts";
import fixture from "../../fixtures/networks/scored_networks.json" with { type: "json" };

await useBackend();

const NORMALIZATION = { mean: fixture.mean, std: fixture.std } as unknown as Normalization;
const RESNET18 = madeUpResNet18();
const ALEXNET = madeUpWeights(CONVOLUTIONS.alex);

function resnet18(weights: Weights = RESNET18, source = "made up"): Network {
  return createResNetNetwork(weights, source, "made-up", RESNET18_CIFAR10, NORMALIZATION, RESNET18_INPUT);
}

function alexNet(height = 64, width = height): Network {
  return createAlexNet(ALEXNET, "made up", "made-up", NORMALIZATION, { height, width });
}

const NETWORKS = { "ResNet-18": () => resnet18(), AlexNet: () => alexNet() };

interface ExpectedLayer {
  readonly channels: number;
  readonly shape: readonly number[];
  readonly units: readonly number[];
  readonly means: readonly (readonly number[])[];
  readonly corners: readonly (readonly (readonly number[])[])[];
  readonly gradients: readonly (readonly (readonly number[])[])[];
}

interface ExpectedCase {
  readonly height: number;
  readonly width: number;
  readonly stream: number;
  readonly layers: Readonly<Record<string, ExpectedLayer>>;
}

const CASES: { title: string; create: () => Network; expected: ExpectedCase }[] = [
  { title: "ResNet-18", create: () => resnet18(), expected: fixture.resnet18[0] },
  ...fixture.alexnet.map((expected) => ({
    title: `AlexNet at ${expected.height} x ${expected.width} px`,
    create: () => alexNet(expected.height, expected.width),
    expected,
  })),
];

function imagesOf(stream: number, count: number, { height, width }: { height: number; width: number }): tf.Tensor4D {
  return tf.tensor4d(madeUpImages(stream, count, height, width).data, [count, height, width, 3]);
}

/** One number per unit: the spatial mean of a channel, or the neuron. */
function unitsOf(activations: tf.Tensor): tf.Tensor2D {
  return (activations.rank === 4 ? activations.mean([1, 2]) : activations) as tf.Tensor2D;
}

function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} is ${actual} instead of ${expected}`);
}

for (const { title, create, expected } of CASES) {
  Deno.test(`${title} has PyTorch's activations and input gradients in every layer, normalization folded in`, () => {
    const before = tf.memory().numTensors;
    const network = create();
    const images = imagesOf(expected.stream, 2, expected);
    assert.deepEqual(network.layers.map(({ name }) => name).sort(), Object.keys(expected.layers).sort());
    for (const { name, positions, units: count } of network.layers) {
      const { channels, shape, units, means, corners, gradients } = expected.layers[name];
      assert.equal(count, channels);
      assert.equal(positions, shape.length === 0 ? "none" : "grid");
      const [activations] = network.activations(images, [name]);
      assert.deepEqual(activations.shape, [2, ...shape, channels]);
      const reduced = tf.tidy(() => unitsOf(activations).arraySync());
      const map = activations.arraySync() as number[][][][];
      activations.dispose();
      const largest = Math.max(...[...means.flat(), ...corners.flat(2)].map(Math.abs));
      for (const [k, unit] of units.entries()) {
        const gradient = tf.tidy(() =>
          tf.grad((x) => unitsOf(network.activations(x as tf.Tensor4D, [name])[0]).slice([0, unit], [-1, 1]).sum())(
            images,
          ).arraySync() as number[][][][]
        );
        const steepest = Math.max(...gradients.flat(2).map(Math.abs));
        assert.ok(steepest > 0, "the fixture has gradients");
        for (const n of [0, 1]) {
          // float32 through up to 19 layers against float64
          assertClose(reduced[n][unit], means[n][k], 5e-5 * largest, `image ${n}, ${name}:${unit}`);
          if (shape.length > 0) {
            assertClose(map[n][0][0][unit], corners[n][k][0], 5e-5 * largest, `image ${n}, ${name}:${unit}, first`);
            assertClose(
              map[n].at(-1)!.at(-1)![unit],
              corners[n][k][1],
              5e-5 * largest,
              `image ${n}, ${name}:${unit}, last`,
            );
          }
          for (const [p, [y, x, c]] of fixture.pixels.entries()) {
            const what = `image ${n}, ${name}:${unit}, gradient at ${y}, ${x}, ${c}`;
            assertClose(gradient[n][y][x][c], gradients[n][k][p], 1e-3 * steepest, what);
          }
        }
      }
    }
    images.dispose();
    network.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("the class scores of ResNet-18 as a network of units are those of the embedder's on normalized images", () => {
  const [network, classifier] = [resnet18(), createResNet18(RESNET18, "made up")];
  const images = imagesOf(750, 3, network.input);
  const { data } = madeUpImages(750, 3, 32);
  const normalized = tf.tensor4d(normalizeColours(data, NORMALIZATION.mean, NORMALIZATION.std), [3, 32, 32, 3]);
  const expected = dataOf(() => classifier.logits(normalized));
  const scores = dataOf(() => network.activations(images, ["fc"])[0]);
  const largest = Math.max(...expected.map(Math.abs));
  scores.forEach((score, i) => assertClose(score, expected[i], 2e-5 * largest, `score ${i}`));
  tf.dispose([images, normalized]);
  network.dispose();
  classifier.dispose();
});

Deno.test("ResNet-18 has 6,730 units, AlexNet 1,152", () => {
  const layers = resNetLayers(RESNET18_CIFAR10);
  const count = (layers: readonly { units: number }[]) => layers.reduce((sum, { units }) => sum + units, 0);
  // the stem; of each stage four convolutions and two sums of its width, and from the second on a projection
  const widths = [64, 128, 256, 512];
  const convolutions = 64 + widths.reduce((sum, width, stage) => sum + (4 + Number(stage > 0)) * width, 0);
  assert.equal(convolutions, 4800);
  assert.equal(count(layers), convolutions + 2 * (64 + 128 + 256 + 512) + 10);
  assert.equal(count(layers), 6730);
  assert.equal(count(ALEXNET_LAYERS), 64 + 192 + 384 + 256 + 256);
  assert.deepEqual(layers.slice(0, 4).map(({ name }) => name), [
    "conv1",
    "layer1.0.conv1",
    "layer1.0.conv2",
    "layer1.0",
  ]);
  assert.deepEqual(
    layers.filter(({ name }) => name.startsWith("layer2.0")).map(({ name, units }) => `${name} ${units}`),
    ["layer2.0.conv1 128", "layer2.0.conv2 128", "layer2.0.downsample.0 128", "layer2.0 128"],
  );
});

for (const [title, create] of Object.entries(NETWORKS)) {
  Deno.test(`${title}: several layers in one pass are bit for bit those of one at a time, in the order asked for`, () => {
    const network = create();
    const images = imagesOf(760, 2, network.input);
    const names = network.layers.map(({ name }) => name);
    const alone = new Map(names.map((name) => [name, dataOf(() => network.activations(images, [name])[0])]));
    const pairs = names.slice(0, -1).map((name, i) => [names[i + 1], name]);
    const [first, second] = names;
    for (const chosen of [names, names.toReversed(), [second, first, second], [names.at(-1)!, first], ...pairs]) {
      const together = network.activations(images, chosen);
      assert.equal(together.length, chosen.length);
      for (const [i, name] of chosen.entries()) {
        assert.deepEqual(together[i].dataSync(), alone.get(name), `${name} of ${chosen}`);
      }
      tf.dispose(together);
    }
    assert.deepEqual(network.activations(images, []), []);
    images.dispose();
    network.dispose();
  });

  Deno.test(`${title}: gradients of a deep layer go through layers that are asked for beside it`, () => {
    const network = create();
    const images = imagesOf(770, 1, network.input);
    const names = network.layers.map(({ name }) => name);
    const last = names.at(-1)!;
    const gradientOf = (layers: readonly string[]) =>
      dataOf(() =>
        tf.grad((x) => {
          const activations = network.activations(x as tf.Tensor4D, layers);
          return unitsOf(activations[layers.indexOf(last)]).slice([0, 1], [-1, 1]).sum();
        })(images)
      );
    assert.deepEqual(gradientOf(names), gradientOf([last]));
    images.dispose();
    network.dispose();
  });

  Deno.test(`${title}: activations and gradients are bit for bit the same alone and in batches of 3 and 8`, {
    ignore: !COMPANY_KEEPS_BITS,
  }, () => {
    const network = create();
    const all = imagesOf(780, 8, network.input);
    const { height, width } = network.input;
    for (const { name } of network.layers.filter((_, i) => i % 4 === 0 || i === network.layers.length - 1)) {
      const both = (first: number, count: number) =>
        tf.tidy(() => {
          const images = all.slice([first, 0, 0, 0], [count, height, width, 3]);
          const activations = network.activations(images, [name])[0].dataSync();
          const gradient = tf.grad((x) =>
            unitsOf(network.activations(x as tf.Tensor4D, [name])[0]).slice([0, 2], [-1, 1]).sum()
          )(images).dataSync();
          return [activations, gradient].map((each) => Float32Array.from(each));
        });
      const [wholeActivations, wholeGradients] = both(0, 8);
      const part = (whole: Float32Array, first: number, count: number) =>
        whole.subarray(first * whole.length / 8, (first + count) * whole.length / 8);
      for (const [first, count] of [[0, 1], [5, 1], [2, 3]]) {
        const [activations, gradients] = both(first, count);
        assert.deepEqual(activations, Float32Array.from(part(wholeActivations, first, count)), name);
        assert.deepEqual(gradients, Float32Array.from(part(wholeGradients, first, count)), `${name}, gradients`);
      }
    }
    all.dispose();
    network.dispose();
  });

  Deno.test(`${title} frees all that it made, and refuses a layer that it has not`, () => {
    const before = tf.memory().numTensors;
    const network = create();
    const images = imagesOf(790, 1, network.input);
    const made = tf.memory().numTensors;
    assert.throws(() => network.activations(images, ["conv9"]), RangeError);
    assert.throws(() => network.activations(images, [network.layers[0].name, "conv9"]), /has no layer conv9/);
    tf.dispose(network.activations(images, network.layers.map(({ name }) => name)));
    assert.equal(tf.memory().numTensors, made);
    network.dispose();
    images.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("weights of another network are refused by both, and nothing is left behind", () => {
  const before = tf.memory().numTensors;
  const without = (weights: ReadonlyMap<string, WeightArray>, name: string) =>
    new Map([...weights].filter(([key]) => key !== name));
  const refused = (create: () => Network, pattern: RegExp) =>
    assert.throws(create, (error) => error instanceof InputError && pattern.test(error.message));
  const size = { height: 64, width: 64 };
  refused(
    () => resnet18(without(RESNET18, "layer3.0.bn1.bias"), "some.pth"),
    /some\.pth.*layer3\.0\.bn1\.bias/,
  );
  refused(() => resnet18(ALEXNET, "some.pth"), /some\.pth.*conv1\.weight/);
  for (const name of ["features.0.weight", "features.8.bias"]) {
    refused(
      () => createAlexNet(without(ALEXNET, name), "some.pth", "x", NORMALIZATION, size),
      new RegExp(`some\\.pth.*${name}`),
    );
  }
  const flat = new Map(ALEXNET).set("features.0.weight", { shape: [192], data: new Float32Array(192) });
  refused(() => createAlexNet(flat, "some.pth", "x", NORMALIZATION, size), /features\.0\.weight.*\[192\]/);
  assert.equal(tf.memory().numTensors, before);
});
