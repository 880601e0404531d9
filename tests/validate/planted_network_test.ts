import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { imagesOf, indexRange, isCifar10Present, openDataset } from "../../lib/data/mod.ts";
import type { ImageBatch } from "../../lib/types.ts";
import { shiftAndBrighten, standardize } from "../../lib/validate/planted/features.ts";
import {
  createPlantedNetwork,
  FAMILIES,
  type Family,
  FULL_COUNTS,
  PLANTED_LAYER,
  type PlantedNetwork,
  type PlantedUnit,
  type UnitCounts,
} from "../../lib/validate/planted/mod.ts";
import { sourceOf } from "../data/made_up_dataset.ts";
import { layersBelow } from "../../lib/visualize/mod.ts";
import { randomBatch, randomImages } from "../pipeline/stand_ins.ts";
import { UNITS_OF_SEED_2001 } from "./planted_before.ts";

await useBackend();

/** Random images, enough to normalize with; LeNet-5 and the other networks take them as well as real ones. */
const TRAIN = randomImages(64, "planted train");
const DATA = { train: sourceOf(TRAIN), test: sourceOf(randomImages(64, "planted test")) };
const COUNTS = { single: 2, nearDuplicate: 1, union: 4, sum: 1 };
const WITHOUT_DUPLICATES = { ...COUNTS, nearDuplicate: 0 };
const ALL_KINDS = { ...COUNTS, fooling: 2 };

function countsOf(family: Family) {
  if (family === "lenet" || family === "resnet") return WITHOUT_DUPLICATES;
  return family === "template" || family === "patch" ? ALL_KINDS : COUNTS;
}

/** Worked in double precision, a 2 x 2 square at a time: the mean of ((a - b - c + d) / 2)^2. */
function roughnessOf({ height, width, data }: ImageBatch, image: number): number {
  const at = (y: number, x: number, c: number) => data[((image * height + y) * width + x) * 3 + c];
  let sum = 0;
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      for (let c = 0; c < 3; c++) {
        sum += ((at(y, x, c) - at(y, x + 1, c) - at(y + 1, x, c) + at(y + 1, x + 1, c)) / 2) ** 2;
      }
    }
  }
  return sum / ((height - 1) * (width - 1) * 3);
}

/** Where the gate of fooling units is half open: five times what one reference image in a hundred exceeds, of all 64. */
function thresholdOf(images: ImageBatch): number {
  const sorted = indexRange(0, images.count).map((i) => roughnessOf(images, i)).sort((a, b) => a - b);
  return 5 * (sorted[62] + 0.37 * (sorted[63] - sorted[62])); // .99 of the way from place 0 to place 63 is 62.37
}

/** What a unit of these standardized responses is, as the docstrings of each kind say. */
function expectedActivation({ kind, k, weights, thresholds }: PlantedUnit, z: readonly number[], gate: number): number {
  switch (kind) {
    case "sum":
      return z.reduce((sum, each, j) => sum + weights![j] * Math.log(1 + Math.exp(4 * (each - thresholds![j]))) / 4, 0);
    case "fooling":
      return gate * Math.max(...z.slice(0, k)) + (1 - gate) * (z[k] + 10);
    default:
      return Math.max(...z);
  }
}

function activationsOf(network: PlantedNetwork, { count, height, width, data }: ImageBatch): Float32Array {
  return dataOf(() => network.activations(tf.tensor4d(data, [count, height, width, 3]), [PLANTED_LAYER])[0]);
}

for (const family of FAMILIES) {
  Deno.test(`planted ${family}: a unit is what its kind says of its features`, async () => {
    const network = await createPlantedNetwork(family, 3, countsOf(family), DATA);
    try {
      const images = randomBatch(3, 32, "planted", family);
      images.data.subarray(0, images.data.length / 3).fill(0.4); // the first is smooth
      const threshold = thresholdOf(imagesOf(TRAIN, indexRange(0, 64)));
      const activations = activationsOf(network, images);
      for (const [u, unit] of network.units.entries()) {
        const { data, cols } = await network.featureResponses(u, images);
        assert.equal(cols, unit.features.length);
        const strongest = await network.strongestFeatures(u, images);
        for (let i = 0; i < images.count; i++) {
          const row = [...data.subarray(i * cols, (i + 1) * cols)];
          const gate = 1 / (1 + (roughnessOf(images, i) / threshold) ** 1.5);
          const expected = expectedActivation(unit, row, gate);
          const got = activations[i * network.units.length + u];
          assert.ok(
            Math.abs(got - expected) < 2e-3 * (1 + Math.abs(expected)),
            `${unit.kind}: ${got}, not ${expected}`,
          );
          // what suppresses a sum is not shown by it
          assert.equal(row[strongest[i]], Math.max(...unit.kind === "sum" ? row.slice(0, unit.k) : row));
        }
      }
    } finally {
      network.dispose();
    }
  });

  Deno.test(`planted ${family}: features are of mean 0 and deviation 1 over the training images`, async () => {
    const network = await createPlantedNetwork(family, 3, countsOf(family), DATA);
    try {
      const { data } = await network.featureResponses(0, imagesOf(TRAIN, indexRange(0, 64)));
      const values = [...data];
      const mean = values.reduce((sum, value) => sum + value / 64, 0);
      const variance = values.reduce((sum, value) => sum + value * value / 64, 0) - mean * mean;
      assert.ok(Math.abs(mean) < 1e-2 && Math.abs(variance - 1) < 1e-2, `mean ${mean}, variance ${variance}`);
    } finally {
      network.dispose();
    }
  });
}

Deno.test("planted units are those of their seed", async () => {
  const images = randomBatch(2, 32, "planted seeds");
  const made = async (seed: number) => {
    const network = await createPlantedNetwork("texture", seed, COUNTS, DATA);
    const result = { units: network.units, activations: [...activationsOf(network, images)] };
    network.dispose();
    return result;
  };
  const [a, b, other] = [await made(1), await made(1), await made(2)];
  assert.deepEqual(a, b);
  assert.notDeepEqual(a.activations, other.activations);
  assert.deepEqual(a.units.map(({ kind, k }) => [kind, k]), [
    ["single", 1],
    ["single", 1],
    ["near-duplicate", 1],
    ["union", 2],
    ["union", 3],
    ["union", 4],
    ["union", 5],
    ["sum", 2],
  ]);
});

for (const [family, before] of Object.entries(UNITS_OF_SEED_2001)) {
  Deno.test(`planted ${family}: the units of the published tables are what they were`, {
    ignore: !isCifar10Present(),
  }, async () => {
    const dataset = await openDataset({ kind: "cifar10" });
    const network = await createPlantedNetwork(family as Family, 2001, FULL_COUNTS[family as Family], dataset);
    try {
      const activations = activationsOf(network, await dataset.train.images([7]));
      assert.ok(before.length <= network.units.length);
      for (const [u, line] of before.entries()) {
        const [kind, features, activation] = line.split(" ");
        assert.deepEqual([network.units[u].kind, network.units[u].features.join(".")], [kind, features]);
        assert.ok(Math.abs(activations[u] - Number(activation)) < 1e-2, `${line}: ${activations[u]}`);
      }
    } finally {
      network.dispose();
    }
  });
}

Deno.test("sums and fooling units change no other unit, and each is drawn by itself", async () => {
  const unitsOf = async (changes: Partial<UnitCounts>) => {
    const network = await createPlantedNetwork("template", 4, { ...COUNTS, sum: 3, ...changes }, DATA);
    network.dispose();
    return network.units;
  };
  const [without, one, two] = [await unitsOf({}), await unitsOf({ fooling: 1 }), await unitsOf({ fooling: 2 })];
  assert.deepEqual(one.slice(0, -1), without);
  assert.deepEqual(two.slice(0, -1), one);
});

Deno.test("a rectified sum has k weights in [.5, 1], one or two in [-1, -.5], and thresholds that a tenth of the images exceed", async () => {
  const network = await createPlantedNetwork("template", 3, { ...COUNTS, sum: 6 }, DATA);
  try {
    const images = imagesOf(TRAIN, indexRange(0, 64));
    const sums = [...network.units.entries()].filter(([, { kind }]) => kind === "sum");
    assert.deepEqual(sums.map(([, { k }]) => k), [2, 3, 4, 2, 3, 4]);
    for (const [u, { k, features, weights, thresholds }] of sums) {
      assert.equal(weights!.length, features.length);
      assert.equal(new Set(features).size, features.length);
      const suppressors = weights!.slice(k);
      assert.ok(weights!.slice(0, k).every((weight) => weight >= 0.5 && weight <= 1), weights!.join());
      assert.ok(suppressors.length >= 1 && suppressors.length <= 2, weights!.join());
      assert.ok(suppressors.every((weight) => weight <= -0.5 && weight >= -1), weights!.join());
      assert.equal(new Set(weights!.map(Math.abs)).size, weights!.length); // unequal
      const { data, cols } = await network.featureResponses(u, images);
      thresholds!.forEach((threshold, j) => {
        const active = indexRange(0, 64).filter((i) => data[i * cols + j] > threshold);
        assert.equal(active.length, 7); // places 57 to 63, above .9 x 63 = 56.7
      });
    }
    assert.ok(new Set(sums.map(([, { weights }]) => weights![0])).size > 1);
  } finally {
    network.dispose();
  }
});

Deno.test("activeFeatures() counts the features of a sum above their thresholds, without those that suppress it", async () => {
  const network = await createPlantedNetwork("template", 3, { ...COUNTS, sum: 3 }, DATA);
  try {
    const images = imagesOf(TRAIN, indexRange(0, 64));
    const unit = network.units.findLastIndex(({ kind }) => kind === "sum");
    const { k, thresholds } = network.units[unit];
    const { data, cols } = await network.featureResponses(unit, images);
    const counted = indexRange(0, 64).map((i) =>
      thresholds!.slice(0, k).filter((threshold, j) => data[i * cols + j] > threshold).length
    );
    assert.deepEqual(await network.activeFeatures(unit, images), counted);
    assert.ok(new Set(counted).size > 1);
    await assert.rejects(
      () => network.activeFeatures(0, images),
      /unit 0 is a single, whose features have no threshold/,
    );
  } finally {
    network.dispose();
  }
});

Deno.test("a rectified sum has a gradient where all of its features are off", async () => {
  const network = await createPlantedNetwork("template", 3, COUNTS, DATA);
  try {
    const unit = network.units.findIndex(({ kind }) => kind === "sum");
    const images = imagesOf(TRAIN, indexRange(0, 64));
    const active = await network.activeFeatures(unit, images);
    const off = active.indexOf(0);
    assert.notEqual(off, -1);
    const of = (x: tf.Tensor) =>
      network.activations(x as tf.Tensor4D, [PLANTED_LAYER])[0].slice([0, unit], [1, 1]).sum();
    const image = images.data.slice(off * 32 * 32 * 3, (off + 1) * 32 * 32 * 3);
    const gradient = dataOf(() => tf.grad(of)(tf.tensor4d(image, [1, 32, 32, 3])));
    assert.ok(gradient.some((value) => Math.abs(value) > 1e-6), "the gradient is nothing");
  } finally {
    network.dispose();
  }
});

Deno.test("the gradient of a planted union is that of its strongest feature", async () => {
  const network = await createPlantedNetwork("template", 5, COUNTS, DATA);
  try {
    const unit = network.units.findIndex(({ kind }) => kind === "union");
    const images = randomBatch(1, 32, "planted gradient");
    const of = (x: tf.Tensor) =>
      network.activations(x as tf.Tensor4D, [PLANTED_LAYER])[0].slice([0, unit], [1, 1]).sum();
    const gradient = dataOf(() => tf.grad(of)(tf.tensor4d(images.data, [1, 32, 32, 3])));
    // a linear feature: a step along the gradient gains its squared length
    const step = 1e-3;
    const moved = { ...images, data: images.data.map((value, i) => value + step * gradient[i]) };
    const [before, after] = [images, moved].map((each) => activationsOf(network, each)[unit]);
    const squares = gradient.reduce((sum, value) => sum + value * value, 0);
    assert.ok(Math.abs((after - before) / step / squares - 1) < 0.01);
  } finally {
    network.dispose();
  }
});

Deno.test("near-duplicates respond to real images as one feature does, others do not", {
  ignore: !isCifar10Present(),
}, async () => {
  const dataset = await openDataset({ kind: "cifar10" });
  const network = await createPlantedNetwork("template", 1, { single: 4, nearDuplicate: 4, union: 4, sum: 0 }, dataset);
  try {
    const images = await dataset.train.images(indexRange(0, 200));
    for (const [u, { kind }] of network.units.entries()) {
      const { data, cols } = await network.featureResponses(u, images);
      const column = (j: number) => Array.from({ length: 200 }, (_, i) => data[i * cols + j]);
      for (let j = 1; j < cols; j++) {
        const correlation = column(0).reduce((sum, value, i) => sum + value * column(j)[i] / 200, 0);
        // responses are standardized; pairs of a union are drawn to correlate by less than .5
        if (kind === "near-duplicate") assert.ok(correlation > 0.7, `near-duplicates correlate by ${correlation}`);
        if (kind === "union") assert.ok(correlation < 0.75, `features of a union correlate by ${correlation}`);
      }
    }
  } finally {
    network.dispose();
  }
});

Deno.test("planted units take images of another size, square or not", async () => {
  for (const family of ["template", "patch", "texture", "alexnet"] as const) {
    for (const size of [{ height: 48, width: 48 }, { height: 40, width: 56 }]) {
      const network = await createPlantedNetwork(family, 3, COUNTS, DATA, size);
      assert.deepEqual(network.input, size);
      const random = randomBatch(2, 48, "planted size", family);
      const images = { ...random, ...size, data: random.data.slice(0, 2 * size.height * size.width * 3) };
      const activations = activationsOf(network, images);
      const { data } = await network.featureResponses(0, images); // a single: its feature is its activation
      assert.ok(Math.abs(activations[0] - data[0]) < 2e-3 * (1 + Math.abs(data[0])), family);
      network.dispose();
    }
  }
});

Deno.test("a planted patch is a square of 12 px in an image that is higher than wide too", async () => {
  const size = { height: 24, width: 16 };
  const network = await createPlantedNetwork("patch", 3, { single: 1, nearDuplicate: 0, union: 0, sum: 0 }, DATA, size);
  try {
    // the patch's own pixels are the gradient: 12 rows of 12, side by side
    const images: ImageBatch = { count: 1, ...size, data: new Float32Array(24 * 16 * 3).fill(0.5) };
    const activation = (x: tf.Tensor) => network.activations(x as tf.Tensor4D, [PLANTED_LAYER])[0].sum();
    const gradient = dataOf(() => tf.grad(activation)(tf.tensor4d(images.data, [1, 24, 16, 3])));
    const pixels = indexRange(0, 24 * 16).filter((pixel) => gradient.subarray(3 * pixel, 3 * pixel + 3).some(Boolean));
    const [rows, columns] = [(p: number) => Math.floor(p / 16), (p: number) => p % 16].map((of) => pixels.map(of));
    assert.equal(pixels.length, 144);
    assert.equal(Math.max(...rows) - Math.min(...rows), 11);
    assert.equal(Math.max(...columns) - Math.min(...columns), 11);
  } finally {
    network.dispose();
  }
});

Deno.test("planted networks of made-up features have one layer, at one place", async () => {
  const network = await createPlantedNetwork("template", 3, COUNTS, DATA);
  assert.deepEqual(network.layers, [{ name: PLANTED_LAYER, positions: "none", units: 8 }]);
  const zeros = tf.zeros<tf.Rank.R4>([1, 32, 32, 3]);
  assert.throws(() => network.activations(zeros, ["fc1"]), /of the family template have no layer fc1/);
  network.dispose();
});

function greatestDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((greatest, value, i) => Math.max(greatest, Math.abs(value - b[i])), 0);
}

/** The layer below a network's features that is the nearest to all of them. */
const NEAREST = { lenet: "fc2", resnet: "layer4.1", alexnet: "features.3" } as const;

for (const [family, nearest] of Object.entries(NEAREST)) {
  Deno.test(`planted ${family}: the layers of its network are below its units`, async () => {
    const network = await createPlantedNetwork(family as Family, 3, countsOf(family as Family), DATA);
    const options = { reduce: "mean", postRelu: false } as const;
    try {
      assert.equal(network.layers.at(-1)!.name, PLANTED_LAYER);
      assert.deepEqual(layersBelow(network, PLANTED_LAYER, options, 1), [nearest]);
      const images = randomBatch(2, 32, "below", family);
      const pass = (...layers: string[]) =>
        layers.map((_, i) => dataOf(() => network.activations(tf.tensor4d(images.data, [2, 32, 32, 3]), layers)[i]));
      const [planted, below] = pass(PLANTED_LAYER, nearest);
      // in one pass or in two, and in any order
      assert.ok(greatestDifference(pass(nearest)[0], below) < 1e-5);
      assert.ok(greatestDifference(pass(nearest, PLANTED_LAYER)[1], planted) < 1e-4);
      assert.ok(greatestDifference(activationsOf(network, images), planted) < 1e-4);
      assert.throws(() => pass("features.12"), new RegExp(`of the family ${family} have no layer features.12`));
    } finally {
      network.dispose();
    }
  });
}

Deno.test("families say what they cannot hold", async () => {
  await assert.rejects(() => createPlantedNetwork("lenet", 1, COUNTS, DATA), /lenet has no near-duplicates/);
  await assert.rejects(
    () => createPlantedNetwork("lenet", 1, { ...WITHOUT_DUPLICATES, single: 11 }, DATA),
    /10 features, so no 11 units/,
  );
  await assert.rejects(
    () => createPlantedNetwork("resnet", 1, WITHOUT_DUPLICATES, DATA, { height: 32, width: 40 }),
    /resnet is of a network that takes images of 32 px, not 40x32/,
  );
  await assert.rejects(
    () => createPlantedNetwork("patch", 1, COUNTS, DATA, { height: 32, width: 10 }),
    /patches are of 12 px, which images of 10x32 px cannot hold/,
  );
  await assert.rejects(
    () => createPlantedNetwork("texture", 1, ALL_KINDS, DATA),
    /texture has no fooling units, which are of linear features \(template, patch\); ask for none/,
  );
  await assert.rejects(
    () => createPlantedNetwork("template", 1, ALL_KINDS, DATA, { height: 1, width: 4 }),
    /fooling units look at squares of 2 px, which images of 4x1 px cannot hold/,
  );
  // a single each of 2, sets of near-duplicates of 1, two for each of 31 unions and sums, and 8 to spare
  await assert.rejects(
    () => createPlantedNetwork("template", 1, { ...COUNTS, union: 30 }, DATA),
    /cut from 73 different test images, and the dataset has 64; plant fewer/,
  );
});

Deno.test("standardize() gives zero mean and unit length where the support is, zero elsewhere", () => {
  const values = Float32Array.of(1, 2, 3, 9, 9, 9, 4, 5, 6);
  const output = standardize(values, (pixel) => pixel !== 1);
  assert.deepEqual([...output.subarray(3, 6)], [0, 0, 0]);
  // mean 3.5, deviations -2.5 -1.5 -.5 .5 1.5 2.5, squares 17.5
  const expected = [-2.5, -1.5, -0.5, 0, 0, 0, 0.5, 1.5, 2.5].map((value) => value / Math.sqrt(17.5));
  output.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6));
});

Deno.test("shiftAndBrighten() moves content right and down, repeats edges, and stays within [0, 1]", () => {
  const image = new Float32Array(32 * 32 * 3);
  const at = (y: number, x: number) => (y * 32 + x) * 3;
  image[at(0, 0)] = 0.5;
  image[at(10, 10)] = 0.9;
  const moved = shiftAndBrighten(image, { height: 32, width: 32 }, { dx: 2, dy: 1, gain: 1.2, offset: 0.1 });
  assert.ok(Math.abs(moved[at(11, 12)] - 1) < 1e-6); // 1.18, cut
  assert.ok(Math.abs(moved[at(0, 0)] - 0.7) < 1e-6); // the corner, repeated
  assert.ok(Math.abs(moved[at(1, 2)] - 0.7) < 1e-6);
  assert.ok(Math.abs(moved[at(20, 20)] - 0.1) < 1e-6);
});
