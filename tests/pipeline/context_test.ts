import assert from "node:assert/strict";
import { join } from "node:path";
import { CIFAR10_SHA256, indexRange } from "../../lib/data/mod.ts";
import { createEmbedder } from "../../lib/embed/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { meanRow } from "../../lib/matrix.ts";
import { loadWeights } from "../../lib/weights/load_weights.ts";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import { encodeSafetensors } from "../../lib/weights/safetensors.ts";
import { CALIBRATED, type ContextRef, loadContext, meanEmbeddingOf, PAPER } from "../../lib/pipeline/mod.ts";
import { inFolder } from "../in_folder.ts";
import { sharedRef, sourceOf } from "../data/made_up_dataset.ts";
import { randomImages, toldEmbedder } from "./stand_ins.ts";

await useBackend();

const LENET5 = { kind: "shipped", name: "lenet5-cifar10" } as const;

/** A context of LeNet-5 without a dataset, with parts of its reference changed. */
function refOf(
  { subject, instruments }: {
    subject?: Partial<ContextRef["subject"]>;
    instruments?: Partial<ContextRef["instruments"]>;
  } = {},
): ContextRef {
  return {
    subject: { model: LENET5, dataset: null, ...subject },
    instruments: { profile: CALIBRATED, ...instruments },
    seed: 5,
  };
}

const weightsOf = (model: string) => join(MODELS_DIRECTORY, model, "weights.safetensors");

Deno.test("loadContext() without a dataset has nothing to start from and nothing to compare with", async () => {
  const context = await loadContext(refOf());
  try {
    assert.equal(context.dataset, null);
    assert.equal(context.ref.subject.dataset, null);
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

Deno.test("loadContext() opens the dataset, and its reference opens the same in another thread", async () => {
  const [train, test] = [randomImages(3, "train"), randomImages(7, "test")];
  const context = await loadContext(refOf({ subject: { dataset: sharedRef(train, test) } }));
  try {
    const { name, sha256 } = context.dataset!;
    assert.deepEqual([name, sha256], ["cifar10", CIFAR10_SHA256]);
    assert.deepEqual(await context.dataset!.train.images([2, 0]), await sourceOf(train).images([2, 0]));
    assert.equal(context.dataset!.test.count, 7);
    // a worker gets the reference by the structured clone of postMessage
    const again = await loadContext(structuredClone(context.ref));
    try {
      assert.deepEqual(
        await again.dataset!.test.images(indexRange(0, 7)),
        await sourceOf(test).images(indexRange(0, 7)),
      );
      assert.deepEqual(
        [again.seed, again.modelSha256, again.lpips.sha256, again.embedder.sha256],
        [context.seed, context.modelSha256, context.lpips.sha256, context.embedder.sha256],
      );
      assert.deepEqual(again.profile, context.profile);
      assert.deepEqual(again.meanEmbedding, context.meanEmbedding);
    } finally {
      again.dispose();
    }
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
    const train = randomImages(6, "train");
    const dataset = sharedRef(train, randomImages(2, "test"));
    const meanOf = async (
      instruments: Partial<ContextRef["instruments"]>,
      subject: Partial<ContextRef["subject"]> = {},
    ) => {
      const context = await loadContext(refOf({ subject, instruments }));
      context.dispose();
      return context.meanEmbedding;
    };
    assert.deepEqual(await meanOf({ embedderWeights: given }), mean);
    assert.equal(await meanOf({ embedderWeights: given, profile: PAPER }, { dataset }), null);
    assert.equal(await meanOf({ embedderWeights: bare }), null);
    const embedder = createEmbedder("resnet18-cifar10", plain, bare);
    const all = await embedder.embed(await sourceOf(train).images(indexRange(0, 6)));
    embedder.dispose();
    assert.deepEqual(await meanOf({ embedderWeights: bare }, { dataset }), meanRow(all));

    // what one thread has computed the reference tells the others: a made-up mean is taken as it is
    const context = await loadContext(refOf({ subject: { dataset }, instruments: { embedderWeights: bare } }));
    context.dispose();
    assert.deepEqual(context.ref.instruments.meanEmbedding, meanRow(all));
    const told = { embedderWeights: bare, meanEmbedding: mean };
    assert.deepEqual(await meanOf(told, { dataset }), mean);
    assert.equal(
      await meanOf({ embedderWeights: bare, meanEmbedding: null }, { dataset }),
      null,
      "known to be unknown",
    );
  });
});

Deno.test("meanEmbeddingOf() takes 2,000 images spread over the set, all of them where they are fewer", async () => {
  const asked: number[] = [];
  /** Images whose first number is their index; the embedder reads it. */
  const train = (count: number) => ({
    count,
    labels: null,
    images: (indices: ArrayLike<number>) => {
      asked.push(...Array.from(indices));
      const data = Float32Array.from(indices).map((index) => index / 2 ** 20);
      return Promise.resolve({ count: indices.length, height: 1, width: 1, data });
    },
  });
  const reading = {
    ...toldEmbedder(() => [0, 0]),
    dimensions: 1,
    embed: ({ count, data }: { count: number; data: Float32Array }) => Promise.resolve({ rows: count, cols: 1, data }),
  };
  // every 25th of 50,000: 0, 25, ..., 49,975, whose mean is 24,987.5
  assert.deepEqual(await meanEmbeddingOf(reading, train(50_000)), Float32Array.of(24_987.5 / 2 ** 20));
  assert.equal(asked.length, 2000);
  assert.deepEqual([asked[0], asked[1], asked[1999]], [0, 25, 49_975]);
  // of 3,000 every one and a half: 0, 1, 3, 4, 6, ...
  asked.length = 0;
  await meanEmbeddingOf(reading, train(3000));
  assert.deepEqual([asked.length, ...asked.slice(0, 6), asked.at(-1)], [2000, 0, 1, 3, 4, 6, 7, 2998]);
  asked.length = 0;
  assert.deepEqual(await meanEmbeddingOf(reading, train(5)), Float32Array.of(2 / 2 ** 20));
  assert.deepEqual(asked, [0, 1, 2, 3, 4]);
  asked.length = 0;
  const mean = Float32Array.of(7);
  assert.equal(await meanEmbeddingOf({ ...reading, mean }, train(5)), mean, "the one that comes with the weights");
  assert.equal(await meanEmbeddingOf(reading, null), null);
  assert.deepEqual(asked, []);
});

Deno.test("loadContext() refuses unknown models and weights that are not what they should be, and leaves no tensor", async () => {
  await inFolder(async (folder) => {
    const cut = join(folder, "cut.safetensors");
    await Deno.writeFile(cut, (await Deno.readFile(weightsOf("lenet5-cifar10"))).subarray(0, 5000));
    const model = (changes: { name?: string; weights?: string }) => ({ subject: { model: { ...LENET5, ...changes } } });
    const wrong: [Parameters<typeof refOf>[0], RegExp][] = [
      [model({ name: "lenet6" }), /^there is no model "lenet6"; choose lenet5-cifar10/],
      [model({ name: "constructor" }), /^there is no model "constructor"/],
      [model({ weights: cut }), /cut\.safetensors/],
      [model({ weights: join(folder, "none") }), /^cannot read the weight file .*none: .*; check the path$/],
      [
        model({ weights: weightsOf("lpips-alex") }),
        /lpips-alex.* has no tensor conv1\.weight; is it the weight file of anoth/,
      ],
      [{ instruments: { embedderWeights: cut } }, /cut\.safetensors/],
      [
        { instruments: { embedderWeights: weightsOf("lenet5-cifar10") } },
        /lenet5-cifar10.*; is it the weight file of another network\?/,
      ],
      [{ subject: { dataset: { kind: "cifar10", directory: folder } } }, /data_batch_1\.bin is missing/],
      [
        { subject: { dataset: { kind: "imagenet" } as unknown as ContextRef["subject"]["dataset"] } },
        /^there is no dataset of the kind "imagenet"; known is cifar10/,
      ],
    ];
    const before = tf.memory().numTensors;
    for (const [changes, pattern] of wrong) {
      await assert.rejects(loadContext(refOf(changes)), (error) => {
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
        loadContext(refOf({ instruments: { profile: imagenet } })),
        /^InputError: resnet18-imagenet needs .*resnet18-f37072fd\.pth, which is not there; run .*weights fetch resnet18-imagenet/,
      );
      const squeeze = { ...CALIBRATED, lpips: { ...CALIBRATED.lpips, net: "squeeze" as const } };
      await assert.rejects(
        loadContext(refOf({ instruments: { profile: squeeze } })),
        /^InputError: lpips-squeeze needs .*weights fetch lpips-squeeze/,
      );
    } finally {
      if (kept === undefined) Deno.env.delete("POLYSEM_CACHE");
      else Deno.env.set("POLYSEM_CACHE", kept);
    }
  });
});
