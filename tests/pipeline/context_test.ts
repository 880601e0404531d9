import assert from "node:assert/strict";
import { join } from "node:path";
import { createEmbedder, meanRow } from "../../lib/embed/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { CIFAR10_SHA256, toImageBatch } from "../../lib/data/cifar10.ts";
import { loadWeights } from "../../lib/weights/load_weights.ts";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import { encodeSafetensors } from "../../lib/weights/safetensors.ts";
import { CALIBRATED, type ContextOptions, loadContext, PAPER } from "../../lib/pipeline/mod.ts";
import { randomImages } from "./stand_ins.ts";

await useBackend();

const OPTIONS: ContextOptions = { model: "lenet5-cifar10", profile: CALIBRATED, seed: 5, data: null };
const weightsOf = (model: string) => join(MODELS_DIRECTORY, model, "weights.safetensors");

async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadContext() without a dataset has nothing to start from and nothing to compare with", async () => {
  const context = await loadContext(OPTIONS);
  try {
    assert.equal(context.train, null);
    assert.equal(context.testActivations("conv2"), null);
    assert.equal(context.dataset, null);
    assert.equal(context.seed, 5);
    assert.equal(context.network.name, "lenet5-cifar10");
    assert.equal(context.lpips.net, "alex");
    assert.equal(context.lpips.resize, 64);
    assert.equal(context.embedder.name, "resnet18-cifar10");
    for (const hash of [context.modelSha256, context.lpips.sha256, context.embedder.sha256]) {
      assert.match(hash, /^[0-9a-f]{64}$/);
    }
  } finally {
    context.dispose();
  }
});

Deno.test("loadContext() tells what a layer's units do on each test image, and computes it once", async () => {
  const data = { train: randomImages(3, "train"), test: randomImages(7, "test") };
  const context = await loadContext({ ...OPTIONS, data });
  try {
    assert.equal(context.train, data.train);
    assert.deepEqual(context.dataset, { name: "cifar10", sha256: CIFAR10_SHA256 });
    const matrix = context.testActivations("conv2")!;
    assert.deepEqual([matrix.rows, matrix.cols, matrix.data.length], [7, 16, 7 * 16]);
    assert.equal(context.testActivations("conv2"), matrix);
    // the mean of the channel's map, summed here by hand
    const { data: pixels } = toImageBatch(data.test, [4]);
    const map = tf.tidy(() => context.network.activations(tf.tensor4d(pixels, [1, 32, 32, 3]), "conv2").dataSync());
    let sum = 0;
    for (let i = 3; i < map.length; i += 16) sum += map[i];
    assert.ok(Math.abs(matrix.data[4 * 16 + 3] - sum / (map.length / 16)) < 1e-4);
    assert.equal(context.testActivations("fc3")!.cols, 10);
    assert.deepEqual(context.testActivations("conv2"), matrix);
  } finally {
    context.dispose();
  }
});

Deno.test("loadContext() takes the mean embedding from the weights, else from training images, and none where none is asked", async () => {
  await inFolder(async (folder) => {
    const tensors = await loadWeights(weightsOf("resnet18-cifar10"));
    const mean = Float32Array.from({ length: 512 }, (_, i) => i / 512);
    const [given, bare] = [join(folder, "given.safetensors"), join(folder, "bare.safetensors")];
    const plain = new Map([...tensors].filter(([name]) => name !== "embedding_mean"));
    await Deno.writeFile(bare, encodeSafetensors(plain, {}, "F32"));
    await Deno.writeFile(
      given,
      encodeSafetensors(new Map([...plain, ["embedding_mean", { shape: [512], data: mean }]])),
    );
    const data = { train: randomImages(6, "train"), test: randomImages(2, "test") };
    const meanOf = async (options: Partial<ContextOptions>) => {
      const context = await loadContext({ ...OPTIONS, ...options });
      context.dispose();
      return context.meanEmbedding;
    };
    assert.deepEqual(await meanOf({ embedderWeights: given }), mean);
    assert.equal(await meanOf({ embedderWeights: given, profile: PAPER, data }), null);
    assert.equal(await meanOf({ embedderWeights: bare }), null);
    const embedder = createEmbedder("resnet18-cifar10", plain, bare);
    const all = embedder.embed(toImageBatch(data.train, [0, 1, 2, 3, 4, 5]));
    embedder.dispose();
    assert.deepEqual(await meanOf({ embedderWeights: bare, data }), meanRow(all));
  });
});

Deno.test("loadContext() refuses unknown models and weights that are not what they should be, and leaves no tensor", async () => {
  await inFolder(async (folder) => {
    const cut = join(folder, "cut.safetensors");
    await Deno.writeFile(cut, (await Deno.readFile(weightsOf("lenet5-cifar10"))).subarray(0, 5000));
    const wrong: [Partial<ContextOptions>, RegExp][] = [
      [{ model: "lenet6" }, /^there is no model "lenet6"; choose lenet5-cifar10$/],
      [{ model: "constructor" }, /^there is no model "constructor"/],
      [{ modelWeights: cut }, /cut\.safetensors/],
      [{ modelWeights: join(folder, "none") }, /^cannot read the weight file .*none: .*; check the path$/],
      [
        { modelWeights: weightsOf("lpips-alex") },
        /lpips-alex.* has no tensor conv1\.weight; is it the weight file of anoth/,
      ],
      [{ embedderWeights: cut }, /cut\.safetensors/],
      [
        { embedderWeights: weightsOf("lenet5-cifar10") },
        /lenet5-cifar10.*; is it the weight file of another network\?/,
      ],
    ];
    const before = tf.memory().numTensors;
    for (const [options, pattern] of wrong) {
      await assert.rejects(loadContext({ ...OPTIONS, ...options }), (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, pattern);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
    assert.equal(tf.memory().numTensors, before);
  });
});

Deno.test("loadContext() says how to get weights that are not there", async () => {
  await inFolder(async (folder) => {
    const kept = Deno.env.get("POLYSEM_CACHE");
    Deno.env.set("POLYSEM_CACHE", folder);
    try {
      const imagenet = { ...CALIBRATED, embed: { embedder: "resnet18-imagenet" as const } };
      await assert.rejects(
        loadContext({ ...OPTIONS, profile: imagenet }),
        /^InputError: resnet18-imagenet needs .*resnet18-f37072fd\.pth, which is not there; run .*weights fetch resnet18-imagenet/,
      );
      const squeeze = { ...CALIBRATED, lpips: { ...CALIBRATED.lpips, net: "squeeze" as const } };
      await assert.rejects(
        loadContext({ ...OPTIONS, profile: squeeze }),
        /^InputError: lpips-squeeze needs .*weights fetch lpips-squeeze/,
      );
    } finally {
      if (kept === undefined) Deno.env.delete("POLYSEM_CACHE");
      else Deno.env.set("POLYSEM_CACHE", kept);
    }
  });
});
