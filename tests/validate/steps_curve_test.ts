import assert from "node:assert/strict";
import type { ImageSource } from "../../lib/data/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { stepsCurve } from "../../lib/validate/mod.ts";
import { imageRequests, visualize } from "../../lib/visualize/mod.ts";
import { madeUpDataset } from "../data/made_up_dataset.ts";
import { colourNetwork, GREEN, QUICK, RED, standInContext } from "../pipeline/stand_ins.ts";

await useBackend();

/** From z = 0 the first step of Adam is .05 for every logit that matters: a colour's mean is sigmoid(.05) after it. */
const AFTER_ONE = 1 / (1 + Math.exp(-0.05));
const profile = { ...QUICK, visualize: { ...QUICK.visualize, noiseScale: 0, steps: 12 } };
const units = [{ layer: "colour", unit: RED }, { layer: "colour", unit: GREEN }];

/** Images of a single pixel, each of one red and one green. */
function coloured(colours: readonly { readonly red: number; readonly green: number }[]): ImageSource {
  return {
    count: colours.length,
    labels: null,
    images: (indices) => {
      const pixels = Array.from(indices).flatMap((i) => [colours[i].red, colours[i].green, 0]);
      return Promise.resolve({ count: indices.length, height: 1, width: 1, data: Float32Array.from(pixels) });
    },
  };
}

Deno.test("stepsCurve() tells activations after each number of steps as a share of the last", async () => {
  const alone = await visualize(colourNetwork(), "colour", imageRequests([RED], 0, 1), profile.visualize, {
    seed: 0,
    dataset: null,
  });
  const [final] = alone.activations;
  const curve = await stepsCurve(standInContext({ profile }), units, 3, [4, 1, 12, 64]);
  assert.deepEqual(curve.map(({ steps }) => steps), [1, 4, 12]); // in order; those beyond the profile's are passed over
  assert.ok(Math.abs(curve[0].medianShare - AFTER_ONE / final) < 1e-4);
  assert.ok(curve[0].medianShare < curve[1].medianShare && curve[1].medianShare < 1);
  assert.equal(curve[2].medianShare, 1);
  assert.equal(curve[2].lowerQuartileShare, 1);
  // without a dataset there is nothing to exceed
  assert.ok(curve.every(({ exceeding, imageShare }) => exceeding === null && imageShare === null));
});

Deno.test("stepsCurve() counts the units and images above the dataset's best after each number of steps", async () => {
  // Red exceeds its best, the last of very many images, after the second step at the latest; green never exceeds its first.
  const dull = Array.from({ length: 2600 }, () => ({ red: 0.1, green: 0 }));
  const test = coloured([{ red: 0.1, green: 2 }, ...dull, { red: AFTER_ONE + 0.002, green: 0.1 }]);
  const context = standInContext({ profile, dataset: madeUpDataset(coloured([]), test) });
  const curve = await stepsCurve(context, units, 3, [1]);
  assert.deepEqual(curve.map(({ exceeding, imageShare }) => [exceeding, imageShare]), [[0, 0], [1, 1 / 2]]);
});

Deno.test("stepsCurve() goes through layers, reports progress up to the end, and leaves no tensor", async () => {
  const context = standInContext({ profile: { ...profile, visualize: { ...profile.visualize, steps: 2 } } });
  const before = tf.memory().numTensors;
  const shares: number[] = [];
  const curve = await stepsCurve(context, [...units, { layer: "map", unit: 0 }], 2, [1], (share) => shares.push(share));
  assert.equal(tf.memory().numTensors, before);
  assert.equal(curve.length, 2);
  assert.equal(shares.at(-1), 1);
  assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
});

Deno.test("stepsCurve() refuses no units and no images", async () => {
  await assert.rejects(() => stepsCurve(standInContext(), [], 2, [1]), /there is no unit/);
  await assert.rejects(() => stepsCurve(standInContext(), units, 0, [1]), RangeError);
});
