import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { indexRange, isCifar10Present, openDataset } from "../../lib/data/mod.ts";
import { createLeNet5, createTrainableLeNet5, LENET5_LAYERS } from "../../lib/networks/lenet5.ts";
import { CIFAR10_COLOURS, type Normalization } from "../../lib/networks/normalize.ts";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import { decodeSafetensors, type WeightArray } from "../../lib/weights/safetensors.ts";
import { toWeightArray } from "../../lib/networks/tensors.ts";
import { createRandom } from "../../lib/random.ts";
import { madeUp, madeUpImages } from "../lpips/made_up.ts";
import fixture from "../../fixtures/networks/lenet5.json" with { type: "json" };
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();

/** The layers and their PyTorch shapes, in the order of the fixture's script. */
const SHAPES = { conv1: [6, 3, 5, 5], conv2: [16, 6, 5, 5], fc1: [120, 400], fc2: [84, 120], fc3: [10, 84] };
const NORMALIZATION = { mean: fixture.mean, std: fixture.std } as unknown as Normalization;
const PLAIN: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

/** The weights of the fixture's script. */
function madeUpWeights(): Map<string, WeightArray> {
  return new Map(
    Object.entries(SHAPES).flatMap(([name, shape], index): [string, WeightArray][] => {
      const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
      const bound = Math.sqrt(6 / fanIn);
      return [
        [`${name}.weight`, { shape, data: madeUp(300 + 2 * index, shape[0] * fanIn).map((u) => (2 * u - 1) * bound) }],
        [`${name}.bias`, { shape: [shape[0]], data: madeUp(301 + 2 * index, shape[0]).map((u) => 0.2 * u - 0.1) }],
      ];
    }),
  );
}

function imagesOf(count: number): tf.Tensor4D {
  return tf.tensor4d(madeUpImages(320, count, 32).data, [count, 32, 32, 3]);
}

/** One number per unit: the spatial mean of a channel, or the neuron. */
function units(activations: tf.Tensor): tf.Tensor2D {
  return (activations.rank === 4 ? activations.mean([1, 2]) : activations) as tf.Tensor2D;
}

/** Activations of magnitudes up to 10 after five layers of float32 sums of up to 400 terms. */
const TOLERANCE = 5e-5;

function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} is ${actual} instead of ${expected}`);
}

Deno.test("LeNet-5 has 236 units and 62,006 parameters", () => {
  assert.equal(LENET5_LAYERS.reduce((sum, { units }) => sum + units, 0), 236);
  const classifier = createTrainableLeNet5(createRandom(1));
  // by hand: 6 (75 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1)
  assert.equal(456 + 2416 + 48120 + 10164 + 850, 62006);
  assert.equal([...classifier.parameters.values()].reduce((sum, { size }) => sum + size, 0), 62006);
  assert.equal(classifier.buffers.size, 0);
  classifier.dispose();
});

Deno.test("createTrainableLeNet5() draws within 1 / sqrt(fan in), the same for the same seed", () => {
  const [one, same, other] = [7, 7, 8].map((seed) => createTrainableLeNet5(createRandom(seed)));
  for (const [name, parameter] of one.parameters) {
    const fanIn = { conv1: 75, conv2: 150, fc1: 400, fc2: 120, fc3: 84 }[name.split(".")[0]]!;
    const data = parameter.dataSync();
    const largest = Math.max(...data.map(Math.abs));
    assert.ok(largest <= 1 / Math.sqrt(fanIn));
    // of n uniform magnitudes the largest is below 60 % of the bound with a chance of .6^n; n is 6 or more
    assert.ok(largest > 0.6 / Math.sqrt(fanIn), name);
    assert.deepEqual(same.parameters.get(name)!.dataSync(), data);
    assert.notDeepEqual(other.parameters.get(name)!.dataSync(), data);
  }
  for (const each of [one, same, other]) each.dispose();
});

Deno.test("createLeNet5() agrees with NumPy's LeNet-5 in every layer, normalization folded in", () => {
  const network = createLeNet5(madeUpWeights(), "made up", "made-up", NORMALIZATION);
  tf.tidy(() => {
    const images = imagesOf(fixture.images.length);
    for (const { name, positions, units: count } of network.layers) {
      const [activations] = network.activations(images, [name]);
      const side = { conv1: 28, conv2: 10 }[name];
      assert.deepEqual(activations.shape, side ? [2, side, side, count] : [2, count]);
      assert.equal(positions, side ? "grid" : "none");
      const reduced = units(activations).arraySync();
      for (const [n, expected] of fixture.images.entries()) {
        const numbers = expected.units[name as keyof typeof SHAPES];
        assert.equal(numbers.length, count);
        numbers.forEach((value, u) => assertClose(reduced[n][u], value, TOLERANCE, `image ${n}, ${name}:${u}`));
        if (!side) continue;
        const map = activations.arraySync() as number[][][][];
        for (const [c, y, x, value] of expected.spots[name as "conv1" | "conv2"]) {
          assertClose(map[n][y][x][c], value, TOLERANCE, `image ${n}, ${name}:${c} at ${y}, ${x}`);
        }
      }
    }
  });
  network.dispose();
});

Deno.test("input gradients of every layer's units agree with finite differences in NumPy", () => {
  const network = createLeNet5(madeUpWeights(), "made up", "made-up", NORMALIZATION);
  tf.tidy(() => {
    const images = imagesOf(fixture.images.length);
    for (const [name, chosen] of Object.entries(fixture.gradientUnits)) {
      let nonzero = 0;
      for (const [k, unit] of chosen.entries()) {
        const gradient = tf.grad((x) =>
          units(network.activations(x as tf.Tensor4D, [name])[0]).slice([0, unit], [-1, 1]).sum()
        )(images).arraySync() as number[][][][];
        for (const [n, { gradients }] of fixture.images.entries()) {
          for (const [p, [y, x, c]] of fixture.pixels.entries()) {
            const expected = gradients[name as keyof typeof SHAPES][p][k];
            const what = `image ${n}, ${name}:${unit}, gradient at ${y}, ${x}, ${c}`;
            assertClose(gradient[n][y][x][c], expected, 1e-5, what);
            nonzero += Number(Math.abs(expected) > 1e-4);
          }
        }
      }
      assert.ok(nonzero >= 10, `${name}: the fixture has too few gradients that are not zero`);
    }
  });
  network.dispose();
});

Deno.test("the network to train and the network to use give the same class scores", () => {
  const classifier = createTrainableLeNet5(createRandom(3));
  const weights = new Map([...classifier.parameters].map(([name, value]) => [name, toWeightArray(value)] as const));
  const network = createLeNet5(weights, "trained", "trained", PLAIN);
  tf.tidy(() => {
    const images = imagesOf(5);
    const [used, trained] = [network.activations(images, ["fc3"])[0], classifier.logits(images, true)];
    assert.deepEqual(used.shape, [5, 10]);
    const expected = trained.dataSync();
    used.dataSync().forEach((value, i) => assertClose(value, expected[i], 1e-5, `score ${i}`));
  });
  classifier.dispose();
  network.dispose();
});

Deno.test("several layers in one pass are bit for bit those of one at a time, in the order asked for", () => {
  const network = createLeNet5(madeUpWeights(), "made up", "made-up", NORMALIZATION);
  tf.tidy(() => {
    const images = imagesOf(7);
    const names = network.layers.map(({ name }) => name);
    const alone = new Map(names.map((name) => [name, network.activations(images, [name])[0]]));
    for (const chosen of [names, names.toReversed(), ["fc1", "conv1"], ["conv2", "conv2", "conv1"], ["fc3", "fc1"]]) {
      const together = network.activations(images, chosen);
      assert.equal(together.length, chosen.length);
      for (const [i, name] of chosen.entries()) {
        assert.deepEqual(together[i].shape, alone.get(name)!.shape);
        assert.deepEqual(together[i].dataSync(), alone.get(name)!.dataSync(), `${name} of ${chosen}`);
      }
    }
    assert.deepEqual(network.activations(images, []), []);
  });
  network.dispose();
});

Deno.test("activations and input gradients are bit for bit the same in batches of 1, 7 and 64", {
  ignore: !COMPANY_KEEPS_BITS,
}, () => {
  const network = createLeNet5(madeUpWeights(), "made up", "made-up", NORMALIZATION);
  const all = madeUpImages(500, 64, 32).data;
  const perImage = 32 * 32 * 3;
  for (const { name } of network.layers) {
    const both = (first: number, count: number) => {
      const results: Float32Array[] = [];
      tf.tidy(() => {
        const data = all.slice(first * perImage, (first + count) * perImage);
        const images = tf.tensor4d(data, [count, 32, 32, 3]);
        const { value, grad } = tf.valueAndGrad((x) => {
          const [activations] = network.activations(x as tf.Tensor4D, [name]);
          results[0] = activations.dataSync() as Float32Array;
          return units(activations).slice([0, 2], [-1, 1]).sum();
        })(images);
        value.dispose();
        results[1] = grad.dataSync() as Float32Array;
      });
      return results;
    };
    const whole = both(0, 64);
    for (const [first, count] of [[0, 1], [17, 1], [63, 1], [0, 7], [40, 7]]) {
      for (const [which, part] of both(first, count).entries()) {
        const each = whole[which].length / 64;
        assert.deepEqual(part, whole[which].slice(first * each, (first + count) * each), `${name}, ${first}+${count}`);
      }
    }
  }
  network.dispose();
});

Deno.test("createLeNet5() refuses weights that are missing, of another shape or not finite, and leaks nothing", () => {
  const before = tf.memory().numTensors;
  const refused = (change: (weights: Map<string, WeightArray>) => void, message: RegExp) => {
    const weights = madeUpWeights();
    change(weights);
    assert.throws(() => createLeNet5(weights, "some.safetensors", "made-up", PLAIN), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      assert.match(error.message, /^[^\n]*some\.safetensors[^\n]*$/);
      return true;
    });
  };
  refused((weights) => weights.delete("fc2.bias"), /fc2\.bias/);
  refused(
    (weights) => weights.set("conv2.weight", { shape: [16, 3, 5, 5], data: new Float32Array(1200) }),
    /conv2\.weight.*\[16,3,5,5\].*\[16,6,5,5\]/,
  );
  refused((weights) => weights.get("fc3.weight")!.data[839] = NaN, /fc3\.weight.*finite/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("a LeNet-5 frees all that it made, and refuses a layer that it has not", () => {
  const before = tf.memory().numTensors;
  const network = createLeNet5(madeUpWeights(), "made up", "made-up", PLAIN);
  const images = imagesOf(1);
  const made = tf.memory().numTensors;
  assert.throws(() => network.activations(images, ["conv3"]), RangeError);
  assert.throws(() => network.activations(images, ["conv1", "conv3"]), /LeNet-5 has no layer conv3/);
  assert.equal(tf.memory().numTensors, made);
  for (const { name } of network.layers) tf.dispose(network.activations(images, [name]));
  tf.dispose(network.activations(images, LENET5_LAYERS.map(({ name }) => name)));
  assert.equal(tf.memory().numTensors, made);
  network.dispose();
  images.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("models/lenet5-cifar10 has the test accuracy that its card tells", async (test) => {
  const present = isCifar10Present();
  await test.step({
    name: present ? "measured" : "skipped: CIFAR-10 is not in the cache; run `deno task setup`",
    ignore: !present,
    fn: async () => {
      const card = await Deno.readTextFile(`${MODELS_DIRECTORY}/lenet5-cifar10/card.md`);
      const told = Number(/test accuracy \| ([\d.]+) %/.exec(card)![1]);
      assert.ok(told >= 66);
      const path = `${MODELS_DIRECTORY}/lenet5-cifar10/weights.safetensors`;
      const { tensors } = decodeSafetensors(await Deno.readFile(path), path);
      const network = createLeNet5(tensors, path, "lenet5-cifar10", CIFAR10_COLOURS);
      const { count, labels, images } = (await openDataset({ kind: "cifar10" })).test;
      let correct = 0;
      for (let start = 0; start < count; start += 500) {
        const { data } = await images(indexRange(start, start + 500));
        tf.tidy(() => {
          const [scores] = network.activations(tf.tensor4d(data, [500, 32, 32, 3]), ["fc3"]);
          scores.argMax(1).dataSync().forEach((label, i) => correct += Number(label === labels![start + i]));
        });
      }
      network.dispose();
      // the card was measured on normalized images; folding the normalization rounds otherwise, which decides ties alone
      assertClose(correct, told * count / 100, 3, "correct images");
    },
  });
});
