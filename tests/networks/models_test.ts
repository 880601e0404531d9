import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { indexRange, isCifar10Present, openDataset } from "../../lib/data/mod.ts";
import {
  chosenSize,
  createAlexNetFeatures,
  describeModel,
  IMAGENET_COLOURS,
  loadNetwork,
  MODEL_NAMES,
  type ModelRef,
  normalizeColours,
} from "../../lib/networks/mod.ts";
import { encodeSafetensors, findWeightSet, readWeights, sha256OfFile } from "../../lib/weights/mod.ts";
import { inFolder } from "../in_folder.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { type MadeUpTensor, madeUpTensors } from "./made_up_resnet.ts";
import torchvision from "../../fixtures/networks/torchvision_networks.json" with { type: "json" };

await useBackend();

const LENET5: ModelRef = { kind: "shipped", name: "lenet5-cifar10" };
/** Models whose weights are downloaded. */
const FETCHED = [
  "resnet18-imagenet",
  "resnet34-imagenet",
  "resnet50-imagenet",
  "vgg16-imagenet",
  "squeezenet1_1-imagenet",
];

Deno.test("describeModel() tells of a model what the loaded network tells of itself", async () => {
  const before = tf.memory().numTensors;
  const committed = ["lenet5-cifar10", "resnet18-cifar10", "alexnet-imagenet", "vit-cifar10"];
  assert.deepEqual(MODEL_NAMES, [...committed, ...FETCHED]);
  for (const name of committed) {
    const ref = { kind: "shipped", name } as const;
    const described = await describeModel(ref);
    assert.equal(tf.memory().numTensors, before, "nothing is loaded for it");
    const { network, sha256 } = await loadNetwork(structuredClone(ref));
    assert.deepEqual(described, { name: network.name, input: network.input, layers: network.layers });
    const set = name === "alexnet-imagenet" ? "lpips-alex" : name;
    assert.equal(sha256, await sha256OfFile((await findWeightSet(set)).files[0].path));
    network.dispose();
  }
  assert.equal(tf.memory().numTensors, before);
  const { input, layers } = await describeModel(LENET5);
  assert.deepEqual(input, { height: 32, width: 32 });
  assert.deepEqual(layers.map(({ name, positions, units }) => `${name} ${positions} ${units}`), [
    "conv1 grid 6",
    "conv2 grid 16",
    "fc1 none 120",
    "fc2 none 84",
    "fc3 none 10",
  ]);
});

Deno.test("describeModel() and loadNetwork() refuse a model that they do not know, in one line", async () => {
  for (const name of ["lenet6", "", "constructor"]) {
    for (const load of [describeModel, loadNetwork]) {
      await assert.rejects(async () => await load({ kind: "shipped", name }), (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, new RegExp(`^there is no model "${name}"; choose lenet5-cifar10[^\\n]*$`));
        return true;
      });
    }
  }
});

Deno.test("loadNetwork() takes weights from a file of one's own", async () => {
  const [file] = (await findWeightSet("lenet5-cifar10")).files;
  const { network, sha256 } = await loadNetwork({ ...LENET5, weights: file.path });
  network.dispose();
  assert.equal(sha256, await sha256OfFile(file.path));
  await assert.rejects(loadNetwork({ ...LENET5, weights: "no/such.pth" }), {
    name: "InputError",
    message: /no\/such\.pth/,
  });
});

Deno.test("alexnet-imagenet takes images of 64 to 224 px, of 64 where nothing is said", async () => {
  const ref = { kind: "shipped", name: "alexnet-imagenet" } as const;
  assert.deepEqual((await describeModel(ref)).input, { height: 64, width: 64 });
  assert.deepEqual(chosenSize(ref), { height: 64, width: 64 });
  const sizes = [[64, 64], [96, 224], [224, 64], [224, 224]].map(([height, width]) => ({ height, width }));
  for (const size of sizes) {
    const { network } = await loadNetwork(structuredClone({ ...ref, size }));
    assert.deepEqual(network.input, size);
    assert.deepEqual(chosenSize({ ...ref, size }), size);
    // conv1: (side + 2 * 2 - 11) / 4 + 1; pools: (side - 3) / 2 + 1; all rounded down
    const second = (pixels: number) => Math.floor((Math.floor((pixels - 7) / 4) + 1 - 3) / 2) + 1;
    const fifth = (pixels: number) => Math.floor((second(pixels) - 3) / 2) + 1;
    const images = tf.zeros<tf.Rank.R4>([1, size.height, size.width, 3]);
    const activations = network.activations(images, ["features.3", "features.10"]);
    assert.deepEqual(activations[0].shape, [1, second(size.height), second(size.width), 192]);
    assert.deepEqual(activations[1].shape, [1, fifth(size.height), fifth(size.width), 256]);
    tf.dispose([images, ...activations]);
    network.dispose();
  }
});

Deno.test("a size that a model does not take is refused, before anything is loaded, in one line", async () => {
  const before = tf.memory().numTensors;
  const refused = async (ref: ModelRef, message: RegExp) => {
    for (const load of [describeModel, loadNetwork, (ref: ModelRef) => Promise.resolve().then(() => chosenSize(ref))]) {
      await assert.rejects(async () => await load(ref), (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
  };
  for (const name of ["lenet5-cifar10", "resnet18-cifar10"]) {
    for (const side of [32, 64]) {
      await refused(
        { kind: "shipped", name, size: { height: side, width: side } },
        new RegExp(`^${name} takes images of 32 x 32 px, and no others; leave the input size out$`),
      );
    }
  }
  for (const [height, width] of [[63, 64], [64, 63], [225, 64], [64, 225], [0, 0], [64.5, 64], [NaN, 64]]) {
    await refused(
      { kind: "shipped", name: "alexnet-imagenet", size: { height, width } },
      /input size of .* px is out of range; alexnet-imagenet takes images of 64 to 224 px, height and width$/,
    );
  }
  assert.equal(chosenSize(LENET5), null);
  assert.equal(chosenSize({ kind: "typescript", file: "none.ts" }), null);
  assert.equal(chosenSize({ kind: "onnx", file: "none.onnx", input: { size: { height: 64, width: 64 } } }), null);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("describeModel() names the layers of torchvision's networks as torchvision names its modules", async () => {
  const counts = await Promise.all(FETCHED.map(async (name) => {
    const { input, layers } = await describeModel({ kind: "shipped", name });
    assert.deepEqual(input, { height: 224, width: 224 });
    const [{ layers: expected }] = torchvision.networks.find((each) => each.name === name)!.cases;
    // the fixture's VGG-16 has narrow dense layers
    const widthOf = (layer: string, { channels }: { channels: number }) =>
      name === "vgg16-imagenet" && layer.startsWith("classifier") ? (layer.endsWith("6") ? 1000 : 4096) : channels;
    assert.deepEqual(
      layers.map(({ name, units }) => [name, units]),
      Object.entries(expected).map(([layer, described]) => [layer, widthOf(layer, described)]),
    );
    return layers.reduce((sum, { units }) => sum + units, 0);
  }));
  // of blocks of two convolutions of width w: 3 w with the sum; of three: 2 w + 4 w + 4 w; of projections: w or 4 w
  const widths = [64, 128, 256, 512];
  const basic = (blocks: number[]) => widths.reduce((sum, w, i) => sum + (3 * blocks[i] + Number(i > 0)) * w, 1064);
  const bottleneck = (blocks: number[]) => widths.reduce((sum, w, i) => sum + (10 * blocks[i] + 4) * w, 1064);
  const fire = (squeezed: number, expanded: number) => squeezed + 2 * expanded;
  assert.deepEqual(counts, [
    basic([2, 2, 2, 2]),
    basic([3, 4, 6, 3]),
    bottleneck([3, 4, 6, 3]),
    2 * 64 + 2 * 128 + 3 * 256 + 6 * 512 + 2 * 4096 + 1000,
    64 + 2 * (fire(16, 64) + fire(32, 128) + fire(48, 192) + fire(64, 256)) + 1000,
  ]);
  assert.deepEqual(counts, [7_720, 13_288, 42_664, 13_416, 3_944]);
});

Deno.test("torchvision's networks take images of 64 to 224 px, and a file in place of the official one", () =>
  inFolder(async (folder) => {
    const ref = { kind: "shipped", name: "squeezenet1_1-imagenet" } as const;
    for (const name of FETCHED) {
      assert.deepEqual(chosenSize({ kind: "shipped", name }), { height: 224, width: 224 });
      for (const side of [63, 225]) {
        assert.throws(() => chosenSize({ kind: "shipped", name, size: { height: side, width: 64 } }), /64 to 224 px/);
      }
    }
    const before = tf.memory().numTensors;
    const { tensors } = torchvision.networks.find(({ name }) => name === ref.name)!;
    const weights = join(folder, "mine.safetensors");
    await Deno.writeFile(weights, encodeSafetensors(madeUpTensors(tensors as unknown as MadeUpTensor[])));
    const size = { height: 64, width: 80 };
    const { network, sha256 } = await loadNetwork(structuredClone({ ...ref, weights, size }));
    assert.deepEqual(await describeModel({ ...ref, size }), { name: ref.name, input: size, layers: network.layers });
    assert.equal(sha256, await sha256OfFile(weights));
    // conv: (side - 3) / 2 + 1, rounded down; pools: (side - 3) / 2 + 1, rounded up
    const shape = tf.tidy(() => network.activations(tf.zeros<tf.Rank.R4>([1, 64, 80, 3]), ["classifier.1"])[0].shape);
    assert.deepEqual(shape, [1, 3, 4, 1000]);
    network.dispose();
    for (const name of ["resnet18-imagenet", "vgg16-imagenet"]) {
      await assert.rejects(loadNetwork({ kind: "shipped", name, weights }), {
        name: "InputError",
        message: /mine\.saf/,
      });
    }
    assert.equal(tf.memory().numTensors, before);
  }));

Deno.test("a model whose weights are not fetched yet says in one line how to get them", () =>
  inFolder(async (folder) => {
    const kept = Deno.env.get("POLYSEM_CACHE");
    Deno.env.set("POLYSEM_CACHE", folder);
    try {
      for (const name of FETCHED) {
        await assert.rejects(loadNetwork({ kind: "shipped", name }), (error) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(
            error.message,
            new RegExp(`^${name} needs .*\\.pth, .*deno task weights fetch ${name}\`[^\\n]*$`),
          );
          return true;
        });
      }
    } finally {
      if (kept === undefined) Deno.env.delete("POLYSEM_CACHE");
      else Deno.env.set("POLYSEM_CACHE", kept);
    }
  }));

Deno.test("alexnet-imagenet's activations after their ReLUs are the features that LPIPS compares", async () => {
  const { network } = await loadNetwork({ kind: "shipped", name: "alexnet-imagenet" });
  const [file] = (await findWeightSet("lpips-alex")).files;
  const { tensors } = await readWeights(file, "lpips-alex", (name) => name.startsWith("features."));
  const features = createAlexNetFeatures(tensors, file.path);
  const { data } = madeUpImages(800, 2, 64);
  const { mean, std } = IMAGENET_COLOURS;
  tf.tidy(() => {
    const expected = features.features(tf.tensor4d(normalizeColours(data, mean, std), [2, 64, 64, 3]));
    const ours = network.activations(tf.tensor4d(data, [2, 64, 64, 3]), network.layers.map(({ name }) => name));
    for (const [i, activations] of ours.entries()) {
      const largest = expected[i].max().dataSync()[0];
      assert.ok(largest > 0);
      const difference = activations.relu().sub(expected[i]).abs().max().dataSync()[0];
      assert.ok(difference <= 2e-5 * largest, network.layers[i].name);
    }
  });
  features.dispose();
  network.dispose();
});

Deno.test("resnet18-cifar10 tells the classes of test images as its card says", async (test) => {
  const present = isCifar10Present();
  await test.step({
    name: present ? "measured" : "skipped: CIFAR-10 is not in the cache; run `deno task setup`",
    ignore: !present,
    fn: async () => {
      const { network } = await loadNetwork({ kind: "shipped", name: "resnet18-cifar10" });
      const { labels, images } = (await openDataset({ kind: "cifar10" })).test;
      const { data } = await images(indexRange(0, 500));
      const classes = dataOf(() =>
        network.activations(tf.tensor4d(data, [500, 32, 32, 3]), ["fc"])[0].argMax(1).toFloat()
      );
      const correct = classes.reduce((sum, label, i) => sum + Number(label === labels![i]), 0);
      // 90.17 % of all 10,000; of 500 with a standard error of 1.3 %
      assert.ok(Math.abs(correct / 500 - 0.9017) < 0.055, `${correct}`);
      network.dispose();
    },
  });
});
