/** How images are cut into batches: on a card, and where memory does not suffice. */
import assert from "node:assert/strict";
import { onNote, setBatchLimits, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { Network } from "../../lib/networks/mod.ts";
import type { VisualizeOptions } from "../../lib/visualize/options.ts";
import { imageRequests, imagesMadeTogether, visualize } from "../../lib/visualize/visualize.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";
import { createSmallNetwork } from "./small_network.ts";

await useBackend();

const OPTIONS: VisualizeOptions = {
  parametrization: "pixel",
  start: "noise",
  noiseScale: 0.3,
  startFade: 0,
  steps: 3,
  learningRate: 0.05,
  jitter: 4,
  scale: 0,
  rotation: 0,
  activation: { reduce: "mean", postRelu: false },
};
const NETWORK = createSmallNetwork(8);

/** The network, which notes the images of each pass and has memory for so many. */
function watched(seen: number[], most = Infinity): Network {
  return {
    ...NETWORK,
    activations: (images, layers) => {
      seen.push(images.shape[0]);
      if (images.shape[0] > most) {
        // as the binding says it, with TensorFlow's code of RESOURCE_EXHAUSTED
        throw new Error(
          "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[512,8,8,3] and type float on " +
            "/job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc [Op:Conv2D]",
        );
      }
      return NETWORK.activations(images, layers);
    },
  };
}

const make = (network: Network, units: readonly number[], images: number, options: Partial<VisualizeOptions> = {}) =>
  visualize(network, "dense", imageRequests(units, 0, images), { ...OPTIONS, ...options }, { seed: 11, dataset: null });

function assertNear(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  const farthest = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  assert.ok(farthest <= tolerance, `${farthest}`);
}

Deno.test("where memory does not suffice batches are halved, said once, to the same images, and nothing stays behind", async () => {
  const notes: string[] = [];
  onNote((about, text) => notes.push(`${about}: ${text}`));
  const whole = await make(NETWORK, [0, 1, 2], 5);
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  const halved = await make(watched(seen, 4), [0, 1, 2], 5);
  assert.equal(tf.memory().numTensors, before);
  // 15 images fail, then 7, 3 and 4 of them pass, 8 fail, 4 and 4 pass
  assert.deepEqual([...new Set(seen.filter((count) => count > 3))], [15, 7, 4, 8]);
  assertNear(halved.images.data, whole.images.data, COMPANY_KEEPS_BITS ? 0 : 1e-5);
  assertNear(halved.activations, whole.activations, COMPANY_KEEPS_BITS ? 0 : 1e-4);
  assert.deepEqual(halved.gradientless, whole.gradientless);
  assert.equal(notes.length, 1);
  assert.match(notes[0], /^memory: there was not enough memory/);
});

Deno.test("images that repel each other stay together while batches are halved, as long as they can", async () => {
  const repelling = { repulsion: 1, repulsionShare: 1 };
  const whole = await make(NETWORK, [0, 1, 2], 4, repelling);
  const seen: number[] = [];
  const halved = await make(watched(seen, 7), [0, 1, 2], 4, repelling);
  const batches = seen.slice(seen.findIndex((count) => count > 3)); // passes that measure have fewer images, and come first
  assert.ok(batches.length > 0 && !batches.includes(2), "no unit's four images were cut");
  assertNear(halved.images.data, whole.images.data, COMPANY_KEEPS_BITS ? 0 : 1e-5);
  // a unit's own four are cut where there is memory for three, to other images
  const cut = await make(watched([], 3), [0], 4, repelling);
  assert.ok(cut.images.data.every(Number.isFinite));
});

Deno.test("memory that does not suffice for one image, and any other error, are thrown", async () => {
  await assert.rejects(make(watched([], 0), [0], 2), /OOM when allocating/);
  const broken: Network = {
    ...NETWORK,
    activations: (images, layers) => {
      if (images.shape[0] > 3) throw new InputError("the file is damaged");
      return NETWORK.activations(images, layers);
    },
  };
  await assert.rejects(make(broken, [0], 8), InputError);
});

Deno.test("a card takes more images at a time, but no more of those that repel each other", async () => {
  const small = { height: 8, width: 8 };
  assert.deepEqual(NETWORK.input, small);
  const count = 600; // more than a processor's 512
  const seen: number[] = [];
  const network = watched(seen);
  assert.equal(await imagesMadeTogether(network, "dense", OPTIONS), 512);
  const alone = await make(network, [0], count, { steps: 1 });
  assert.ok(!seen.includes(count));
  setBatchLimits({ images: 4096, bytes: 8e9 });
  try {
    assert.equal(await imagesMadeTogether(network, "dense", OPTIONS), 4096);
    const onCard = await make(network, [0], count, { steps: 1 });
    assert.ok(seen.includes(count));
    assertNear(onCard.images.data, alone.images.data, COMPANY_KEEPS_BITS ? 0 : 1e-5);
    // groups of 300, as on a processor, side by side
    seen.length = 0;
    const repelling = { steps: 1, repulsion: 1, repulsionShare: 1 };
    const together = await make(network, [0], count, repelling);
    assert.ok(seen.includes(count));
    // where memory did not suffice for 1200, no more than 600 are tried again
    await make(watched([], 700), [0, 1], count, { steps: 1 });
    assert.equal(await imagesMadeTogether(network, "dense", OPTIONS), 600);
    setBatchLimits({ images: 4096, bytes: 1 });
    assert.equal(await imagesMadeTogether(network, "dense", OPTIONS), 512, "no fewer than on a processor");
    const apart = await make(network, [0], count, repelling);
    assertNear(together.images.data, apart.images.data, COMPANY_KEEPS_BITS ? 0 : 1e-5);
  } finally {
    setBatchLimits(null);
  }
});
