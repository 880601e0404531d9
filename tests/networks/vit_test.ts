/**
 * The vision transformer. Expected values are timm's (fixtures/networks/vit.py).
 */
import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { Normalization } from "../../lib/networks/normalize.ts";
import { toWeightArray } from "../../lib/networks/tensors.ts";
import { createTrainableViT, createViT, positionWaves, VIT_LAYERS } from "../../lib/networks/vit.ts";
import { createRandom } from "../../lib/random.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { type MadeUpTensor, madeUpTensors } from "./made_up_resnet.ts";
import fixture from "../../fixtures/networks/vit.json" with { type: "json" };

await useBackend();

const NORMALIZATION = { mean: fixture.mean, std: fixture.std } as unknown as Normalization;
const WEIGHTS = madeUpTensors(fixture.tensors as unknown as MadeUpTensor[]);
const LAYERS = Object.entries(fixture.layers);

const create = (weights = WEIGHTS) => createViT(weights, "made up", "made-up", NORMALIZATION);
const images = () => tf.tensor4d(madeUpImages(fixture.stream, fixture.images, 32).data, [fixture.images, 32, 32, 3]);

/** Means over positions, [N, C]. */
function means(activations: tf.Tensor): tf.Tensor2D {
  return tf.mean(activations, Array.from({ length: activations.rank - 2 }, (_, i) => i + 1));
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], scale: number, what: string): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) <= 1e-4 * scale, `${what} ${i}: ${actual[i]} instead of ${value}`)
  );
}

Deno.test("the layers are those of timm's modules, with as many units, on a grid, at tokens or at one place", () => {
  assert.deepEqual(
    VIT_LAYERS.map(({ name, units, positions }) => [name, units, positions]),
    LAYERS.map(([name, { channels }]) => [
      name,
      channels,
      name === "patch_embed.proj" ? "grid" : name === "head" ? "none" : "tokens",
    ]),
  );
});

Deno.test("activations() are timm's, all from one pass or each alone, and leave nothing behind", () => {
  const before = tf.memory().numTensors;
  const network = create();
  const x = images();
  const all = network.activations(x, LAYERS.map(([name]) => name));
  for (const [i, [name, { units, means: expected }]] of LAYERS.entries()) {
    const [alone] = network.activations(x, [name]);
    for (const activations of [all[i], alone]) {
      const found = dataOf(() => means(activations));
      const scale = Math.max(...expected.flat().map(Math.abs));
      units.forEach((unit, j) => {
        const own = expected[j].map((_, n) => found[n * activations.shape.at(-1)! + unit]);
        assertClose(own, expected[j], scale, `${name}:${unit}, image`);
      });
    }
    alone.dispose();
  }
  tf.dispose([x, ...all]);
  network.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("gradients by the image are timm's", () => {
  const network = create();
  const x = images();
  for (const [name, { units, gradients }] of LAYERS) {
    units.forEach((unit, j) => {
      const gradient = dataOf(() =>
        tf.grad((x) => {
          const y = means(network.activations(x as tf.Tensor4D, [name])[0]);
          return y.slice([0, unit], [-1, 1]).sum();
        })(x)
      );
      const scale = Math.max(...gradients.flat(2).map(Math.abs));
      fixture.pixels.forEach(([row, column, c], p) => {
        const own = gradients[j][p].map((_, n) => gradient[((n * 32 + row) * 32 + column) * 3 + c]);
        assertClose(own, gradients[j][p], 10 * scale, `${name}:${unit}, pixel ${p}, image`); // to 1e-3
      });
    });
  }
  x.dispose();
  network.dispose();
});

Deno.test("positionWaves() are sines and cosines of column and row", () => {
  const waves = positionWaves();
  const rows = Array.from({ length: 64 }, (_, i) => waves.subarray(128 * i, 128 * (i + 1)));
  assertClose(rows.map((row) => row.reduce((sum, value) => sum + value, 0)), fixture.positions.sums, 10, "row");
  assertClose(Array.from({ length: 8 }, (_, i) => rows[10][16 * i]), fixture.positions.first, 1, "entry");
});

Deno.test("a network to train gives the scores that its weights give when they are read back", () => {
  const before = tf.memory().numTensors;
  const trainable = createTrainableViT(createRandom(3));
  const weights = new Map(
    [...trainable.parameters, ...trainable.buffers].map(([name, variable]) => [name, toWeightArray(variable)]),
  );
  const plain: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };
  const network = createViT(weights, "trained", "trained", plain);
  const x = images();
  const scores = dataOf(() => trainable.logits(x, true));
  const read = dataOf(() => network.activations(x, ["head"])[0]);
  assertClose(read, Array.from(scores), Math.max(...scores.map(Math.abs)), "score");
  x.dispose();
  network.dispose();
  trainable.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("attention begins near the identity: queries times keys, and the negative of it: values times projection", () => {
  const trainable = createTrainableViT(createRandom(5));
  const qkv = toWeightArray(trainable.parameters.get("blocks.2.attn.qkv.weight")!).data; // [3 x 128, 128]
  const proj = toWeightArray(trainable.parameters.get("blocks.2.attn.proj.weight")!).data; // [128, 128]
  trainable.dispose();
  // W_v W_proj = .4 Z - .4 I in full: its diagonal has mean -.4 and deviation .4 / sqrt(128), the rest mean 0
  const product = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < 128; k++) sum += qkv[(256 + k) * 128 + i] * proj[j * 128 + k];
    return sum;
  };
  const diagonal = Array.from({ length: 128 }, (_, i) => product(i, i));
  const mean = diagonal.reduce((sum, value) => sum + value, 0) / 128;
  assert.ok(Math.abs(mean + 0.4) < 4 * 0.4 / 128, String(mean)); // four deviations of a mean of 128
  const beside = Array.from({ length: 127 }, (_, i) => product(i, i + 1)).reduce((sum, value) => sum + value, 0) / 127;
  assert.ok(Math.abs(beside) < 4 * 0.4 / 127, String(beside));
  // each head's W_q W_k^T is what is left of .7 Z + .7 I in 32 directions: its trace is positive and at most all of it
  for (let head = 0; head < 4; head++) {
    let trace = 0;
    for (let k = 32 * head; k < 32 * (head + 1); k++) {
      for (let i = 0; i < 128; i++) trace += qkv[k * 128 + i] * qkv[(128 + k) * 128 + i];
    }
    assert.ok(trace > 0.1 * 0.7 * 128 && trace < 0.7 * 128, `head ${head}: ${trace}`);
  }
});

Deno.test("createViT() refuses weights of another network, and makes nothing of them", () => {
  const before = tf.memory().numTensors;
  const refused = (change: (weights: typeof WEIGHTS) => void, why: RegExp) => {
    const weights = new Map(WEIGHTS);
    change(weights);
    assert.throws(() => create(weights), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, why);
      return true;
    });
  };
  refused(
    (weights) => weights.delete("pos_embed"),
    /made up has no tensor pos_embed; is it the weight file of another/,
  );
  refused((weights) => weights.delete("blocks.5.mlp.fc2.bias"), /has no tensor blocks.5.mlp.fc2.bias/);
  refused(
    (weights) => weights.set("head.weight", { shape: [100, 128], data: new Float32Array(12800) }),
    /head.weight has shape \[100,128\] instead of \[10,128\]/,
  );
  assert.equal(tf.memory().numTensors, before);
});
