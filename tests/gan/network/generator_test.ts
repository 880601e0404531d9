import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { InputError } from "../../../lib/errors.ts";
import { CRITIC_PARAMETERS, criticScores } from "../../../lib/gan/network/critic.ts";
import { createGenerator, GENERATOR_PARAMETERS, STATISTICS } from "../../../lib/gan/network/generator.ts";
import { type Conditions, LATENT, latentOf } from "../../../lib/gan/network/image_generator.ts";
import { maskPyramid } from "../../../lib/gan/masks/mask_pyramid.ts";
import { disposeParameters, initializeParameters, writeParameters } from "../../../lib/gan/network/parameters.ts";
import { drawShape } from "../../../lib/gan/masks/shapes.ts";
import type { Weights } from "../../../lib/weights/take_weight.ts";
import { createRandom } from "../../../lib/random.ts";
import { COMPANY_KEEPS_BITS } from "../../same_bits.ts";

await useBackend();

/** Weights of a generator that was never trained. */
function freshWeights(): Weights {
  const all = [GENERATOR_PARAMETERS, STATISTICS].map((specs) => initializeParameters(specs, createRandom(3)));
  const weights = new Map(all.flatMap((parameters) => [...writeParameters(parameters)]));
  all.forEach(disposeParameters);
  return weights;
}

const DISK = drawShape("disk", { size: 0.6 });
const RING = drawShape("ring", { size: 0.6 });

/** One condition after the other. */
function conditions(parts: readonly { latent: number; label: number; mask: Float32Array }[]): Conditions {
  const latents = new Float32Array(parts.length * LATENT);
  const masks = new Float32Array(parts.length * 1024);
  parts.forEach(({ latent, mask }, i) => {
    latents.set(latentOf(1, latent), i * LATENT);
    masks.set(mask, i * 1024);
  });
  return { latents, labels: parts.map(({ label }) => label), masks };
}

Deno.test("generate() makes images in [0, 1] that depend on latent, label and mask", () => {
  const before = tf.memory().numTensors;
  const generator = createGenerator(freshWeights(), "fresh");
  const { count, height, width, data } = generator.generate(conditions([
    { latent: 0, label: 0, mask: DISK },
    { latent: 1, label: 0, mask: DISK },
    { latent: 0, label: 1, mask: DISK },
    { latent: 0, label: 0, mask: RING },
    { latent: 0, label: 0, mask: DISK },
  ]));
  generator.dispose();
  assert.deepEqual([count, height, width, data.length], [5, 32, 32, 5 * 3072]);
  assert.ok(data.every((value) => value >= 0 && value <= 1));
  const [first, ...others] = Array.from({ length: 5 }, (_, i) => data.slice(i * 3072, (i + 1) * 3072));
  for (const other of others.slice(0, 3)) assert.notDeepEqual(other, first);
  assert.deepEqual(others[3], first);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("generate() gives an image the same bits alone and among others", { ignore: !COMPANY_KEEPS_BITS }, () => {
  const generator = createGenerator(freshWeights(), "fresh");
  const many = Array.from({ length: 53 }, (_, i) => ({ latent: i, label: i % 10, mask: i % 2 === 0 ? DISK : RING }));
  const all = generator.generate(conditions(many)).data;
  for (const i of [0, 49, 52]) {
    assert.deepEqual(generator.generate(conditions([many[i]])).data, all.slice(i * 3072, (i + 1) * 3072));
  }
  generator.dispose();
});

Deno.test("generate() makes no image of no condition, and refuses conditions that do not fit each other", () => {
  const generator = createGenerator(freshWeights(), "fresh");
  const good = conditions([{ latent: 0, label: 0, mask: DISK }]);
  assert.equal(generator.generate(conditions([])).count, 0);
  for (const label of [-1, 10, 1.5, NaN]) {
    assert.throws(() => generator.generate({ ...good, labels: [label] }), (error: Error) => {
      return error instanceof InputError && /there is no label .*; give 0 to 9$/.test(error.message);
    });
  }
  assert.throws(
    () => generator.generate({ ...good, masks: good.masks.subarray(1) }),
    /1 labels need .* got 128 and 1023/,
  );
  assert.throws(() => generator.generate({ ...good, latents: new Float32Array(127) }), InputError);
  generator.dispose();
});

Deno.test("createGenerator() refuses weights of another network, and leaves no tensor behind", () => {
  const before = tf.memory().numTensors;
  const weights = new Map(freshWeights());
  weights.delete("up16.weight");
  assert.throws(() => createGenerator(weights, "some.safetensors"), (error: Error) => {
    return error instanceof InputError && error.message.includes("some.safetensors has no tensor up16.weight");
  });
  const broken = new Map(freshWeights());
  broken.set("out.bias", { shape: [3], data: Float32Array.of(0, NaN, 0) });
  assert.throws(() => createGenerator(broken, "some.safetensors"), /out.bias holds a number that is not finite/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("latentOf() gives standard normal numbers that depend on seed and index alone", () => {
  assert.deepEqual(latentOf(4, 7), latentOf(4, 7));
  assert.notDeepEqual(latentOf(4, 8), latentOf(4, 7));
  const many = Array.from({ length: 100 }, (_, i) => [...latentOf(2, i)]).flat();
  const mean = many.reduce((sum, value) => sum + value, 0) / many.length;
  const variance = many.reduce((sum, value) => sum + (value - mean) ** 2, 0) / many.length;
  // 12,800 numbers: five standard errors of mean and variance
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(12_800));
  assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / 12_800));
});

Deno.test("maskPyramid() holds the mask's means at every resolution, as blocks, from -1 to 1", () => {
  tf.tidy(() => {
    // one pixel at row 5, column 6
    const mask = new Float32Array(1024);
    mask[5 * 32 + 6] = 1;
    const { of4, of8, of16, of32 } = maskPyramid(tf.tensor4d(mask, [1, 32, 32, 1]));
    assert.deepEqual([of4, of8, of16, of32].map(({ shape }) => shape), [
      [1, 4, 4, 4],
      [1, 8, 8, 4],
      [1, 16, 16, 4],
      [1, 32, 32, 1],
    ]);
    const at = (level: tf.Tensor4D, row: number, column: number, channel: number) =>
      level.arraySync()[0][row][column][channel];
    assert.equal(at(of32, 5, 6, 0), 1);
    assert.equal(at(of16, 2, 3, 2), 1); // of the block at (2, 3) the lower left: channel 2 (5 mod 2) + 6 mod 2
    assert.equal(at(of16, 2, 3, 3), -1);
    assert.equal(at(of8, 1, 1, 1), -0.5); // 16-pixel cell (2, 3), of mean 1/4: -1 + 2/4; in block (1, 1) the upper right
    assert.equal(at(of4, 0, 0, 3), -0.875); // 8-pixel cell (1, 1), of mean 1/16: -1 + 2/16; in block (0, 0) the lower right
  });
});

Deno.test("criticScores() depend on the image, the label and the mask", () => {
  const parameters = initializeParameters(CRITIC_PARAMETERS, createRandom(8));
  const score = (grey: number, label: number, mask: Float32Array) =>
    dataOf(() =>
      criticScores(
        parameters,
        tf.fill([1, 32, 32, 3], grey),
        tf.tensor1d([label], "int32"),
        tf.tensor4d(mask, [1, 32, 32, 1]),
      )
    )[0];
  const first = score(0.5, 2, DISK);
  assert.equal(score(0.5, 2, DISK), first);
  assert.notEqual(score(-0.5, 2, DISK), first);
  assert.notEqual(score(0.5, 3, DISK), first);
  assert.notEqual(score(0.5, 2, RING), first);
  disposeParameters(parameters);
});
