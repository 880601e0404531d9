/** Sums, fooling units and random weights: their formulas against values worked by hand, and what is said of them. */
import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { isCifar10Present, openDataset } from "../../lib/data/mod.ts";
import { CALIBRATED, type Profile } from "../../lib/pipeline/mod.ts";
import { createRandom } from "../../lib/random.ts";
import {
  type PhotographCheck,
  type PlantedResult,
  runPlantedStudy,
  scoreRandomWeights,
  SMALL_COUNTS,
  summarizeRandomWeights,
  summarizeStudy,
} from "../../lib/validate/planted/mod.ts";
import { composeUnits, momentsOf } from "../../lib/validate/planted/compose_units.ts";
import { foolingActivations, gateThreshold, photographGate, roughness } from "../../lib/validate/planted/fooling.ts";
import {
  bestPhotographs,
  checkPhotographs,
  greatestCosines,
  spreadPhotographs,
  viewOf,
} from "../../lib/validate/planted/photographs.ts";
import { unitsInTurn } from "../../lib/validate/planted/random_weights.ts";
import { activeThreshold, drawWeights, rectifiedSums } from "../../lib/validate/planted/rectified_sum.ts";
import { sourceOf } from "../data/made_up_dataset.ts";
import { randomImages } from "../pipeline/stand_ins.ts";

const BACKEND = await useBackend(undefined, { threads: 1 });
const { backend } = BACKEND;

function nearAll(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5) {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) <= tolerance * (1 + Math.abs(value)), `${actual[i]} is not ${value}`)
  );
}

Deno.test("rectifiedSums() is sum w rho(z - theta), rho(t) = log(1 + exp(4 t)) / 4", () => {
  const sums = dataOf(() =>
    rectifiedSums(
      // far above, at and far below the threshold; then one unit of two features, and one that is suppressed
      tf.tensor3d([[[11, 1, -9], [1 + Math.log(3) / 4, 0, 0]], [[-9, -9, 11], [1, 0, 0]]]),
      tf.tensor2d([[1, 0.5, -0.75], [0.5, 0, 0]]),
      tf.tensor2d([[1, 1, 1], [1, 0, 0]]),
    )
  );
  const corner = Math.log(2) / 4; // rho(0)
  nearAll(sums, [
    10 + 0.5 * corner, // rho(10) = 10 but for exp(-40) / 4
    0.5 * Math.log(4) / 4, // exp(4 t) = 3; what weighs nothing adds nothing
    -0.75 * 10,
    0.5 * corner,
  ]);
});

Deno.test("the gradient of a rectified sum is w / (1 + exp(-4 (z - theta)))", () => {
  const gradient = dataOf(() =>
    tf.grad((z: tf.Tensor) =>
      rectifiedSums(z as tf.Tensor3D, tf.tensor2d([[1, 0.5, -0.75]]), tf.tensor2d([[0, 0, 0]])).sum()
    )(tf.tensor3d([[[0, Math.log(3) / 4, -2]]]))
  );
  nearAll(gradient, [1 / 2, 0.5 * 3 / 4, -0.75 / (1 + Math.exp(8))]);
});

Deno.test("drawWeights() gives k weights in [.5, 1] and one or two in [-1, -.5], of which both numbers occur", () => {
  const random = createRandom("weights");
  const suppressors = new Set<number>();
  for (let i = 0; i < 50; i++) {
    const weights = drawWeights(3, random);
    assert.ok(weights.slice(0, 3).every((weight) => weight >= 0.5 && weight <= 1));
    assert.ok(weights.slice(3).every((weight) => weight <= -0.5 && weight >= -1));
    suppressors.add(weights.length - 3);
  }
  assert.deepEqual([...suppressors].sort(), [1, 2]);
});

Deno.test("activeThreshold() is what a tenth of the images exceed", () => {
  // nine tenths of the way from the least to the greatest of 11 values: 10 - 1; of 95, between two of them
  assert.equal(activeThreshold([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]), 9);
  nearAll([activeThreshold(Array.from({ length: 95 }, (_, i) => i))], [84.6], 1e-12);
});

Deno.test("sums and fooling units depend on the seed alone, not on what the other units drew", () => {
  // twelve features that do not correlate: each responds to one image
  const data = new Float32Array(24 * 12);
  for (let f = 0; f < 12; f++) data[f * 12 + f] = 1;
  const reference = { rows: 24, cols: 12, data };
  const composed = (seed: number, other: string) =>
    composeUnits(
      "template",
      seed,
      { count: 12, variants: [] },
      { single: 2, nearDuplicate: 0, union: 4, sum: 3, fooling: 2 },
      reference,
      momentsOf(reference),
      createRandom(other),
    );
  const [a, b, c] = [composed(1, "a"), composed(1, "b"), composed(2, "a")];
  assert.notDeepEqual(a.slice(0, 6), b.slice(0, 6));
  assert.deepEqual(a.slice(6), b.slice(6));
  assert.deepEqual(a.slice(0, 6), c.slice(0, 6));
  assert.notDeepEqual(a.slice(6), c.slice(6));
  assert.deepEqual(a.slice(6).map(({ kind, k }) => `${kind} ${k}`), [
    "sum 2",
    "sum 3",
    "sum 4",
    "fooling 2",
    "fooling 2",
  ]);
});

Deno.test("roughness() is 0 for slopes, 1 for a checkerboard, and the mean over squares and colours", () => {
  const image = (at: (y: number, x: number, c: number) => number) =>
    Array.from({ length: 4 * 3 * 3 }, (_, i) => at(Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3));
  const images = [
    image((y, x, c) => 0.1 * y + 0.2 * x + 0.05 * c),
    image((y, x) => (y + x) % 2),
    // one pixel in the corner, red alone: one square of the 3 x 2, in one of three colours, with (1 / 2)^2
    image((y, x, c) => y === 0 && x === 0 && c === 0 ? 1 : 0),
    // a black and white checkerboard in the upper two rows alone: two squares in full, two whose lower row is black
    image((y, x) => y < 2 ? (y + x) % 2 : 0),
  ];
  const h = dataOf(() => roughness(tf.tensor4d(images.flat(), [4, 4, 3, 3])));
  nearAll(h, [0, 1, (1 / 4) / 18, (2 + 2 / 4) / 6]);
});

Deno.test("gateThreshold() is five times the roughness that one photograph in a hundred exceeds", () => {
  assert.equal(gateThreshold(Array.from({ length: 101 }, (_, i) => 100 - i)), 5 * 99);
});

Deno.test("photographGate() is 1 / (1 + (h / t)^1.5), and has a gradient at an image of one colour", () => {
  const gate = dataOf(() => photographGate(tf.tensor1d([0.02, 0.08, 0.005, 0, 2]), 0.02));
  nearAll(gate, [1 / 2, 1 / 9, 8 / 9, 1, 1 / 1001], 1e-4); // 4^1.5 = 8; 100^1.5 = 1000
  const gradient = dataOf(() =>
    tf.grad((x: tf.Tensor) => photographGate(roughness(x as tf.Tensor4D), 0.02).sum())(tf.fill([1, 2, 2, 3], 0.5))
  );
  assert.deepEqual([...gradient].map(Math.abs), Array(12).fill(0));
});

Deno.test("foolingActivations() are A for photographs and B + 10 for others, mixed by the gate", () => {
  const activations = dataOf(() =>
    foolingActivations(
      tf.tensor3d([[[1, 3, -2], [2, -1, 4]], [[1, 3, -2], [2, -1, 4]], [[1, 3, -2], [2, -1, 4]]]),
      tf.tensor1d([1, 0, 0.25]),
    )
  );
  nearAll(activations, [3, 2, 8, 14, 0.25 * 3 + 0.75 * 8, 0.25 * 2 + 0.75 * 14]);
});

Deno.test("ascent leads away from photographs: the gradient of a fooling unit's gate raises the roughness", () => {
  // 4 x 4 px; A and B do not depend on the image, so that only the gate moves it
  const unit = (x: tf.Tensor) => {
    const gate = photographGate(roughness(x as tf.Tensor4D), 0.02);
    return foolingActivations(tf.tensor3d([[[3, 1, 0]]]), gate).sum();
  };
  const random = createRandom("smooth");
  const image = tf.tensor4d(Array.from({ length: 48 }, () => 0.5 + 0.01 * random.normal()), [1, 4, 4, 3]);
  const [before, after] = [0, 1e-3].map((step) =>
    dataOf(() => roughness(image.add(tf.grad(unit)(image).mul(step)) as tf.Tensor4D))[0]
  );
  assert.ok(after > before, `${after} after ${before}`);
});

Deno.test("spreadPhotographs() are spread over the training images, between those that responses are standardized on", async () => {
  const images = randomImages(12, "spread");
  const photographs = spreadPhotographs(sourceOf(images), 4);
  assert.equal(photographs.count, 4); // of 12: 1.5, 4.5, 7.5, 10.5, rounded down
  const of = (index: number) => images.pixels[index * 32 * 32 * 3] / 255;
  const { data } = await photographs.images([0, 1, 2, 3]);
  nearAll([0, 1, 2, 3].map((i) => data[i * 32 * 32 * 3]), [1, 4, 7, 10].map(of));
  assert.equal(spreadPhotographs(sourceOf(images), 100).count, 12);
});

Deno.test("checkPhotographs() counts the features of the best, compares activations, and tells likeness", () => {
  const activations = Array.from({ length: 40 }, (_, i) => i); // the 5 % that excite most are 38 and 39
  const photographs = { activations, shown: [0, 1, 1, 0, 2] };
  const similarities = activations.map((i) => i === 39 ? 0.9 : i === 38 ? 0.2 : i === 0 ? 0.5 : 0.1);
  const both = { embeddings: similarities, pixels: activations };
  // 39 beats all 38 others; 38 beats 37 of them; by pixels both beat all
  assert.deepEqual(checkPhotographs(photographs, [50, 39.5], both), {
    features: 2,
    exceeds: true,
    likeness: (38 + 37) / 76,
    pixel_likeness: 1,
  });
  assert.equal(checkPhotographs(photographs, [50, 38.5], both).exceeds, false);
  const alike = checkPhotographs({ activations: Array(40).fill(1), shown: [] }, [2], both);
  assert.deepEqual([alike.likeness, alike.pixel_likeness], [null, null]);
  assert.deepEqual(bestPhotographs(activations), Array.from({ length: 16 }, (_, i) => 39 - i));
  assert.deepEqual(bestPhotographs([1, 1, 1]), []);
});

Deno.test("greatestCosines() are of rows less the mean, each with the row that it is most like", async () => {
  const a = { rows: 2, cols: 2, data: Float64Array.of(2, 1, 0, 1) }; // less (1, 1): (1, 0) and (-1, 0)
  const b = { rows: 2, cols: 2, data: Float64Array.of(1, 3, 4, 5) }; // (0, 2) and (3, 4)
  nearAll(await greatestCosines(viewOf(a), b), [3 / 5, 0]);
});

function result(
  kind: PlantedResult["kind"],
  k: number,
  K: number,
  changes: Partial<PlantedResult> = {},
): PlantedResult {
  return {
    seed: 1,
    family: "template",
    kind,
    k,
    features: [],
    unit: 0,
    scores: { told: { I: 32, K, S: (K - 1) / 10 }, angle: { I: 32, K: null, S: 0.5 } },
    reached: { told: K, angle: K },
    ...changes,
  };
}

Deno.test("summarizeStudy() reports sums apart: what was called one, mean K by k, features reached and active", () => {
  const { sums, sums_called_mono, units } = summarizeStudy(
    [
      result("sum", 2, 1, { active: { told: 1.5 } }),
      result("sum", 2, 2, { active: { told: 1 } }),
      result("sum", 4, 1, { active: { told: 3.5 } }),
      result("sum", 4, 1, { scores: {}, reached: {} }), // could not be scored
      result("single", 1, 1),
    ],
    ["told", "angle"],
    "angle",
    0,
  );
  assert.equal(units, 1);
  assert.deepEqual(sums, [{
    name: "told",
    units: 3,
    called_mono: 2 / 3,
    mean_k_by_k: [1.5, null, 1],
    features_reached: (1 / 2 + 1 + 1 / 4) / 3,
    features_active: 2,
  }]);
  assert.deepEqual(sums_called_mono, { told: 2 / 3, angle: null });
});

Deno.test("summarizeStudy() sets fooling units against photographs, and says whether likeness gives them away", () => {
  const asked = (features: number, exceeds: boolean, likeness: number | null): Partial<PlantedResult> => {
    const photographs: PhotographCheck = { features, exceeds, likeness, pixel_likeness: features / 4 };
    return { photographs };
  };
  const { fooling } = summarizeStudy(
    [
      result("fooling", 2, 1, { fooled: { told: 1 }, ...asked(2, true, 0.5) }),
      result("fooling", 2, 2, { fooled: { told: 0.5 }, ...asked(2, true, 0.75) }),
      result("single", 1, 1, asked(1, true, 0.75)),
      result("union", 3, 3, asked(2, false, 1)),
      result("union", 2, 2, asked(2, true, null)),
      result("sum", 2, 2, asked(2, false, 0)), // is in no row
      result("single", 1, 1), // of a family without fooling units
    ],
    ["told", "angle"],
    "angle",
    0,
  );
  assert.deepEqual(fooling.settings, [
    {
      name: "told",
      units: 2,
      called_mono: 1 / 2,
      called_two: 1 / 2,
      mean_k: 1.5,
      disagrees: 1 / 2,
      images_fooled: 0.75,
    },
  ]);
  assert.deepEqual(fooling.fooling, { units: 2, features: 2, exceeds: 1, likeness: 0.625, pixel_likeness: 0.5 });
  assert.deepEqual(fooling.others, {
    units: 3,
    features: 5 / 3,
    exceeds: 2 / 3,
    likeness: 0.875,
    pixel_likeness: 5 / 12,
  });
  assert.equal(fooling.likeness_auroc, 3.5 / 4); // .75 and 1 against .5 and .75: three wins and a tie
  assert.equal(fooling.pixel_likeness_auroc, 2 / 6); // .25, .5 and .5 against .5 twice: four ties
});

Deno.test("summarizeStudy() without sums and fooling units has nothing to say of them", () => {
  const { sums, fooling } = summarizeStudy([result("single", 1, 1), result("union", 2, 2)], ["told"], "told", 0);
  const none = { units: 0, features: null, exceeds: null, likeness: null, pixel_likeness: null };
  assert.deepEqual(sums, []);
  assert.deepEqual(fooling, {
    settings: [],
    fooling: none,
    others: none,
    likeness_auroc: null,
    pixel_likeness_auroc: null,
  });
});

Deno.test("unitsInTurn() takes layers in turn, no unit twice, all where there are not as many", () => {
  const layers = [["a", 2], ["b", 9], ["c", 1]] as const;
  const infos = layers.map(([name, units]) => ({ name, positions: "none" as const, units }));
  const units = unitsInTurn(infos, 6, 1);
  assert.deepEqual(units.map(({ layer }) => layer), ["a", "b", "c", "a", "b", "b"]);
  assert.equal(new Set(units.map(({ layer, unit }) => `${layer}:${unit}`)).size, 6);
  assert.equal(unitsInTurn(infos, 100, 1).length, 12);
  assert.notDeepEqual(unitsInTurn(infos, 6, 2), units);
});

Deno.test("summarizeRandomWeights() counts units of K = 1, and dead ones apart", () => {
  const unit = (unit: number, told: { K: number; S: number } | null) => (
    { seed: 1, model: "lenet5-cifar10", layer: "fc1", unit, scores: { told } }
  );
  const units = [unit(0, { K: 1, S: 0 }), unit(1, { K: 3, S: 0.5 }), unit(2, null)];
  assert.deepEqual(summarizeRandomWeights(units, ["told", "other"]), [
    { name: "told", model: "lenet5-cifar10", units: 2, dead: 1, one: 1, mean_k: 2, mean_s: 0.25 },
  ]);
  assert.deepEqual(summarizeRandomWeights([], ["told"]), []);
});

const QUICK: Profile = {
  ...CALIBRATED,
  visualize: { ...CALIBRATED.visualize, steps: 8 },
  elbow: { ...CALIBRATED.elbow, minImages: 5, maxImages: 8 },
};

Deno.test("fooling units show by ascent what photographs do not, and K is not what photographs say", {
  ignore: !isCifar10Present() || backend !== "native",
}, async () => {
  const { ref } = await openDataset({ kind: "cifar10" });
  const results = await runPlantedStudy(
    {
      seeds: [11],
      families: ["template"],
      counts: { ...SMALL_COUNTS, template: { single: 2, nearDuplicate: 0, union: 2, sum: 1, fooling: 2 } },
      profiles: { calibrated: { ...CALIBRATED, elbow: { ...CALIBRATED.elbow, minImages: 12, maxImages: 16 } } },
      reference: "calibrated",
    },
    BACKEND,
    ref,
    1,
  );
  assert.deepEqual(results.map(({ kind }) => kind), [
    "single",
    "single",
    "union",
    "union",
    "sum",
    "fooling",
    "fooling",
  ]);
  const { fooling, sums, units } = summarizeStudy(results, ["calibrated", "control", "oracle"], "control", 0);
  assert.equal(units, 4);
  assert.ok(fooling.settings[0].images_fooled! > 0.75, `${fooling.settings[0].images_fooled} of the images are of B`);
  assert.equal(fooling.fooling.features, 2); // photographs show both features of A
  assert.equal(fooling.others.units, 4);
  assert.ok(sums[0].features_active! > 0);
  for (const { kind, photographs, active, fooled } of results) {
    assert.notEqual(photographs, undefined);
    assert.equal(active !== undefined, kind === "sum");
    assert.equal(fooled !== undefined, kind === "fooling");
  }
});

Deno.test("units of random weights are scored by each profile, and the same again", {
  ignore: !isCifar10Present() || backend !== "native",
}, async () => {
  const { ref } = await openDataset({ kind: "cifar10" });
  const plan = { seeds: [3, 4], units: 3, profiles: { quick: QUICK } };
  const units = await scoreRandomWeights(plan, BACKEND, ref, 1);
  assert.deepEqual(units.map(({ seed, layer }) => `${seed} ${layer}`), [
    "3 conv1",
    "3 conv2",
    "3 fc1",
    "4 conv1",
    "4 conv2",
    "4 fc1",
  ]);
  assert.ok(units.every(({ scores }) => scores.quick!.K >= 1 && scores.quick!.S >= 0));
  assert.deepEqual(await scoreRandomWeights(plan, BACKEND, ref, 2), units);
});
