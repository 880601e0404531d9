import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { createLeNet5 } from "../../lib/networks/lenet5.ts";
import { CIFAR10_COLOURS } from "../../lib/networks/normalize.ts";
import { createResNet18 } from "../../lib/networks/resnet.ts";
import { decodeSafetensors } from "../../lib/weights/safetensors.ts";
import { sha256OfFile } from "../../lib/weights/load_weights.ts";
import { findWeightSet } from "../../lib/weights/registry.ts";
import { normalizationTable, plainBatch } from "../../lib/training/augment.ts";
import { accuracy } from "../../lib/training/train.ts";
import { shuffleLabels } from "../../lib/training/shuffle_labels.ts";
import {
  initialWeights,
  TRAINABLE_MODELS,
  trainModel,
  type TrainModelOptions,
} from "../../lib/training/train_model.ts";
import { withPresentNames } from "../../lib/cli/console/json_names.ts";
import { assertDocumented } from "../documented.ts";
import { inFolder } from "../in_folder.ts";
import { madeUpDataset, sourceOf, unlabelledSource } from "../data/made_up_dataset.ts";
import { DATA, DATASET } from "./made_up_training.ts";

await useBackend();

const PLAIN = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

function optionsIn(folder: string, more: Partial<TrainModelOptions> = {}): TrainModelOptions {
  return {
    seed: 3,
    directory: join(folder, "models"),
    checkpoints: join(folder, "checkpoints"),
    recipe: { epochs: 2, batch: 16, testEvery: 1, warmup: 1 },
    command: "a test",
    ...more,
  };
}

Deno.test("trainModel() refuses a model that it cannot make, naming those it can", async () => {
  assert.deepEqual(TRAINABLE_MODELS, ["lenet5-cifar10", "resnet18-cifar10", "vit-cifar10"]);
  await assert.rejects(trainModel("vgg16", DATASET, optionsIn("nowhere")), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /vgg16.*lenet5-cifar10 or resnet18-cifar10/);
    return true;
  });
});

Deno.test("trainModel() refuses a dataset without labels", async () => {
  const dataset = madeUpDataset(unlabelledSource(DATA.train), sourceOf(DATA.test));
  await assert.rejects(trainModel("lenet5-cifar10", dataset, optionsIn("nowhere")), {
    name: "InputError",
    message: /without labels cannot be learned from/,
  });
});

Deno.test("trainModel() writes a LeNet-5 with its card and its entry, the same bytes when it was cut and resumed", async () => {
  const before = tf.memory().numTensors;
  await inFolder(async (folder) => {
    const whole = optionsIn(join(folder, "whole"));
    const report = await trainModel("lenet5-cifar10", DATASET, whole);
    assert.ok(report);
    const cut = optionsIn(join(folder, "cut"));
    assert.equal(await trainModel("lenet5-cifar10", DATASET, { ...cut, stopAfter: 3 }), null);
    const resumed = await trainModel("lenet5-cifar10", DATASET, cut);
    const paths = [whole, cut].map(({ directory }) => join(directory, "lenet5-cifar10", "weights.safetensors"));
    const [bytes, others] = await Promise.all(paths.map((path) => Deno.readFile(path)));
    assert.deepEqual(others, bytes);
    assert.equal(resumed!.sha256, report.sha256);

    assert.equal(report.sha256, await sha256OfFile(paths[0]));
    assert.equal(report.bytes, bytes.length);
    assert.equal(report.parameters, 62_006);
    assertDocumented("train", withPresentNames(report).document);
    assert.equal(report.history.length, 2);
    // what the stored file does is what the report says
    const { tensors } = decodeSafetensors(await Deno.readFile(paths[0]), paths[0]);
    const network = createLeNet5(tensors, paths[0], "trained", PLAIN);
    const share = accuracy((x) => network.activations(x, ["fc3"])[0] as tf.Tensor2D, DATA.test);
    network.dispose();
    assert.equal(report.testAccuracy, share);
    assert.equal(report.history[1].testAccuracy, share);

    const card = await Deno.readTextFile(join(whole.directory, "lenet5-cifar10", "card.md"));
    for (const told of [report.sha256, "62,006", "a test", `${(100 * share).toFixed(2)} %`, "| epochs | 2 |"]) {
      assert.ok(card.includes(told), `the card does not tell ${told}`);
    }
    const set = await findWeightSet("lenet5-cifar10", whole.directory);
    assert.deepEqual(set.files, [{ path: paths[0], bytes: bytes.length, sha256: report.sha256, url: null }]);
    assert.equal(tf.memory().numTensors, before);
    // another seed does not go on from this checkpoint
    await assert.rejects(trainModel("lenet5-cifar10", DATASET, { ...whole, seed: 4 }), InputError);
  });
});

Deno.test("trainModel() trains on shuffled labels apart from its checkpoint and says so on its card", async () => {
  await inFolder(async (folder) => {
    const plain = optionsIn(folder);
    assert.equal(await trainModel("lenet5-cifar10", DATASET, { ...plain, stopAfter: 1 }), null);
    const shuffled = { ...plain, directory: join(folder, "null"), shuffleLabels: true };
    const report = await trainModel("lenet5-cifar10", DATASET, shuffled); // not from the other's checkpoint, which would be refused
    assert.equal(report!.history.length, 2);
    const own = await trainModel("lenet5-cifar10", DATASET, plain);
    assert.notEqual(own!.sha256, report!.sha256);
    const card = await Deno.readTextFile(join(folder, "null", "lenet5-cifar10", "card.md"));
    assert.match(card, /Trained on permuted labels, as a null/);
    assert.match((await findWeightSet("lenet5-cifar10", join(folder, "null"))).about, /shuffled labels$/);
    assert.doesNotMatch((await findWeightSet("lenet5-cifar10", plain.directory)).about, /shuffled/);
  });
});

Deno.test("shuffleLabels() deals the same labels out anew, by the seed", () => {
  const labels = Uint8Array.from({ length: 1000 }, (_, i) => i % 10);
  const images = { count: 1000, height: 0, width: 0, pixels: new Uint8Array(0), labels };
  const { labels: dealt, count } = shuffleLabels(images, 1);
  assert.equal(count, 1000);
  assert.deepEqual(labels, Uint8Array.from({ length: 1000 }, (_, i) => i % 10)); // those given are left alone
  assert.deepEqual(dealt.toSorted(), labels.toSorted());
  const kept = dealt.filter((label, i) => label === labels[i]).length;
  assert.ok(kept > 60 && kept < 140, `${kept} of 1000 labels stayed`); // 100 expected, standard deviation under 10
  assert.deepEqual(shuffleLabels(images, 1).labels, dealt);
  assert.notDeepEqual(shuffleLabels(images, 2).labels, dealt);
});

Deno.test("initialWeights() are what training begins with: an ordinary weight file, another for another seed", async () => {
  const before = tf.memory().numTensors;
  const { tensors, metadata } = decodeSafetensors(initialWeights("lenet5-cifar10", 3), "initial");
  assert.equal(metadata.trained, "no");
  createLeNet5(tensors, "initial", "lenet5-cifar10", PLAIN).dispose();
  // uniform within 1 / sqrt(fan in), which is 400 for fc1: in [-1/20, 1/20], standard deviation 1 / (20 sqrt(3))
  const fc1 = tensors.get("fc1.weight")!.data;
  assert.ok(fc1.every((value) => Math.abs(value) <= 1 / 20));
  const variance = fc1.reduce((sum, value) => sum + value * value, 0) / fc1.length;
  assert.ok(Math.abs(variance * 1200 - 1) < 0.02, String(variance * 1200));
  assert.notDeepEqual(
    decodeSafetensors(initialWeights("lenet5-cifar10", 4), "other").tensors.get("fc1.weight")!.data,
    fc1,
  );
  assert.deepEqual(decodeSafetensors(initialWeights("lenet5-cifar10", 3), "again").tensors, tensors);
  assert.throws(() => initialWeights("vgg16", 0), InputError);
  // a training of no learning ends with them
  await inFolder(async (folder) => {
    const options = optionsIn(folder);
    const still = { ...options, recipe: { ...options.recipe, learningRate: 0 } };
    await trainModel("lenet5-cifar10", DATASET, still);
    const path = join(still.directory, "lenet5-cifar10", "weights.safetensors");
    const end = decodeSafetensors(await Deno.readFile(path), path);
    assert.deepEqual(end.tensors, tensors);
  });
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("trainModel() writes a ResNet-18 in half precision with the mean embedding of its training images", async () => {
  const before = tf.memory().numTensors;
  await inFolder(async (folder) => {
    const data = { train: { ...DATA.train, count: 6 }, test: { ...DATA.test, count: 5 } };
    const recipe = { epochs: 1, batch: 6, testEvery: 1, warmup: 1, learningRate: 0.01 };
    const options = optionsIn(folder, { recipe });
    const dataset = madeUpDataset(sourceOf(data.train), sourceOf(data.test));
    const report = await trainModel("resnet18-cifar10", dataset, options);
    assert.ok(report);
    assert.equal(report.parameters, 11_173_962);
    assert.ok(report.bytes > 2 * 11_173_962 && report.bytes < 2.01 * 11_173_962, "two bytes a number");
    const path = join(options.directory, "resnet18-cifar10", "weights.safetensors");
    const { tensors } = decodeSafetensors(await Deno.readFile(path), path);
    const network = createResNet18(tensors, path);
    const table = normalizationTable(CIFAR10_COLOURS);
    const mean = dataOf(() =>
      network.features(tf.tensor4d(plainBatch(data.train, 0, 6, table), [6, 32, 32, 3])).mean(0)
    );
    assert.equal(report.testAccuracy, accuracy((x) => network.logits(x), data.test));
    network.dispose();
    const stored = tensors.get("embedding_mean")!;
    assert.deepEqual(stored.shape, [512]);
    // stored in half precision, 2^-11 of the value, and measured before the weights were rounded to it: 20 layers of such
    const largest = Math.max(...mean);
    assert.ok(largest > 0);
    stored.data.forEach((value, i) => assert.ok(Math.abs(value - mean[i]) < 0.02 * largest, `dimension ${i}`));
  });
  assert.equal(tf.memory().numTensors, before);
});
