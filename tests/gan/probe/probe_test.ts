import assert from "node:assert/strict";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { drivingLevels } from "../../../lib/gan/probe/driving_levels.ts";
import { LABEL_NAMES, latentOf } from "../../../lib/gan/network/image_generator.ts";
import { PROBE_SHAPES, probeMasks, probeSize, probeUnits } from "../../../lib/gan/probe/probe.ts";
import type { Network } from "../../../lib/networks/network.ts";
import { createRandom } from "../../../lib/random.ts";
import { blueOf, toyGenerator } from "../toy_generator.ts";

function near(actual: number, expected: number, within = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

Deno.test("drivingLevels() are those far above the rest, not the significant but slight, nor the low ones", () => {
  const noise = createRandom(1, "noise");
  const level = (mean: number, count = 400) => Array.from({ length: count }, () => mean + noise.normal());
  assert.deepEqual(drivingLevels([level(0), level(2), level(0), level(0)]), [1]);
  assert.deepEqual(drivingLevels([level(0), level(0.3), level(0), level(0)]), []); // p < .001 at d = .3
  assert.deepEqual(drivingLevels([level(0), level(-3), level(0), level(0), level(0), level(0)]), []);
  assert.deepEqual(drivingLevels([level(3), level(0), level(0), level(3), level(0)]), [0, 3]);
  // large by chance: of 3 images, 1.3 standard deviations are nothing
  assert.deepEqual(drivingLevels([[1, -1, 2], [0, -2, 1], [-1, 0.5, -1.5]]), []);
});

Deno.test("drivingLevels() allows 5 % of false discoveries", () => {
  // Pairs 0, 2 and d, d + 2: squares 2 and 2, two degrees of freedom, so t = d / sqrt 2 with the upper tail
  // 1/2 - t / (2 sqrt(2 + t^2)). Of two levels the first p-value is held against half of the rate, .025.
  const tail = (t: number) => 1 / 2 - t / (2 * Math.sqrt(2 + t * t));
  for (const [d, driving] of [[4, []], [5, []], [6, []], [6.5, [1]], [8, [1]]] as const) {
    assert.equal(tail(d / Math.SQRT2) <= 0.025, driving.length > 0);
    assert.deepEqual(drivingLevels([[0, 2], [d, d + 2]]), driving);
  }
  assert.ok(tail(5 / Math.SQRT2) < 0.05); // of 10 % it would be enough
});

Deno.test("drivingLevels() asks for more than half a standard deviation", () => {
  // 400 images, half of them 1 above and half 1 below their mean: the standard deviation is 1, significance far away
  const level = (mean: number) => Array.from({ length: 400 }, (_, i) => mean + (i % 2 === 0 ? 1 : -1));
  for (const [effect, driving] of [[0.4, []], [0.49, []], [0.51, [1]], [0.6, [1]]] as const) {
    assert.deepEqual(drivingLevels([level(0), level(effect)]), driving);
  }
});

Deno.test("drivingLevels() of what does not vary within levels or at all", () => {
  assert.deepEqual(drivingLevels([[1, 1], [1, 1], [5, 5]]), [2]);
  assert.deepEqual(drivingLevels([[0.1, 0.1, 0.1], [0.1, 0.1]]), []);
  assert.throws(() => drivingLevels([[1, 2]]), RangeError);
  assert.throws(() => drivingLevels([[1, 2], [1]]), RangeError);
});

Deno.test("probeMasks() are each shape at two places, and refuse what is no set of shapes", () => {
  const masks = probeMasks(["disk", "letter-T"]);
  assert.deepEqual(masks.map(({ name, shape }) => [name, shape]), [
    ["disk upper left", "disk"],
    ["disk lower right", "disk"],
    ["letter-T upper left", "letter-T"],
    ["letter-T lower right", "letter-T"],
  ]);
  const [upper, lower] = masks.map(({ mask }) => mask);
  assert.deepEqual(upper, lower.toReversed()); // a disk turned by half a turn about the image's centre
  assert.ok(upper.findIndex((value) => value > 0) < lower.findIndex((value) => value > 0));
  assert.equal(probeMasks().length, 2 * PROBE_SHAPES.length);
  assert.throws(() => probeMasks(["disk"]), /a probe of 1 shape compares nothing; name two or more/);
  assert.throws(() => probeMasks(["disk", "ring", "disk"]), /"disk" is named twice/);
  assert.throws(() => probeMasks(["disk", "blob"]), /there is no shape "blob"/);
  assert.throws(() => probeMasks(["disk", "ring:x=.5"]), /"ring:x=.5" is placed/);
});

/** Units that see one colour channel's mean each, one that sees red less green, and one that sees nothing. */
const COLOURS: Network = {
  name: "colours",
  input: { height: 32, width: 32 },
  layers: [{ name: "mean", positions: "none", units: 3 }, { name: "mixed", positions: "none", units: 2 }],
  activations(images, layers) {
    const means = tf.mean(images, [1, 2]) as tf.Tensor2D;
    return layers.map((layer) => layer === "mean" ? means : tf.matMul(means, tf.tensor2d([[1, 0], [-1, 0], [0, 0]])));
  },
  dispose() {},
};

Deno.test("probeUnits() tells units that see the label, the mask and the latent apart", async () => {
  await useBackend();
  const design = { masks: probeMasks(["square", "bar"]), latents: 12, seed: 3 };
  const units = [
    { layer: "mixed", unit: 0 },
    { layer: "mean", unit: 2 },
    { layer: "mean", unit: 1 },
    { layer: "mean", unit: 0 },
    { layer: "mixed", unit: 1 },
  ];
  const done: number[] = [];
  const batches: number[] = [];
  const before = tf.memory().numTensors;
  const activation = { reduce: "mean", postRelu: false } as const;
  const generator = toyGenerator((images) => batches.push(images));
  const result = await probeUnits(generator, COLOURS, units, design, activation, (images) => done.push(images));
  assert.equal(tf.memory().numTensors, before);
  assert.equal(probeSize(design), 480);
  assert.deepEqual([batches, done], [[200, 200, 80], [200, 400, 480]]);
  assert.deepEqual(result.map(({ layer, unit }) => ({ layer, unit })), units);
  const [mixed, blue, green, red, nothing] = result;

  near(red.shares!.label, 1, 1e-6);
  near(red.mean, 0.45, 1e-4); // 0 to .9
  assert.equal(red.cellMeans.length, 40);
  near(red.cellMeans[4 * 8 + 1], 0.8, 1e-4);
  // in tenths: 6 is 6 - 39 / 9 = 1.67 above the mean of the rest, whose squares about it sum to 80; with 48 images a label
  // and 478 degrees of freedom, d = 1.67 / sqrt(80 * 48 / 478) = .59. 5 is .56 above, d = .19
  assert.deepEqual(red.labels, LABEL_NAMES.slice(6));
  assert.deepEqual(red.shapes, []);

  near(green.shares!.mask, 1, 1e-6);
  assert.deepEqual([green.labels, green.shapes], [[], ["square"]]); // .36 of the image, and the bar .09
  near(green.mean, (0.36 + 0.09) / 2, 0.02);

  assert.ok(blue.shares!.rest > 0.85); // chance has (9 + 3 + 27) / 479 = 8 % of it
  assert.ok(blue.shares!.labelOmega < 0.03 && blue.shares!.maskOmega < 0.03);
  assert.deepEqual([blue.labels, blue.shapes], [[], []]);
  const latents = Array.from({ length: 12 }, (_, i) => blueOf(latentOf(3, 12 + i), 0)); // of the second cell
  near(blue.cellMeans[1], latents.reduce((sum, value) => sum + value) / 12, 1e-4);

  // red has variance 8.25 / 100; green of twice .36 and twice .09 has .135^2; nothing else varies
  near(mixed.shares!.label, 0.0825 / (0.0825 + 0.135 ** 2), 0.02);
  near(mixed.shares!.label + mixed.shares!.mask, 1, 1e-5);
  assert.deepEqual(mixed.shapes, ["bar"]); // less green

  assert.deepEqual([nothing.shares, nothing.labels, nothing.shapes, nothing.mean], [null, [], [], 0]);
});

Deno.test("probeUnits() says the same of a unit whatever else is probed, and refuses a network of other images", async () => {
  await useBackend();
  const design = { masks: probeMasks(["disk", "cross"]), latents: 2, seed: 0 };
  const activation = { reduce: "mean", postRelu: false } as const;
  const unit = { layer: "mean", unit: 1 };
  const alone = await probeUnits(toyGenerator(), COLOURS, [unit], design, activation);
  const among = await probeUnits(toyGenerator(), COLOURS, [{ layer: "mixed", unit: 0 }, unit], design, activation);
  assert.deepEqual(alone[0], among[1]);
  const other = { ...COLOURS, input: { height: 32, width: 224 } };
  await assert.rejects(
    probeUnits(toyGenerator(), other, [unit], design, activation),
    /colours takes images of 224x32 px, and toy makes such of 32x32 px; probe a model of 32x32 px/,
  );
});
