import assert from "node:assert/strict";
import { join } from "node:path";
import { createEmbedder, loadEmbedder } from "../../lib/embed/mod.ts";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { resizeBilinear } from "../../lib/images/resize.ts";
import { createResNet18, STEM_224 } from "../../lib/networks/resnet.ts";
import { loadWeights, sha256OfFile } from "../../lib/weights/load_weights.ts";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import type { Weights } from "../../lib/weights/take_weight.ts";
import { createRandom } from "../../lib/random.ts";
import type { ImageBatch } from "../../lib/types.ts";
import { randomBatch } from "../pipeline/stand_ins.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();

const FILE = join(MODELS_DIRECTORY, "resnet18-cifar10", "weights.safetensors");
const tensors = await loadWeights(FILE);

function normalized({ count, height, width, data }: ImageBatch, mean: number[], std: number[]): tf.Tensor4D {
  const values = data.map((value, i) => (value - mean[i % 3]) / std[i % 3]);
  return tf.tensor4d(values, [count, height, width, 3]);
}

function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) <= tolerance, `entry ${i}: ${actual[i]} instead of ${expected[i]}`);
  }
}

Deno.test("embed() is the network's pooled features of the normalized images, 512 numbers that are not negative", async () => {
  const embedder = createEmbedder("resnet18-cifar10", tensors, FILE);
  const network = createResNet18(tensors, FILE);
  const images = randomBatch(3, 32);
  const embeddings = await embedder.embed(images);
  assert.deepEqual([embeddings.rows, embeddings.cols, embeddings.data.length], [3, 512, 1536]);
  assert.equal(embedder.dimensions, 512);
  assert.ok(embeddings.data.every((value) => value >= 0));
  const direct = dataOf(() => network.features(normalized(images, [.4914, .4822, .4465], [.2470, .2435, .2616])));
  closeTo(embeddings.data, direct, 1e-4);
  embedder.dispose();
  network.dispose();
});

Deno.test("embed() resizes images of other sizes bilinearly to the network's own", async () => {
  const embedder = createEmbedder("resnet18-cifar10", tensors, FILE);
  const resizes = async (images: ImageBatch) => {
    const resized = await embedder.embed(resizeBilinear(images, 32, 32));
    closeTo((await embedder.embed(images)).data, resized.data, 1e-3);
  };
  for (const size of [20, 45, 64]) {
    const images = randomBatch(1, size);
    await resizes(images);
  }
  const wide = { ...randomBatch(1, 32), height: 16, width: 64 }; // the same numbers as another shape
  await resizes(wide);
  const narrow = { ...randomBatch(1, 32), width: 16, data: wide.data.subarray(0, 32 * 16 * 3) };
  await resizes(narrow);
  embedder.dispose();
});

Deno.test("embed() gives an image the same row, bit for bit, in every batch and at every place in it", {
  ignore: !COMPANY_KEEPS_BITS,
}, async () => {
  const embedder = createEmbedder("resnet18-cifar10", tensors, FILE);
  const images = randomBatch(70, 32); // more than one pass holds
  const all = await embedder.embed(images);
  const part = async (from: number, to: number) => {
    const data = images.data.subarray(from * 3072, to * 3072);
    return (await embedder.embed({ ...images, count: to - from, data })).data;
  };
  for (const [from, to] of [[0, 1], [5, 6], [1, 3], [60, 70], [69, 70], [3, 40]]) {
    assert.deepEqual(await part(from, to), all.data.slice(from * 512, to * 512), `images ${from} to ${to - 1}`);
  }
  embedder.dispose();
});

Deno.test("embed() of no image has no row", async () => {
  const embedder = createEmbedder("resnet18-cifar10", tensors, FILE);
  assert.deepEqual(await embedder.embed({ count: 0, height: 32, width: 32, data: new Float32Array() }), {
    rows: 0,
    cols: 512,
    data: new Float32Array(),
  });
  embedder.dispose();
});

Deno.test("createEmbedder() makes the ImageNet embedder at 224 px with its own normalization", async () => {
  const random = createRandom("stem");
  const stem = Float32Array.from({ length: 64 * 3 * 49 }, () => 0.05 * random.normal());
  const imagenet: Weights = new Map([
    ...[...tensors].filter(([name]) => name !== "embedding_mean"),
    ["conv1.weight", { shape: [64, 3, 7, 7], data: stem }],
    ["fc.weight", { shape: [1000, 512], data: new Float32Array(512_000) }],
    ["fc.bias", { shape: [1000], data: new Float32Array(1000) }],
  ]);
  const embedder = createEmbedder("resnet18-imagenet", imagenet, "made up");
  const network = createResNet18(imagenet, "made up", { stem: STEM_224, classes: 1000 });
  assert.equal(embedder.inputSize, 224);
  assert.equal(embedder.mean, null);
  const image = randomBatch(1, 32);
  const large = normalized(resizeBilinear(image, 224, 224), [.485, .456, .406], [.229, .224, .225]);
  const direct = dataOf(() => network.features(large));
  large.dispose();
  const largest = direct.reduce((most, value) => Math.max(most, value), 0);
  assert.ok(largest > 0);
  closeTo((await embedder.embed(image)).data, direct, 1e-4 * largest);
  embedder.dispose();
  network.dispose();
});

Deno.test("embedders leave no tensor behind", async () => {
  const before = tf.memory().numTensors;
  const embedder = createEmbedder("resnet18-cifar10", tensors, FILE);
  const loaded = tf.memory().numTensors;
  await embedder.embed(randomBatch(2, 40));
  assert.equal(tf.memory().numTensors, loaded);
  embedder.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("an embedder's mean is the one that comes with its weights", () => {
  const mean = Float32Array.from({ length: 512 }, (_, i) => i);
  const embedder = createEmbedder(
    "resnet18-cifar10",
    new Map([...tensors, ["embedding_mean", { shape: [512], data: mean }]]),
    FILE,
  );
  assert.deepEqual(embedder.mean, mean);
  embedder.dispose();
  const short = new Map([...tensors, ["embedding_mean", { shape: [2], data: mean.subarray(0, 2) }]]);
  const before = tf.memory().numTensors;
  assert.throws(
    () => createEmbedder("resnet18-cifar10", short, "short"),
    /^InputError: short: embedding_mean has shape/,
  );
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("loadEmbedder() loads the committed one with its hash, or a file of one's own", async () => {
  const committed = await loadEmbedder("resnet18-cifar10");
  assert.equal(committed.name, "resnet18-cifar10");
  assert.equal(committed.sha256, await sha256OfFile(FILE));
  const own = await loadEmbedder("resnet18-cifar10", FILE);
  assert.equal(own.sha256, committed.sha256);
  const image = randomBatch(1, 32);
  assert.deepEqual(await own.embed(image), await committed.embed(image));
  own.dispose();
  committed.dispose();
});

Deno.test("loadEmbedder() refuses unknown names and weights of another network, in one line", async () => {
  const refused = (pattern: RegExp, name: string, file?: string) =>
    assert.rejects(loadEmbedder(name, file), (error) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  for (const name of ["resnet19", "", "constructor"]) {
    await refused(
      new RegExp(
        `^there is no embedder "${name}"; choose resnet18-cifar10, resnet18-imagenet or alexnet-imagenet, or give an .onnx file$`,
      ),
      name,
    );
  }
  const lenet = join(MODELS_DIRECTORY, "lenet5-cifar10", "weights.safetensors");
  await refused(/lenet5-cifar10.*; is it the weight file of another network\?$/, "resnet18-cifar10", lenet);
  await refused(/conv1\.weight has shape \[64,3,3,3\] instead of \[64,3,7,7\]/, "resnet18-imagenet", FILE);
  await refused(/cannot read the weight file no\/such\.pth/, "resnet18-cifar10", "no/such.pth");
  await refused(/is not a weight file/, "resnet18-cifar10", join(MODELS_DIRECTORY, "index.json"));
});
