import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import {
  createResNet18,
  createTrainableResNet18,
  RESNET18_FEATURES,
  STEM_224,
  STEM_32,
} from "../../lib/networks/resnet.ts";
import type { WeightArray } from "../../lib/weights/safetensors.ts";
import { toWeightArray } from "../../lib/networks/tensors.ts";
import { createRandom } from "../../lib/random.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { madeUpResNet18 } from "./made_up_resnet.ts";
import fixture from "../../fixtures/networks/resnet18.json" with { type: "json" };
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();

const STEMS = { 32: STEM_32, 224: STEM_224 } as const;

const SMALL = madeUpResNet18();

/** Normalized images in [-2, 2), as in the fixture's script. */
function imagesOf(stream: number, count: number, height: number, width: number): tf.Tensor4D {
  return tf.tidy(() =>
    tf.tensor4d(madeUpImages(stream, count, height, width).data, [count, height, width, 3]).mul(4).sub(2) as tf.Tensor4D
  );
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) <= tolerance, `${what} ${i} is ${actual[i]} instead of ${expected[i]}`);
  }
}

for (const each of fixture.stems) {
  Deno.test(`ResNet-18 with the stem for ${each.stem} px has PyTorch's features and class scores`, () => {
    const before = tf.memory().numTensors;
    const network = createResNet18(each.stem === 32 ? SMALL : madeUpResNet18(each), "made up", {
      stem: STEMS[each.stem as 32 | 224],
    });
    for (const { height, width, features, logits } of each.cases) {
      const images = imagesOf(380, 2, height, width);
      const results = [network.features(images), network.logits(images)];
      const [ours, scores] = results.map((tensor) => tensor.dataSync());
      assert.deepEqual(results[0].shape, [2, RESNET18_FEATURES]);
      assert.deepEqual(results[1].shape, [2, 10]);
      assert.ok(ours.every((value) => value >= 0), "features are after a ReLU");
      // float32 through 18 layers, against float64: some 1e-6 of the largest feature; the scores add 512 of them
      const largest = Math.max(...features.flat());
      assertClose(ours, features.flat(), 2e-5 * largest, "feature");
      assertClose(scores, logits.flat(), 1e-4 * largest, "score");
      tf.dispose([images, ...results]);
    }
    network.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("ResNet-18 to train and ResNet-18 to use give the same class scores; training updates running statistics", () => {
  const before = tf.memory().numTensors;
  const random = createRandom(3);
  let state = 1; // a cheap generator: eleven million normal numbers take seconds
  const uniform = () => (state = (48271 * state) % 2147483647) / 2147483647;
  const classifier = createTrainableResNet18({ ...random, uniform, normal: () => 3.46 * (uniform() - 0.5) });
  // torchvision's has 11,689,512; its stem has 64 x 3 x (7^2 - 3^2) more, its 990 other classes 513 each
  const parameters = [...classifier.parameters.values()].reduce((sum, { size }) => sum + size, 0);
  assert.equal(parameters, 11_689_512 - 64 * 3 * 40 - 990 * 513);
  const fill = (variable: tf.Variable, number: () => number) =>
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from({ length: variable.size }, number), variable.shape)));
  // scales, offsets and statistics that are not those of the beginning, so that a swap or an omission shows
  for (const [name, variable] of classifier.parameters) {
    if (variable.rank === 1) {
      fill(variable, () => name.endsWith("weight") ? 0.5 + random.uniform() : random.uniform() - 0.5);
    }
  }
  for (const [name, variable] of classifier.buffers) {
    fill(variable, () => name.endsWith("var") ? 0.5 + random.uniform() : random.uniform() - 0.5);
  }
  const weights = new Map(
    [...classifier.parameters, ...classifier.buffers].map(([name, value]) => [name, toWeightArray(value)] as const),
  );
  // the names are those of PyTorch's state_dict
  assert.deepEqual(new Set(weights.keys()), new Set(fixture.stems[0].tensors.map(([name]) => name as string)));
  const network = createResNet18(weights, "trained");
  const images = imagesOf(390, 3, 32, 32);
  const used = dataOf(() => network.logits(images));
  const trained = dataOf(() => classifier.logits(images, false));
  const largest = Math.max(...trained.map(Math.abs));
  assertClose(used, trained, 1e-4 * largest, "score");

  // the stem's running mean moves to 0.9 old + 0.1 (mean of the convolution over the batch)
  const old = classifier.buffers.get("bn1.running_mean")!.dataSync();
  const batchMean = tf.tidy(() =>
    tf.conv2d(
      tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]]),
      classifier.parameters.get("conv1.weight") as unknown as tf.Tensor4D,
      2,
      "valid",
    ).mean([0, 1, 2]).dataSync()
  );
  tf.tidy(() => void classifier.logits(images, true));
  const moved = classifier.buffers.get("bn1.running_mean")!.dataSync();
  assertClose(moved, old.map((value, c) => 0.9 * value + 0.1 * batchMean[c]), 1e-5, "running mean");

  tf.tidy(() => void classifier.logits(images, false));
  assert.deepEqual(classifier.buffers.get("bn1.running_mean")!.dataSync(), moved, "evaluation changes nothing");
  images.dispose();
  network.dispose();
  classifier.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("an image's features are bit for bit the same alone and in batches of 3 and 8", {
  ignore: !COMPANY_KEEPS_BITS,
}, () => {
  const network = createResNet18(SMALL, "made up");
  const all = imagesOf(600, 8, 32, 32);
  const featuresOf = (first: number, count: number) =>
    tf.tidy(() => network.features(all.slice([first, 0, 0, 0], [count, 32, 32, 3])).dataSync());
  const whole = featuresOf(0, 8);
  for (const [first, count] of [[0, 1], [5, 1], [2, 3]]) {
    const part = whole.slice(first * RESNET18_FEATURES, (first + count) * RESNET18_FEATURES);
    assert.deepEqual(featuresOf(first, count), part, `images ${first} and ${count - 1} more`);
  }
  all.dispose();
  network.dispose();
});

Deno.test("createResNet18() refuses weights that are missing, of another network or not finite, and leaks nothing", () => {
  const before = tf.memory().numTensors;
  const weights = SMALL;
  const refused = (change: [string, WeightArray | null], message: RegExp) => {
    const changed = new Map(weights);
    change[1] === null ? changed.delete(change[0]) : changed.set(change[0], change[1]);
    assert.throws(() => createResNet18(changed, "some.pth"), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      assert.match(error.message, /^[^\n]*some\.pth[^\n]*$/);
      return true;
    });
  };
  const vector = (length: number, value: number) => ({ shape: [length], data: new Float32Array(length).fill(value) });
  refused(["layer3.0.downsample.1.bias", null], /layer3\.0\.downsample\.1\.bias/);
  refused(
    ["fc.weight", { shape: [1000, 512], data: new Float32Array(512_000) }],
    /fc\.weight.*\[1000,512\].*\[10,512\]/,
  );
  refused(["layer4.1.bn2.running_mean", vector(512, NaN)], /layer4\.1\.bn2\.running_mean.*finite/);
  // torchvision's stem is 7 x 7
  const large = new Map(weights).set("conv1.weight", { shape: [64, 3, 7, 7], data: new Float32Array(64 * 3 * 49) });
  assert.throws(() => createResNet18(large, "some.pth"), /conv1\.weight/);
  // a variance is not negative: its square root would make the whole network NaN
  refused(["bn1.running_var", vector(64, -1)], /bn1\.running_var.*negative/);
  // ResNet-34 has all of ResNet-18's tensors, and more
  refused(
    ["layer1.2.conv1.weight", { shape: [64, 64, 3, 3], data: new Float32Array(64 * 576) }],
    /layer1\.2\.conv1\.weight/,
  );
  assert.equal(tf.memory().numTensors, before);
  // what PyTorch and we keep beside the weights is no part of the network
  const accepted = new Map(weights).set("bn1.num_batches_tracked", vector(1, 7)).set("embedding_mean", vector(512, 0));
  createResNet18(accepted, "fine").dispose();
});
