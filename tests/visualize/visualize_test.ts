import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import type { PixelSet } from "../../lib/data/mod.ts";
import type { Network } from "../../lib/networks/mod.ts";
import { selectedActivations } from "../../lib/visualize/objective.ts";
import type { VisualizeOptions } from "../../lib/visualize/options.ts";
import { fourierParametrization, pixelParametrization } from "../../lib/visualize/parametrization.ts";
import { applyMovement } from "../../lib/visualize/transforms.ts";
import { imageActivations } from "../../lib/visualize/activations.ts";
import {
  type ImageRequest,
  imageRequests,
  type Visualizations,
  visualize,
  type VisualizeContext,
} from "../../lib/visualize/visualize.ts";
import { plainPixels, sourceOf } from "../data/made_up_dataset.ts";
import { madeUp } from "../lpips/made_up.ts";
import { createSmallNetwork, signed } from "./small_network.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();

const OPTIONS: VisualizeOptions = {
  parametrization: "pixel",
  start: "noise",
  noiseScale: 0.3,
  startFade: 0,
  steps: 6,
  learningRate: 0.05,
  jitter: 4, // of 32 px: 1 of 8
  scale: 0,
  rotation: 0,
  activation: { reduce: "mean", postRelu: false },
};
const CONTEXT: VisualizeContext = { seed: 11, dataset: null };
const NETWORK = createSmallNetwork(8);
/** Ten images to start from. */
const PIXELS: PixelSet = {
  count: 10,
  height: 32,
  width: 32,
  pixels: Uint8Array.from(madeUp(860, 10 * 3072), (u, i) => 80 * u + 17 * Math.floor(i / 3072)),
  labels: new Uint8Array(10),
};
const DATASET = sourceOf(PIXELS);

function make(requests: readonly ImageRequest[], options: Partial<VisualizeOptions> = {}, layer = "dense") {
  return visualize(NETWORK, layer, requests, { ...OPTIONS, ...options }, { ...CONTEXT, dataset: DATASET });
}

const imageOf = ({ images }: Visualizations, i: number) => {
  const length = images.height * images.width * 3;
  return images.data.slice(i * length, (i + 1) * length);
};

for (const parametrization of ["pixel", "fourier"] as const) {
  for (const layer of ["conv", "dense"]) {
    Deno.test(`the gradient of the whole ascent matches finite differences (${parametrization}, ${layer})`, () => {
      const free = (parametrization === "pixel" ? pixelParametrization : fourierParametrization)(NETWORK.input);
      const count = 2;
      const selection = tf.tensor2d([[0, 1, 0, 0], [1, 0, 0, 0]].map((row) => row.slice(0, layer === "conv" ? 4 : 3)));
      const objective = (variables: tf.Tensor): tf.Tensor => {
        const images = applyMovement(free.toImages(variables), { dy: 1, dx: -2, factor: 1, angle: 0 });
        return selectedActivations(NETWORK.activations(images, [layer])[0], selection, OPTIONS.activation).sum();
      };
      const start = signed(870, count * 192);
      const at = (values: Float32Array) =>
        tf.tidy(() => objective(tf.tensor(values, [count, ...free.shape])).dataSync()[0]);
      const gradient = tf.tidy(() => tf.grad(objective)(tf.tensor(start, [count, ...free.shape])).dataSync());
      const largest = Math.max(...gradient.map(Math.abs));
      assert.ok(largest > 1e-3);
      // Differences of fourth order, step 1/8: the truncation, h^4 / 30 times a fifth derivative, is about 1e-5 of the
      // gradient; rounding, 6e-8 times the objective (about 1) over the step, is 5e-7.
      const step = 0.125;
      for (let i = 0; i < start.length; i += 5) {
        const moved = (steps: number) => {
          const values = Float32Array.from(start);
          values[i] += steps * step;
          return at(values);
        };
        const slope = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step);
        const error = Math.abs(gradient[i] - slope);
        assert.ok(error < 1e-3 * largest + 5e-6, `variable ${i}: ${gradient[i]} instead of ${slope}`);
      }
      selection.dispose();
      free.dispose();
    });
  }

  for (const [start, startFade] of [["noise", 0], ["dataset", 0], ["dataset", 1]] as const) {
    const how = `${parametrization}, ${start}${startFade > 0 ? ", fading" : ""}`;
    Deno.test(`image i of a unit is bit for bit the same alone, among many, in pieces, in another order (${how})`, {
      ignore: !COMPANY_KEEPS_BITS,
    }, async () => {
      const before = tf.memory().numTensors;
      const options = { parametrization, start, startFade };
      const requests = imageRequests([0, 1, 2], 0, 5);
      const whole = await make(requests, options);
      assert.deepEqual(await make(requests, options), whole, "made twice");
      const same = async (some: readonly ImageRequest[]) => {
        const made = await make(some, options);
        for (const [i, { unit, index }] of some.entries()) {
          const at = requests.findIndex((request) => request.unit === unit && request.index === index);
          assert.deepEqual(imageOf(made, i), imageOf(whole, at), `image ${index} of unit ${unit}`);
          assert.equal(made.activations[i], whole.activations[at]);
          assert.equal(made.gradientless[i], whole.gradientless[at]);
        }
      };
      await same([{ unit: 1, index: 3 }]);
      await same([{ unit: 0, index: 0 }]);
      await same(imageRequests([2], 0, 2));
      await same(imageRequests([2], 2, 5));
      await same([...requests].reverse());
      assert.equal(tf.memory().numTensors, before);
    });
  }
}

Deno.test(
  "an image is the same bit for bit on either side of the largest batch",
  { ignore: !COMPANY_KEEPS_BITS },
  async () => {
    const requests = imageRequests([0], 0, 515); // a batch is at most 512: 258 and 257
    const options = { steps: 2 };
    const whole = await make(requests, options);
    assert.equal(whole.images.count, 515);
    assert.equal(whole.gradientless.length, 515);
    for (const index of [0, 257, 258, 514]) {
      const alone = await make([{ unit: 0, index }], options);
      assert.deepEqual(imageOf(alone, 0), imageOf(whole, index));
      assert.equal(alone.activations[0], whole.activations[index]);
    }
  },
);

Deno.test("images of other indices, units, layers and seeds start elsewhere", async () => {
  const options = { steps: 1, learningRate: 0 }; // the starts themselves
  const request = [{ unit: 0, index: 0 }];
  const made = [
    await make(request, options),
    await make([{ unit: 0, index: 1 }], options),
    await make([{ unit: 1, index: 0 }], options),
    await make([{ unit: 1, index: 1 }], options),
    await make(request, options, "conv"),
    await visualize(NETWORK, "dense", request, { ...OPTIONS, ...options }, { ...CONTEXT, seed: 12 }),
  ];
  const starts = made.map((each) => imageOf(each, 0));
  assert.equal(new Set(starts.map((start) => start.join())).size, starts.length);
});

Deno.test("noise starts are normal logits of the asked spread; without a dataset they are used in any case", async () => {
  const requests = imageRequests([0], 0, 40);
  const options = { steps: 1, learningRate: 0, jitter: 0 };
  const noise = await make(requests, options);
  const logits = Array.from(noise.images.data, (p) => Math.log(p / (1 - p)));
  const mean = logits.reduce((sum, z) => sum + z, 0) / logits.length;
  const deviation = Math.sqrt(logits.reduce((sum, z) => sum + (z - mean) ** 2, 0) / logits.length);
  // of 7,680 numbers the mean is good to .3 / 88 and the deviation to .3 / 124: bounds of five of these
  assert.ok(Math.abs(mean) < 0.017, `${mean}`);
  assert.ok(Math.abs(deviation - 0.3) < 0.012, `${deviation}`);
  const without = await visualize(NETWORK, "dense", requests, { ...OPTIONS, ...options, start: "dataset" }, CONTEXT);
  assert.deepEqual(without.images.data, noise.images.data);
});

Deno.test("dataset starts are images of the dataset, drawn by the seed, whichever the parametrization", async () => {
  const network = createSmallNetwork(32);
  const requests = imageRequests([0, 1], 0, 10);
  for (const parametrization of ["pixel", "fourier"] as const) {
    const options: VisualizeOptions = { ...OPTIONS, parametrization, start: "dataset", steps: 1, learningRate: 0 };
    const made = await visualize(network, "dense", requests, options, { ...CONTEXT, dataset: DATASET });
    const drawn = requests.map((_, i) => {
      const image = imageOf(made, i);
      // black and white are taken as .02 and .98
      return Array.from({ length: 10 }, (_, d) => d).filter((d) =>
        image.every((value, p) => {
          const pixel = PIXELS.pixels[d * 3072 + p] / 255;
          return Math.abs(value - Math.min(0.98, Math.max(0.02, pixel))) < 2e-5;
        })
      );
    });
    for (const [i, found] of drawn.entries()) assert.equal(found.length, 1, `start ${i} is no image of the dataset`);
    assert.ok(new Set(drawn.flat()).size > 4, "they differ"); // 20 draws of 10 images
  }
  network.dispose();
});

Deno.test("ascent raises the activation of every image from its start, in every parametrization and transform", async () => {
  const requests = imageRequests([0, 1], 0, 4);
  for (const layer of ["conv", "dense", "single"]) {
    const some = layer === "single" ? imageRequests([0], 0, 4) : requests;
    for (const parametrization of ["pixel", "fourier"] as const) {
      for (const transform of [{ jitter: 0 }, { jitter: 4 }, { jitter: 4, scale: 0.1, rotation: 10 }]) {
        // weights of noise forget an image that moves by a pixel: such a neuron can be followed without transforms alone
        if (layer === "dense" && transform.jitter > 0) continue;
        const options = { parametrization, ...transform, steps: 24 };
        const start = await make(some, { ...options, steps: 1, learningRate: 0 }, layer);
        const end = await make(some, options, layer);
        end.activations.forEach((value, i) => {
          const what = `${layer}, ${parametrization}, ${JSON.stringify(transform)}, image ${i}`;
          assert.ok(value > start.activations[i], `${what}: ${start.activations[i]} to ${value}`);
        });
        assert.ok(end.images.data.every((value) => value > 0 && value < 1));
      }
    }
  }
});

Deno.test("one step without jitter moves the logits of pixels by the learning rate, along the gradient's sign", async () => {
  // Adam's first step is the rate times g / |g|; the mean pixel's gradient is positive everywhere
  const request = [{ unit: 0, index: 0 }];
  const after = (learningRate: number) => make(request, { steps: 1, learningRate, jitter: 0 }, "single");
  const [start, end] = [await after(0), await after(0.05)];
  const logit = (p: number) => Math.log(p / (1 - p));
  end.images.data.forEach((value, i) => {
    assert.ok(Math.abs(logit(value) - logit(start.images.data[i]) - 0.05) < 1e-5);
  });
});

const logitOf = (p: number) => Math.log(p / (1 - p));
const sigmoidOf = (z: number) => 1 / (1 + Math.exp(-z));

/**
 * A logit after Adam's steps up the mean of so many pixels, with the start fading out over the first `fadeSteps`: Kingma and
 * Ba's algorithm in doubles. Each pixel goes its own way, its gradient being p (1 - p) / pixels.
 */
function climbed(start: number, pixels: number, steps: number, fadeSteps: number): number {
  let [z, m, v] = [start, 0, 0];
  for (let t = 1; t <= steps; t++) {
    const p = sigmoidOf(z);
    const gradient = p * (1 - p) / pixels;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient ** 2;
    z += 0.05 * (m / (1 - 0.9 ** t)) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    if (t <= fadeSteps) z -= start / fadeSteps;
  }
  return z;
}

for (const [startFade, fadeSteps] of [[0, 0], [0.5, 3], [1, 6]]) {
  Deno.test(`a start that fades over ${startFade} of six steps leaves what ascent added, pixel by pixel`, async () => {
    const request = [{ unit: 0, index: 0 }];
    const starts = imageOf(await make(request, { steps: 1, learningRate: 0, jitter: 0 }, "single"), 0);
    const ends = imageOf(await make(request, { startFade, jitter: 0 }, "single"), 0);
    ends.forEach((end, i) => {
      const expected = climbed(logitOf(starts[i]), 192, 6, fadeSteps);
      assert.ok(Math.abs(logitOf(end) - expected) < 2e-5, `pixel ${i}: ${logitOf(end)} instead of ${expected}`);
    });
  });
}

for (const parametrization of ["pixel", "fourier"] as const) {
  Deno.test(`direction -1 lowers a unit as 1 raises the unit that is its negative, to the bit (${parametrization})`, async () => {
    const negative: Network = {
      ...NETWORK,
      name: "negative",
      activations: (images, layers) => tf.tidy(() => NETWORK.activations(images, layers).map((each) => each.neg())),
    };
    const before = tf.memory().numTensors;
    const requests = imageRequests([0, 1, 3], 0, 3); // 3 has no gradient
    for (const start of ["noise", "dataset"] as const) {
      const options: VisualizeOptions = { ...OPTIONS, parametrization, start, startFade: start === "dataset" ? 1 : 0 };
      const context = { ...CONTEXT, dataset: DATASET };
      const lowered = await visualize(NETWORK, "conv", requests, options, { ...context, direction: -1 });
      const raised = await visualize(negative, "conv", requests, options, context);
      assert.deepEqual(lowered.images.data, raised.images.data);
      // the activation that is told is the unit's own
      assert.deepEqual(lowered.activations, raised.activations.map((value) => value === 0 ? 0 : -value));
      assert.deepEqual(lowered.gradientless, raised.gradientless);
      const up = await visualize(NETWORK, "conv", requests, options, { ...context, direction: 1 });
      assert.deepEqual(up, await visualize(NETWORK, "conv", requests, options, context));
      up.activations.forEach((value, i) => assert.ok(up.gradientless[i] || value > lowered.activations[i]));
    }
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("one step down moves the logits of pixels by the learning rate against the gradient, from the same start", async () => {
  const request = [{ unit: 0, index: 0 }];
  const after = async (direction: 1 | -1, learningRate: number) => {
    const options = { ...OPTIONS, steps: 1, learningRate, jitter: 0 };
    return imageOf(await visualize(NETWORK, "single", request, options, { ...CONTEXT, direction }), 0);
  };
  const start = await after(1, 0);
  assert.deepEqual(await after(-1, 0), start);
  const [up, down] = [await after(1, 0.05), await after(-1, 0.05)];
  start.forEach((value, i) => {
    assert.ok(Math.abs(logitOf(up[i]) - logitOf(value) - 0.05) < 1e-5);
    assert.ok(Math.abs(logitOf(down[i]) - logitOf(value) + 0.05) < 1e-5);
  });
});

Deno.test("a start that fades over less than half a step stays, to the bit", async () => {
  const requests = imageRequests([0, 1], 0, 3);
  const kept = await make(requests);
  assert.deepEqual(await make(requests, { startFade: 0.08 }), kept); // .48 of a step
  const faded = await make(requests, { startFade: 0.09 }); // .54: the first step
  assert.notDeepEqual(faded.images.data, kept.images.data);
});

for (const parametrization of ["pixel", "fourier"] as const) {
  Deno.test(`a start fades linearly over its share of the steps, and is gone from then on (${parametrization})`, async () => {
    // without ascent the variables are the start times 1 - t/3, so the logits are; `single` is the mean pixel less 1/2
    const options: VisualizeOptions = { ...OPTIONS, parametrization, startFade: 0.5, learningRate: 0, jitter: 0 };
    const request = [{ unit: 0, index: 4 }];
    const { startFade: _, ...rest } = options;
    const starts = imageOf(await make(request, { ...rest, steps: 1 }, "single"), 0);
    const measured: number[] = [];
    const onStep: VisualizeContext["onStep"] = async (_step, _start, activations) =>
      void measured.push((await activations())[0]);
    const made = await visualize(NETWORK, "single", request, options, { ...CONTEXT, onStep });
    const expected = [2 / 3, 1 / 3, 0, 0, 0, 0].map((left) =>
      starts.reduce((sum, p) => sum + sigmoidOf(left * logitOf(p)), 0) / starts.length - 0.5
    );
    assert.equal(measured.length, 6);
    measured.forEach((value, t) => assert.ok(Math.abs(value - expected[t]) < 2e-6, `step ${t + 1}: ${value}`));
    assert.ok(made.images.data.every((value) => Math.abs(value - 0.5) < 1e-6), "grey is left");
  });
}

/** A dataset of one image, all bytes alike. */
const plain = (byte: number) => sourceOf(plainPixels(1, { height: 32, width: 32 }, () => byte));

Deno.test("a faded start is grey where the unit is blind, whatever it was, and elsewhere what ascent made of it", async () => {
  // `left` sees the left half, 8 x 4 pixels of three colours
  const steps = 40;
  for (const byte of [0, 40, 255, "noise"] as const) {
    const dataset = byte === "noise" ? null : plain(byte);
    const options: VisualizeOptions = { ...OPTIONS, start: "dataset", noiseScale: 2, startFade: 1, steps, jitter: 0 };
    const context = { ...CONTEXT, dataset };
    const request = [{ unit: 0, index: 0 }];
    const standing = { ...options, startFade: 0, steps: 1, learningRate: 0 };
    const starts = imageOf(await visualize(NETWORK, "left", request, standing, context), 0);
    const ends = imageOf(await visualize(NETWORK, "left", request, options, context), 0);
    ends.forEach((end, i) => {
      const x = Math.floor(i / 3) % 8;
      if (x >= 4) assert.ok(Math.abs(end - 0.5) < 1e-6, `${byte}: ${end} at ${x}`);
      else {
        const expected = climbed(logitOf(starts[i]), 96, steps, steps);
        assert.ok(Math.abs(logitOf(end) - expected) < 2e-4, `${byte}: ${logitOf(end)} instead of ${expected} at ${x}`);
      }
    });
  }
});

Deno.test("a unit without gradient is flagged where its starts fade too, and ends all grey", async () => {
  const made = await make([{ unit: 3, index: 0 }, { unit: 0, index: 0 }], { startFade: 1 }, "conv");
  assert.deepEqual(made.gradientless, [true, false]);
  assert.ok(imageOf(made, 0).every((value) => Math.abs(value - 0.5) < 1e-6));
  assert.ok(imageOf(made, 1).some((value) => Math.abs(value - 0.5) > 1e-2));
});

Deno.test("activations are those of the finished images, without transforms", async () => {
  const requests = imageRequests([0, 2], 0, 3);
  for (const layer of ["conv", "dense"]) {
    const { images, activations } = await make(requests, { jitter: 8, scale: 0.1, rotation: 5 }, layer);
    const [{ data, cols }] = await imageActivations(NETWORK, [{ layer, options: OPTIONS.activation }], images);
    for (const [i, { unit }] of requests.entries()) {
      assert.ok(Math.abs(activations[i] - data[i * cols + unit]) < 1e-6);
    }
  }
});

Deno.test("a unit whose gradient is zero is flagged, and others beside it are not", async () => {
  // channel 3 of conv is zero whatever the image
  const made = await make([{ unit: 3, index: 0 }, { unit: 0, index: 0 }, { unit: 3, index: 1 }], {}, "conv");
  assert.deepEqual(made.gradientless, [true, false, true]);
  assert.deepEqual([made.activations[0], made.activations[2]], [0, 0]);
  const start = await make([{ unit: 3, index: 0 }], { steps: 1, learningRate: 0 }, "conv");
  assert.deepEqual(imageOf(made, 0), imageOf(start, 0), "it stays where it starts");
});

Deno.test("images of a unit that overflows are said to have exploded, and those of others beside it are as without it", async () => {
  const network: Network = {
    ...NETWORK,
    activations: (images, layers) =>
      tf.tidy(() => NETWORK.activations(images, layers).map((x) => x.mul([1, 1e30, 1, 1]).mul([1, 1e30, 1, 1]))),
  };
  const requests = [{ unit: 1, index: 0 }, { unit: 0, index: 0 }];
  const made = await visualize(network, "conv", requests, OPTIONS, { ...CONTEXT, dataset: DATASET });
  const without = await make(requests, {}, "conv");
  assert.deepEqual(made.exploded, [true, false]);
  assert.deepEqual(without.exploded, [false, false]);
  assert.deepEqual(imageOf(made, 1), imageOf(without, 1));
  assert.equal(made.activations[1], without.activations[1]);
});

Deno.test("a unit that its ReLU silences at the start has no gradient after it, but one before it", async () => {
  // `single` is the mean pixel less 1/2
  for (const [byte, postRelu, dead] of [[0, true, true], [0, false, false], [255, true, false]] as const) {
    const dataset = plain(byte);
    const options: VisualizeOptions = { ...OPTIONS, start: "dataset", activation: { reduce: "mean", postRelu } };
    const made = await visualize(NETWORK, "single", [{ unit: 0, index: 0 }], options, { ...CONTEXT, dataset });
    assert.deepEqual(made.gradientless, [dead]);
  }
});

Deno.test("visualize() reports its progress up to the whole", async () => {
  const shares: number[] = [];
  await visualize(NETWORK, "conv", imageRequests([0], 0, 3), OPTIONS, {
    ...CONTEXT,
    onProgress: (s) => shares.push(s),
  });
  assert.equal(shares.at(-1), 1);
  assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0)));
});

Deno.test("visualize() refuses a layer or a unit that the network has not", async () => {
  await assert.rejects(make([{ unit: 0, index: 0 }], {}, "conv9"), RangeError);
  for (const unit of [4, -1, 0.5]) await assert.rejects(make([{ unit, index: 0 }], {}, "conv"), RangeError);
});

Deno.test("visualize() of nothing is nothing", async () => {
  const { images, activations, gradientless } = await make([]);
  assert.deepEqual([images.count, images.data.length, activations.length, gradientless.length], [0, 0, 0, 0]);
});

for (const parametrization of ["pixel", "fourier"] as const) {
  Deno.test(`visualize() makes images of the network's height and width, as many alone as among others (${parametrization})`, async () => {
    const before = tf.memory().numTensors;
    const network = createSmallNetwork(6, 10);
    const context = { ...CONTEXT, dataset: DATASET };
    for (const start of ["noise", "dataset"] as const) {
      const options: VisualizeOptions = { ...OPTIONS, parametrization, start, rotation: 10, scale: 0.1 };
      const requests = imageRequests([0, 1], 0, 2);
      const whole = await visualize(network, "conv", requests, options, context);
      const { count, height, width, data } = whole.images;
      assert.deepEqual([count, height, width, data.length], [4, 6, 10, 4 * 180]);
      const still = await visualize(network, "conv", requests, { ...options, steps: 1, learningRate: 0 }, context);
      whole.activations.forEach((value, i) => assert.ok(value > still.activations[i], `${start}, image ${i}`));
      const [{ data: measured, cols }] = await imageActivations(
        network,
        [{ layer: "conv", options: OPTIONS.activation }],
        whole.images,
      );
      requests.forEach(({ unit }, i) => assert.ok(Math.abs(whole.activations[i] - measured[i * cols + unit]) < 1e-6));
      const alone = await visualize(network, "conv", [{ unit: 1, index: 1 }], options, context);
      assert.deepEqual(imageOf(alone, 0), imageOf(whole, 3));
    }
    network.dispose();
    assert.equal(tf.memory().numTensors, before);
  });

  Deno.test(`a start image of another size is resized to the network's, and faded all the same (${parametrization})`, async () => {
    // left half .25 and right half .75 of 8 x 20 pixels: halved, it is the same picture of 4 x 10
    const halves = (height: number, width: number) =>
      Uint8Array.from({ length: height * width * 3 }, (_, i) => Math.floor(i / 3) % width < width / 2 ? 51 : 204);
    const network = createSmallNetwork(4, 10);
    const dataset = sourceOf({ count: 1, height: 8, width: 20, pixels: halves(8, 20), labels: new Uint8Array(1) });
    const options: VisualizeOptions = { ...OPTIONS, parametrization, start: "dataset", learningRate: 0, jitter: 0 };
    const startOf = async (changes: Partial<VisualizeOptions>) => {
      const request = [{ unit: 0, index: 0 }];
      return (await visualize(network, "left", request, { ...options, ...changes }, { ...CONTEXT, dataset })).images;
    };
    const { height, width, data } = await startOf({});
    assert.deepEqual([height, width], [4, 10]);
    halves(4, 10).forEach((byte, i) => assert.ok(Math.abs(data[i] - byte / 255) < 2e-5, `entry ${i}: ${data[i]}`));
    const gone = await startOf({ startFade: 1 });
    assert.ok(gone.data.every((value) => Math.abs(value - 0.5) < 1e-6));
    network.dispose();
  });
}

Deno.test("ascent raises the mean and the maximum over tokens, which have no centre", async () => {
  const requests = imageRequests([0, 2], 0, 3);
  for (const reduce of ["mean", "maximum"] as const) {
    const options = { activation: { reduce, postRelu: false } };
    const still = await make(requests, { ...options, steps: 1, learningRate: 0 }, "tokens");
    const made = await make(requests, options, "tokens");
    made.activations.forEach((value, i) => assert.ok(value > still.activations[i], `${reduce}, image ${i}`));
    const read = async (layer: string) =>
      await imageActivations(NETWORK, [{ layer, options: options.activation }], made.images);
    assert.deepEqual(await read("tokens"), await read("conv"));
  }
  const centre = { activation: { reduce: "centre", postRelu: false } } as const;
  await assert.rejects(make(requests, centre, "tokens"), { name: "RangeError", message: /no centre/ });
});

Deno.test("imageRequests() lists images from .. to - 1 of each unit, unit after unit", () => {
  assert.deepEqual(imageRequests([4, 1], 2, 4), [
    { unit: 4, index: 2 },
    { unit: 4, index: 3 },
    { unit: 1, index: 2 },
    { unit: 1, index: 3 },
  ]);
  assert.deepEqual(imageRequests([4, 1], 2, 2), []);
});

/** The small network with every value multiplied. */
function scaledNetwork(factor: number): Network {
  return {
    ...NETWORK,
    name: `small times ${factor}`,
    activations: (images, layers) => tf.tidy(() => NETWORK.activations(images, layers).map((each) => each.mul(factor))),
  };
}

for (const repulsion of [0, 1]) {
  Deno.test(`ascent of a unit and of a multiple of it is the same problem (repulsion ${repulsion})`, async () => {
    const requests = imageRequests([0, 1], 0, 4);
    const made = (factor: number) =>
      visualize(scaledNetwork(factor), "dense", requests, { ...OPTIONS, start: "dataset", repulsion }, {
        ...CONTEXT,
        dataset: DATASET,
      });
    const ordinary = await made(1);
    const before = tf.memory().numTensors;
    const small = await made(2 ** -40);
    assert.equal(tf.memory().numTensors, before);
    // the same to rounding: what Adam adds to gradients counts less where they were made larger
    small.images.data.forEach((value, i) => {
      assert.ok(
        Math.abs(value - ordinary.images.data[i]) < 1e-4,
        `${i}: ${value} instead of ${ordinary.images.data[i]}`,
      );
    });
    assert.deepEqual(small.gradientless, ordinary.gradientless);
    const large = await made(2 ** 45);
    large.images.data.forEach((value, i) => assert.ok(Math.abs(value - ordinary.images.data[i]) < 1e-4));
    // brought to one size by powers of two, they are the same to the bit
    assert.deepEqual((await made(2 ** -80)).images.data, small.images.data);
  });
}

Deno.test("a unit that is a hundred-millionth of another ends as far from its start", async () => {
  const requests = imageRequests([0], 0, 2);
  const [own, tiny] = await Promise.all(
    [1, 1e-8].map((factor) => visualize(scaledNetwork(factor), "single", requests, OPTIONS, CONTEXT)),
  );
  tiny.images.data.forEach((value, i) => assert.ok(Math.abs(value - own.images.data[i]) < 1e-4));
});
