import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { CIFAR10_MEAN, CIFAR10_STD } from "../../lib/images/cifar10.ts";
import { createLeNet5 } from "../../lib/networks/lenet5.ts";
import { createResNet18 } from "../../lib/networks/resnet.ts";
import { readSafetensors } from "../../lib/networks/safetensors.ts";
import { sha256OfFile } from "../../lib/networks/weights_load.ts";
import { findWeightSet } from "../../lib/networks/weights_registry.ts";
import { normalizationTable, plainBatch } from "../../lib/training/augment.ts";
import { accuracy } from "../../lib/training/train.ts";
import { TRAINABLE_MODELS, trainModel, type TrainModelOptions } from "../../lib/training/train_model.ts";
import { DATA, inFolder } from "./made_up_training.ts";

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
  assert.deepEqual(TRAINABLE_MODELS, ["lenet5-cifar10", "resnet18-cifar10"]);
  await assert.rejects(trainModel("vgg16", DATA, optionsIn("nowhere")), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /vgg16.*lenet5-cifar10 or resnet18-cifar10/);
    return true;
  });
});

Deno.test("trainModel() writes a LeNet-5 with its card and its entry, the same bytes when it was cut and resumed", async () => {
  const before = tf.memory().numTensors;
  await inFolder(async (folder) => {
    const whole = optionsIn(join(folder, "whole"));
    const report = await trainModel("lenet5-cifar10", DATA, whole);
    assert.ok(report);
    const cut = optionsIn(join(folder, "cut"));
    assert.equal(await trainModel("lenet5-cifar10", DATA, { ...cut, stopAfter: 3 }), null);
    const resumed = await trainModel("lenet5-cifar10", DATA, cut);
    const paths = [whole, cut].map(({ directory }) => join(directory, "lenet5-cifar10", "weights.safetensors"));
    const [bytes, others] = await Promise.all(paths.map((path) => Deno.readFile(path)));
    assert.deepEqual(others, bytes);
    assert.equal(resumed!.sha256, report.sha256);

    assert.equal(report.sha256, await sha256OfFile(paths[0]));
    assert.equal(report.bytes, bytes.length);
    assert.equal(report.parameters, 62_006);
    assert.equal(report.history.length, 2);
    // what the stored file does is what the report says
    const { tensors } = await readSafetensors(paths[0]);
    const network = createLeNet5(tensors, paths[0], "trained", PLAIN);
    const share = accuracy((x) => network.activations(x, "fc3") as tf.Tensor2D, DATA.test);
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
    await assert.rejects(trainModel("lenet5-cifar10", DATA, { ...whole, seed: 4 }), InputError);
  });
});

Deno.test("trainModel() writes a ResNet-18 in half precision with the mean embedding of its training images", async () => {
  const before = tf.memory().numTensors;
  await inFolder(async (folder) => {
    const data = { train: { ...DATA.train, count: 6 }, test: { ...DATA.test, count: 5 } };
    const recipe = { epochs: 1, batch: 6, testEvery: 1, warmup: 1, learningRate: 0.01 };
    const options = optionsIn(folder, { recipe });
    const report = await trainModel("resnet18-cifar10", data, options);
    assert.ok(report);
    assert.equal(report.parameters, 11_173_962);
    assert.ok(report.bytes > 2 * 11_173_962 && report.bytes < 2.01 * 11_173_962, "two bytes a number");
    const path = join(options.directory, "resnet18-cifar10", "weights.safetensors");
    const { tensors } = await readSafetensors(path);
    const network = createResNet18(tensors, path);
    const table = normalizationTable(CIFAR10_MEAN, CIFAR10_STD);
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
