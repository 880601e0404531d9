import { COMPANY_KEEPS_BITS } from "../same_bits.ts";
/**
 * torchvision's ResNets, VGG-16 and SqueezeNet as networks whose units are scored. Expected values are torchvision's, by
 * hooks on its modules (fixtures/networks/torchvision_networks.py).
 */
import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { Network } from "../../lib/networks/network.ts";
import type { Normalization } from "../../lib/networks/normalize.ts";
import { RESNET18_IMAGENET, RESNET34_IMAGENET, RESNET50_IMAGENET } from "../../lib/networks/resnet.ts";
import { createResNetNetwork } from "../../lib/networks/resnet_units.ts";
import { createSqueezeNet } from "../../lib/networks/squeezenet.ts";
import { averagePoolTo, createVgg16, type Vgg16Widths } from "../../lib/networks/vgg16.ts";
import type { Size } from "../../lib/types.ts";
import type { Weights } from "../../lib/weights/mod.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { type MadeUpTensor, madeUpTensors } from "./made_up_resnet.ts";
import fixture from "../../fixtures/networks/torchvision_networks.json" with { type: "json" };

await useBackend();

const COLOURS = { mean: fixture.mean, std: fixture.std } as unknown as Normalization;
const WIDTHS = fixture.vgg16Widths as unknown as Vgg16Widths;

type Create = (weights: Weights, input: Size) => Network;
const resNet = (architecture: typeof RESNET18_IMAGENET): Create => (weights, input) =>
  createResNetNetwork(weights, "some.pth", "made-up", architecture, COLOURS, input);
const NETWORKS: Readonly<Record<string, Create>> = {
  "resnet18-imagenet": resNet(RESNET18_IMAGENET),
  "resnet34-imagenet": resNet(RESNET34_IMAGENET),
  "resnet50-imagenet": resNet(RESNET50_IMAGENET),
  "vgg16-imagenet": (weights, input) => createVgg16(weights, "some.pth", "made-up", COLOURS, input, WIDTHS),
  "squeezenet1_1-imagenet": (weights, input) => createSqueezeNet(weights, "some.pth", "made-up", COLOURS, input),
};
const SMALL: Size = { height: 64, width: 64 };

interface ExpectedLayer {
  readonly channels: number;
  readonly shape: readonly number[];
  readonly means: readonly (readonly number[])[];
  readonly corners: readonly (readonly number[])[];
  readonly gradients?: readonly (readonly (readonly number[])[])[];
}
type ExpectedLayers = Readonly<Record<string, ExpectedLayer>>;

const made = new Map<string, Weights>();
/** The made-up weights of a network, made once. */
function weightsOf(name: string): Weights {
  const { tensors } = fixture.networks.find((each) => each.name === name)!;
  if (!made.has(name)) made.set(name, madeUpTensors(tensors as unknown as MadeUpTensor[]));
  return made.get(name)!;
}

function imagesOf(stream: number, count: number, { height, width }: Size): tf.Tensor4D {
  return tf.tensor4d(madeUpImages(stream, count, height, width).data, [count, height, width, 3]);
}

/** One number per unit: the spatial mean of a channel, or the neuron. */
function unitsOf(activations: tf.Tensor): tf.Tensor2D {
  return (activations.rank === 4 ? activations.mean([1, 2]) : activations) as tf.Tensor2D;
}

function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} is ${actual} instead of ${expected}`);
}

/** The first unit, that at a third of the layer, and the last: those in the fixture. */
const unitsIn = (channels: number) => [0, Math.floor(channels / 3), channels - 1];

for (const { name, cases } of fixture.networks) {
  for (const { height, width, stream, layers } of cases) {
    Deno.test(`${name} has torchvision's activations in every layer at ${height} x ${width} px`, () => {
      const before = tf.memory().numTensors;
      const network = NETWORKS[name](weightsOf(name), { height, width });
      const images = imagesOf(stream, 2, { height, width });
      const expected = layers as unknown as ExpectedLayers;
      assert.deepEqual(network.layers.map((layer) => layer.name), Object.keys(expected));
      const all = network.activations(images, network.layers.map((layer) => layer.name));
      for (const [i, { name: layer, positions, units: count }] of network.layers.entries()) {
        const { channels, shape, means, corners } = expected[layer];
        assert.equal(count, channels, layer);
        assert.equal(positions, shape.length === 0 ? "none" : "grid", layer);
        assert.deepEqual(all[i].shape, [2, ...shape, channels], layer);
        const reduced = tf.tidy(() => unitsOf(all[i]).arraySync());
        const map = all[i].dataSync();
        const largest = Math.max(...[...means.flat(), ...corners.flat()].map(Math.abs));
        for (const [k, unit] of unitsIn(channels).entries()) {
          // float32 through up to 54 layers against float64
          for (const n of [0, 1]) assertClose(reduced[n][unit], means[n][k], 5e-5 * largest, `${layer}:${unit}, ${n}`);
          if (shape.length === 0) continue;
          assertClose(map[map.length / 2 + unit], corners[k][0], 5e-5 * largest, `${layer}:${unit}, first`);
          assertClose(map[map.length - channels + unit], corners[k][1], 5e-5 * largest, `${layer}:${unit}, last`);
        }
      }
      tf.dispose([images, ...all]);
      network.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  }

  Deno.test(`${name} has PyTorch's input gradients`, () => {
    const [{ height, width, stream, layers }] = cases;
    const network = NETWORKS[name](weightsOf(name), { height, width });
    const images = imagesOf(stream, 2, { height, width });
    const steep = Object.entries(layers as unknown as ExpectedLayers).filter(([, { gradients }]) => gradients);
    assert.ok(steep.length >= 3);
    for (const [layer, { channels, gradients }] of steep) {
      for (const [k, unit] of unitsIn(channels).entries()) {
        const gradient = dataOf(() =>
          tf.grad((x) => unitsOf(network.activations(x as tf.Tensor4D, [layer])[0]).slice([0, unit], [-1, 1]).sum())(
            images,
          )
        );
        const steepest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        assert.ok(steepest > 0, `${layer}:${unit} has gradients`);
        for (const n of [0, 1]) {
          for (const [p, [y, x, c]] of fixture.pixels.entries()) {
            const at = gradient[((n * height + y) * width + x) * 3 + c];
            assertClose(at, gradients![n][k][p], 1e-3 * steepest, `${layer}:${unit}, gradient at ${y}, ${x}, ${c}`);
          }
        }
      }
    }
    images.dispose();
    network.dispose();
  });
}

/** Layers of each kind: the first, ones in the midst of a block, a block's sum, the last. */
const SOME: Readonly<Record<string, readonly string[]>> = {
  "resnet34-imagenet": ["conv1", "layer1.0.conv2", "layer2.0.downsample.0", "layer2.0", "fc"],
  "resnet50-imagenet": ["layer1.0.downsample.0", "layer1.0.conv2", "layer2.1.conv3", "layer2.1", "fc"],
  "vgg16-imagenet": ["features.0", "features.7", "features.28", "classifier.0", "classifier.3", "classifier.6"],
  "squeezenet1_1-imagenet": [
    ...["features.0", "features.3.squeeze", "features.7.expand1x1", "features.12.expand3x3", "classifier.1"],
  ],
};

for (const [name, chosen] of Object.entries(SOME)) {
  Deno.test(`${name}: layers in one pass, and images in a batch, are bit for bit those of one at a time`, {
    ignore: !COMPANY_KEEPS_BITS,
  }, () => {
    const before = tf.memory().numTensors;
    const network = NETWORKS[name](weightsOf(name), SMALL);
    const images = imagesOf(780, 3, SMALL);
    const built = tf.memory().numTensors;
    const alone = new Map(chosen.map((layer) => [layer, dataOf(() => network.activations(images, [layer])[0])]));
    for (const asked of [chosen.toReversed(), [chosen[1], chosen[0], chosen[1]], [chosen[2], chosen[1]]]) {
      const together = network.activations(images, asked);
      for (const [i, layer] of asked.entries()) {
        assert.deepEqual(together[i].dataSync(), alone.get(layer), `${layer} of ${asked}`);
      }
      tf.dispose([...new Set(together)]);
    }
    const single = tf.slice(images, [1, 0, 0, 0], [1, 64, 64, 3]);
    for (const layer of chosen) {
      const whole = alone.get(layer)!;
      const part = whole.subarray(whole.length / 3, 2 * whole.length / 3);
      assert.deepEqual(dataOf(() => network.activations(single, [layer])[0]), part, `${layer} of one image`);
    }
    const gradientOf = (some: tf.Tensor4D) =>
      dataOf(() =>
        tf.grad((x) =>
          unitsOf(network.activations(x as tf.Tensor4D, [chosen.at(-1)!])[0]).slice([0, 1], [-1, 1]).sum()
        )(
          some,
        )
      );
    const gradients = gradientOf(images);
    const one = gradients.subarray(gradients.length / 3, 2 * gradients.length / 3);
    assert.deepEqual(gradientOf(single), one, "gradient by one image");
    single.dispose();
    assert.deepEqual(network.activations(images, []), []);
    assert.throws(() => network.activations(images, [chosen[0], "conv9"]), /^RangeError: .* has no layer conv9$/);
    assert.equal(tf.memory().numTensors, built);
    images.dispose();
    network.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("weights of another network are refused, and nothing is left behind", () => {
  const before = tf.memory().numTensors;
  const refused = (name: string, weights: Weights, pattern: RegExp) =>
    assert.throws(() => NETWORKS[name](weights, SMALL), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, pattern);
      assert.match(error.message, /^[^\n]*some\.pth[^\n]*$/);
      return true;
    });
  const without = (name: string, tensor: string) => new Map([...weightsOf(name)].filter(([key]) => key !== tensor));
  refused("resnet18-imagenet", weightsOf("resnet34-imagenet"), /layer1\.2\.conv1\.weight, which ResNet-18 has not/);
  refused("resnet34-imagenet", weightsOf("resnet18-imagenet"), /no tensor layer1\.2\.conv1\.weight/);
  refused("resnet34-imagenet", weightsOf("resnet50-imagenet"), /layer1\.0\.conv3\.weight, which ResNet-34 has not/);
  refused("resnet50-imagenet", without("resnet50-imagenet", "layer4.2.bn3.running_var"), /layer4\.2\.bn3\.running_var/);
  refused("resnet50-imagenet", without("resnet50-imagenet", "fc.bias"), /fc\.bias/);
  refused("vgg16-imagenet", without("vgg16-imagenet", "features.28.bias"), /features\.28\.bias/);
  refused("vgg16-imagenet", without("vgg16-imagenet", "classifier.6.bias"), /classifier\.6\.bias/);
  refused("vgg16-imagenet", weightsOf("squeezenet1_1-imagenet"), /classifier\.0\.weight/);
  refused("squeezenet1_1-imagenet", without("squeezenet1_1-imagenet", "classifier.1.bias"), /classifier\.1\.bias/);
  refused("squeezenet1_1-imagenet", weightsOf("vgg16-imagenet"), /features\.3\.squeeze\.weight/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("averagePoolTo() takes means of windows that overlap, repeat or are the whole", () => {
  const pooled = (
    values: number[],
    size: number,
  ) => [...dataOf(() => averagePoolTo(tf.tensor4d(values, [1, values.length, 1, 1]), size, 1))];
  // four entries to three: entries 0-1, 1-2 and 2-3
  assert.deepEqual(pooled([0, 2, 4, 8], 3), [1, 3, 6]);
  // two entries to three: entry 0, both, entry 1
  assert.deepEqual(pooled([1, 5], 3), [1, 3, 5]);
  assert.deepEqual(pooled([1, 5, 6], 3), [1, 5, 6]);
  assert.deepEqual(pooled([1, 5, 6], 1), [4]);
});
