import assert from "node:assert/strict";
import { type ImageSource, indexRange } from "../../lib/data/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { Lpips, UnitVector } from "../../lib/lpips/mod.ts";
import type { Network } from "../../lib/networks/mod.ts";
import { CALIBRATED, PAPER } from "../../lib/pipeline/mod.ts";
import { createRandom } from "../../lib/random.ts";
import type { ImageBatch, LayerInfo } from "../../lib/types.ts";
import {
  choosePairs,
  groupsOf,
  imagesAt,
  imagesAtEnds,
  imagesRows,
  type JudgeContext,
  type JudgedUnit,
  judgeUnits,
  likeness,
  MOST_TRAINING_IMAGES,
  REAL,
  refuseTooFew,
  refuseUnlike,
  shareRight,
  spreadIndices,
  summarizeImages,
  type UnitQuestions,
  unitsToRead,
} from "../../lib/validate/images/mod.ts";
import type { VisualizeOptions } from "../../lib/visualize/mod.ts";

await useBackend();

const random = (...parts: (string | number)[]) => createRandom("images test", ...parts);

// ---------------------------------------------------------------- the decision rule

Deno.test("likeness() is the mean distance to the negative references less that to the positive ones", () => {
  assert.equal(likeness([1, 2], [4, 6]), 3.5); // 5 - 1.5
  assert.equal(likeness([4, 6], [1, 2]), -3.5);
  assert.equal(likeness([3], [3, 3, 3]), 0);
});

Deno.test("shareRight() counts pairs whose exciting image has the higher likeness, and ties one half", () => {
  assert.equal(shareRight([1, 2, 3], [0, 1, 2]), 1);
  assert.equal(shareRight([0, 1], [1, 2]), 0);
  assert.equal(shareRight([5, 5], [5, 5]), 1 / 2);
  assert.equal(shareRight([1, 2, -3, 0], [0, 2, -1, -1]), 2.5 / 4); // right, tie, wrong, right
  assert.throws(() => shareRight([], []), RangeError);
  assert.throws(() => shareRight([1, 2], [1]), RangeError);
});

// ---------------------------------------------------------------- which images are asked about

const RISING = Array.from({ length: 40 }, (_, i) => i);

Deno.test("imagesAtEnds() gives the most and the least exciting images, the extreme ones first", () => {
  const activations = [3, -1, 7, 0, 2, 5];
  assert.deepEqual(imagesAtEnds(activations, 2, random()), { most: [2, 5], least: [1, 3] });
  assert.deepEqual(imagesAtEnds(activations, 3, random()), { most: [2, 5, 0], least: [1, 3, 4] });
});

Deno.test("imagesAtEnds() is null where the ends are not apart, or an activation is no number", () => {
  assert.equal(imagesAtEnds(Array(10).fill(2), 2, random()), null); // a dead unit
  assert.equal(imagesAtEnds([0, 0, 0, 0, 1], 2, random()), null); // one of the two most is as the least
  assert.deepEqual(imagesAtEnds([0, 0, 0, 0, 1], 1, random())!.most, [4]);
  assert.equal(imagesAtEnds([0, 1, NaN, 3], 1, random()), null);
  assert.equal(imagesAtEnds([0, 1, 2, Infinity], 1, random()), null);
  assert.equal(imagesAtEnds([], 1, random()), null);
});

Deno.test("imagesAtEnds() draws among images that excite alike, by the seed and not by their place", () => {
  const halves = Array.from({ length: 100 }, (_, i) => i < 50 ? 0 : 1);
  const drawn = (seed: number) => imagesAtEnds(halves, 5, random(seed))!;
  assert.deepEqual(drawn(1), drawn(1));
  assert.notDeepEqual(drawn(1), drawn(2));
  for (const seed of [1, 2, 3]) {
    assert.ok(drawn(seed).most.every((index) => index >= 50) && drawn(seed).least.every((index) => index < 50));
    assert.ok(Math.max(...drawn(seed).least) > 10, "not the first ones"); // by chance within 0 .. 10: (11/50)^5, .0005
  }
});

Deno.test("choosePairs() pairs one of the top 5 % with one of the bottom 5 %, no image twice", () => {
  const { most, least } = choosePairs(RISING, 2, random())!; // 5 % of 40 images are two
  assert.deepEqual([...most].sort(), [38, 39]);
  assert.deepEqual([...least].sort(), [0, 1]);
  const many = Array.from({ length: 400 }, (_, i) => i);
  const twenty = choosePairs(many, 20, random())!;
  assert.equal(new Set([...twenty.most, ...twenty.least]).size, 40);
  assert.ok(twenty.most.every((index) => index >= 380) && twenty.least.every((index) => index < 20));
  const five = choosePairs(many, 5, random())!;
  assert.deepEqual(
    five,
    { most: twenty.most.slice(0, 5), least: twenty.least.slice(0, 5) },
    "fewer are the first ones",
  );
  assert.notDeepEqual(choosePairs(many, 5, random("other")), five);
  assert.equal(choosePairs(Array(400).fill(0), 5, random()), null);
});

// ---------------------------------------------------------------- what there is to ask

const LAYERS: readonly LayerInfo[] = [
  { name: "a", positions: "none", units: 30 },
  { name: "b", positions: "none", units: 5 },
  { name: "c", positions: "none", units: 1 },
];

Deno.test("unitsToRead() adds another unit to a layer of which one alone is chosen, where it has another", () => {
  const chosen = [{ layer: "c", unit: 0 }, { layer: "b", unit: 2 }, { layer: "a", unit: 9 }, { layer: "a", unit: 4 }];
  const others = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const [a, b, c] = unitsToRead(LAYERS, chosen, (layer) => random(seed, layer));
    assert.deepEqual([a, c], [{ layer: "a", units: [4, 9] }, { layer: "c", units: [0] }]);
    assert.equal(b.units.length, 2);
    assert.ok(b.units.includes(2));
    others.add(b.units.find((unit) => unit !== 2)!);
  }
  assert.deepEqual([...others].sort(), [0, 1, 3, 4], "any of the others"); // one missing: 4 (3/4)^40, 4e-5
});

Deno.test("groupsOf() cuts units in drawn order into groups as equal as may be, none of a single unit", () => {
  for (let count = 1; count <= 30; count++) {
    const units = Array.from({ length: count }, (_, i) => i);
    for (const most of [3, 8]) {
      const groups = groupsOf(units, most, random(count));
      assert.deepEqual(groups.flat().sort((a, b) => a - b), units);
      assert.equal(groups.length, Math.ceil(count / most));
      assert.ok(groups.every(({ length }) => length <= most && (length > 1 || count === 1)), `${count} by ${most}`);
      assert.deepEqual(groupsOf(units, most, random(count)), groups);
    }
  }
});

Deno.test("spreadIndices() and imagesAt() take images from all over a source", async () => {
  assert.deepEqual(spreadIndices(10, 4), [0, 2, 5, 7]);
  assert.deepEqual(spreadIndices(3, 9), [0, 1, 2]);
  const source = colours(Array.from({ length: 10 }, (_, i) => [i / 10, 0, 0]));
  const some = imagesAt(source, [0, 2, 5, 7]);
  assert.equal(some.count, 4);
  assert.deepEqual((await some.images([3, 1])).data, (await source.images([7, 2])).data);
});

function refusal(action: () => void): string {
  let message = "";
  assert.throws(action, (error: Error) => {
    assert.ok(error instanceof InputError);
    message = error.message;
    return !message.includes("\n");
  });
  return message;
}

Deno.test("refuseTooFew() refuses one unit, and datasets too small for the pairs or the references", () => {
  const units = [{ layer: "a", unit: 0 }, { layer: "a", unit: 1 }];
  const of = (train: number, test: number) => ({
    title: "mine",
    train: { count: train } as ImageSource,
    test: { count: test } as ImageSource,
  });
  const amounts = { pairs: 5, images: 3 };
  refuseTooFew(units, of(6, 100), amounts); // 5 % of 100 are five
  assert.match(refusal(() => refuseTooFew(units.slice(1), of(6, 100), amounts)), /^1 unit is chosen, .*; choose more/);
  assert.match(
    refusal(() => refuseTooFew(units, of(6, 99), amounts)),
    /^mine has 99 test images, of which 4 are in the top 5 %.*too few for 5 pairs; ask for at most 4 pairs, or give .* 100 test/,
  );
  assert.match(
    refusal(() => refuseTooFew(units, of(6, 19), amounts)),
    /of which 0 .*pairs; give a dataset with at least 100/,
  );
  assert.match(
    refusal(() => refuseTooFew(units, of(5, 100), amounts)),
    /^mine has 5 training images, too few for 3 real images .*; ask for at most 2, or give a larger dataset$/,
  );
});

Deno.test("refuseUnlike() refuses profiles of another metric or activation", () => {
  refuseUnlike({ calibrated: CALIBRATED, paper: PAPER });
  const vgg = { ...CALIBRATED, lpips: { ...CALIBRATED.lpips, net: "vgg" as const } };
  assert.match(refusal(() => refuseUnlike({ calibrated: CALIBRATED, vgg })), /calibrated and vgg differ in lpips/);
  const activation = { reduce: "centre", postRelu: false } as const;
  const centre = { ...PAPER, visualize: { ...PAPER.visualize, activation } };
  assert.match(refusal(() => refuseUnlike({ paper: PAPER, centre })), /paper and centre differ .*; run them one after/);
});

// ---------------------------------------------------------------- judging, with a metric that sees colours

/** Units of one layer: red, green, minus red, and nothing. */
const [RED, GREEN, DARK, DEAD] = [0, 1, 2, 3];

/** Four units that are means of colours. */
function colourUnits(side: number): Network {
  return {
    name: "colours",
    input: { height: side, width: side },
    layers: [{ name: "colour", positions: "none", units: 4 }],
    activations: (images, layers) =>
      tf.tidy(() => {
        const means = images.mean<tf.Tensor2D>([1, 2]);
        const [red, green] = [0, 1].map((c) => means.slice([0, c], [-1, 1]));
        return layers.map(() => tf.concat([red, green, red.neg(), red.mul(0)], 1));
      }),
    dispose: () => {},
  };
}

/** Images of one pixel each. */
function colours(pixels: readonly (readonly number[])[]): ImageSource {
  return {
    count: pixels.length,
    labels: null,
    images: (indices) => {
      const data = Float32Array.from(Array.from(indices).flatMap((i) => pixels[i]));
      return Promise.resolve({ count: indices.length, height: 1, width: 1, data });
    },
  };
}

function vector(entries: readonly number[]): UnitVector {
  const whole = Float32Array.from(entries);
  return {
    entries: whole,
    indices: Int32Array.from(entries, (_, i) => i),
    values: whole,
    squaredLength: whole.reduce((sum, value) => sum + value * value, 0),
  };
}

/** A metric whose distance is the squared difference of what it sees of each image. */
function metric(see: (image: ImageBatch) => readonly number[]): Pick<Lpips, "features"> {
  return {
    features: ({ count, height, width, data }) => {
      const length = height * width * 3;
      return Promise.resolve(Array.from(
        { length: count },
        (_, i) => vector(see({ count: 1, height, width, data: data.subarray(i * length, (i + 1) * length) })),
      ));
    },
  };
}

function meanColour({ data }: ImageBatch): number[] {
  return [0, 1, 2].map((c) =>
    data.filter((_, i) => i % 3 === c).reduce((sum, value) => sum + value, 0) * 3 / data.length
  );
}

/** Ascent along which colours move by themselves: 40 steps of .05 in the logit. */
const ASCENT: VisualizeOptions = {
  ...PAPER.visualize,
  steps: 40,
  jitter: 0,
};

const GREY = colours([[0.5, 0.5, 0.5]]);

function judgeContext(changes: Partial<JudgeContext> = {}): JudgeContext {
  return {
    network: colourUnits(1),
    test: GREY,
    references: GREY,
    starts: GREY,
    lpips: metric(meanColour),
    profiles: { made: ASCENT },
    images: 2,
    seed: 3,
    ...changes,
  };
}

const questions = (unit: number, changes: Partial<UnitQuestions> = {}): UnitQuestions => ({
  unit,
  pairs: { most: [0], least: [0] },
  real: null,
  realActivations: { most: [], least: [] },
  ...changes,
});

Deno.test("judgeUnits() answers by real images as the rule says, worked by hand", async () => {
  // The metric sees green. A positive reference has green 1, the negative 0: likeness(g) = g^2 - (g - 1)^2 = 2 g - 1. Of four
  // pairs the exciting image is greener in two, as green in one and less so in one: (1 + 1 + 1/2 + 0) / 4.
  const train = colours([[0, 0, 0], [0.5, 0.5, 0], [1, 1, 0]]);
  const test = colours([[1, 0.75, 0], [1, 0.5, 0], [1, 0.5, 0], [1, 0.25, 0], [0, 0.25, 0], [0, 0, 0], [0, 0.5, 0], [
    0,
    1,
    0,
  ]]);
  const context = judgeContext({
    references: train,
    test,
    lpips: metric((image) => [meanColour(image)[1]]),
    profiles: {},
    images: 1,
  });
  const [judged, ...more] = await judgeUnits(context, "colour", [
    questions(RED, {
      pairs: { most: [0, 1, 2, 3], least: [4, 5, 6, 7] },
      real: { most: [2], least: [0] },
      realActivations: { most: [1], least: [0] },
    }),
  ]);
  assert.deepEqual(more, []);
  assert.deepEqual(judged, {
    layer: "colour",
    unit: RED,
    other: null,
    judgements: [{ setting: REAL, own: 2.5 / 4, another: null, positive: 1, negative: 0 }],
  });
});

/** Test images: 20 that excite red, 20 that do not, green drawn; pairs in turn. */
function redPairs(...seed: (string | number)[]) {
  const draw = random("pairs", ...seed);
  const pixels = Array.from({ length: 40 }, (_, i) => [i < 20 ? 0.9 : 0.1, draw.uniform(), draw.uniform()]);
  return { test: colours(pixels), pairs: { most: indexRange(0, 20), least: indexRange(20, 40) } };
}

Deno.test("a unit's own images are always right where the metric sees what excites it, and another's are always wrong where they are its opposite", async () => {
  const { test, pairs } = redPairs();
  const context = judgeContext({ test });
  const before = tf.memory().numTensors;
  const judged = await judgeUnits(context, "colour", [
    questions(RED, { pairs }),
    questions(DARK, { pairs: { most: pairs.least, least: pairs.most } }),
  ]);
  assert.equal(tf.memory().numTensors, before);
  // both starts are the same, so positive and negative references differ in red alone: likeness rises with red
  assert.deepEqual(judged.map(({ unit, other }) => [unit, other]), [[RED, DARK], [DARK, RED]]);
  for (const { judgements } of judged) {
    const [made, real] = judgements;
    assert.deepEqual([made.setting, made.own, made.another], ["made", 1, 0]);
    assert.deepEqual([real.setting, real.own, real.another], [REAL, null, null]);
    assert.ok(made.positive! > made.negative!);
  }
  // forty steps of Adam up and down from a logit near 0: about 2 either way, sigmoid(2) = .88
  const [{ judgements: [{ positive, negative }] }] = judged;
  assert.ok(positive! > 0.8 && negative! < 0.2, `${positive}, ${negative}`);
});

Deno.test("images by a metric that sees none of it are right by chance, and so are those of an unrelated unit", async () => {
  // 400 pairs: the share has a standard error of .025, and .1 is four of them
  const draw = random("shuffled");
  const pixels = Array.from({ length: 800 }, (_, i) => [i < 400 ? 0.9 : 0.1, draw.uniform(), draw.uniform()]);
  const train = colours(Array.from({ length: 40 }, (_, i) => [i < 20 ? 0 : 1, draw.uniform(), draw.uniform()]));
  const context = judgeContext({ references: train, test: colours(pixels), images: 20 });
  const asked = [
    questions(RED, {
      pairs: { most: indexRange(0, 400), least: indexRange(400, 800) },
      real: { most: indexRange(20, 40), least: indexRange(0, 20) },
      realActivations: { most: [1], least: [0] },
    }),
    questions(GREEN, { pairs: null }), // lends its images
  ];
  const near = (share: number | null) => assert.ok(Math.abs(share! - 0.5) < 0.1, `${share}`);
  const judged = await judgeUnits(context, "colour", asked);
  assert.equal(judged.length, 1, "a unit that lends its images is not asked about");
  const [made, real] = judged[0].judgements;
  assert.equal(made.own, 1);
  near(made.another);
  assert.ok(real.own! > 0.95); // green and blue of 20 real images differ by chance, red by 1
  // what the metric sees is shuffled: any numbers, of which none has to do with the image
  const shuffle = random("a shuffled metric");
  const [{ judgements }] = await judgeUnits(
    { ...context, lpips: metric(() => [shuffle.normal(), shuffle.normal()]) },
    "colour",
    asked,
  );
  for (const { own } of judgements) near(own);
});

Deno.test("a unit without a gradient has no images of its own, lends none, and leaves no NaN", async () => {
  const { test, pairs } = redPairs();
  const context = judgeContext({ test });
  const judged = await judgeUnits(context, "colour", [questions(RED, { pairs }), questions(DEAD, { pairs })]);
  const of = (unit: number) => judged.find((each) => each.unit === unit)!.judgements[0];
  assert.deepEqual([of(RED).own, of(RED).another], [1, null]);
  assert.deepEqual(of(DEAD), { setting: "made", own: null, another: 1, positive: null, negative: null }); // red's tell red
});

Deno.test("judgeUnits() asks about test images, explains by references and starts from starts, and by no others", async () => {
  const asked: Record<"test" | "references" | "starts", number[]> = { test: [], references: [], starts: [] };
  const source = colours(Array.from({ length: 60 }, (_, i) => [i / 60, 0.5, 0.5]));
  const watched = (part: keyof typeof asked): ImageSource => ({
    ...source,
    images: (indices) => {
      asked[part].push(...Array.from(indices));
      return source.images(indices);
    },
  });
  const context = judgeContext({
    test: watched("test"),
    references: watched("references"),
    starts: watched("starts"),
    profiles: { made: { ...ASCENT, steps: 2, start: "dataset", startFade: 1 } },
  });
  await judgeUnits(context, "colour", [
    questions(RED, {
      pairs: { most: [55, 57], least: [1, 3] },
      real: { most: [59, 58], least: [0, 2] },
      realActivations: { most: [1, 1], least: [0, 0] },
    }),
  ]);
  assert.deepEqual(asked.test, [55, 57, 1, 3]); // each once
  assert.deepEqual(asked.references, [59, 58, 0, 2]);
  assert.equal(asked.starts.length, 4); // of two images up and two down
  assert.deepEqual(asked.starts.slice(0, 2), asked.starts.slice(2), "the same both ways");
});

Deno.test("judgeUnits() gives the same again, and shows the metric images at the network's size", async () => {
  const { test, pairs } = redPairs();
  const sizes = new Set<string>();
  const context = judgeContext({
    network: colourUnits(4),
    references: colours([[0.2, 0.4, 0.6], [0.5, 0.5, 0.5]]),
    test,
    lpips: metric((image) => {
      sizes.add(`${image.height} x ${image.width}`);
      return meanColour(image);
    }),
    profiles: { made: { ...ASCENT, steps: 3 }, other: { ...ASCENT, steps: 2, parametrization: "fourier" } },
  });
  const shares: number[] = [];
  const real = { real: { most: [1], least: [0] }, realActivations: { most: [0.5], least: [0.2] } };
  const judge = () =>
    judgeUnits(
      context,
      "colour",
      [RED, GREEN, DARK].map((unit) => questions(unit, { pairs, ...real })),
      (share) => shares.push(share),
    );
  const judged = await judge();
  assert.deepEqual(judged.map(({ other }) => other), [GREEN, DARK, RED]);
  assert.deepEqual(judged[0].judgements.map(({ setting }) => setting), ["made", "other", REAL]);
  assert.deepEqual([...sizes], ["4 x 4"]);
  assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
  assert.ok(Math.abs(shares.at(-1)! - 1) < 1e-12);
  assert.deepEqual(await judge(), judged);
});

// ---------------------------------------------------------------- what comes of it

/** A judged unit with these shares: own and another's of a profile `made`, and of real images. */
function judgedUnit(
  layer: string,
  unit: number,
  made: [number | null, number | null],
  real: [number | null, number | null],
): JudgedUnit {
  const judgement = (setting: string, [own, another]: [number | null, number | null]) => ({
    setting,
    own,
    another,
    positive: own === null ? null : 2,
    negative: own === null ? null : -1,
  });
  return {
    layer,
    unit,
    other: made[1] === null ? null : unit + 1,
    judgements: [judgement("made", made), judgement(REAL, real)],
  };
}

Deno.test("summarizeImages() is the mean over units, by layer and in pairs, worked by hand", () => {
  const judged = [
    judgedUnit("a", 0, [0.6, 0.5], [0.9, 0.5]),
    judgedUnit("a", 1, [0.8, 0.4], [0.7, 0.5]),
    judgedUnit("b", 0, [1, 0.6], [null, 0.5]),
    judgedUnit("c", 0, [null, null], [0.8, null]),
  ];
  const summary = summarizeImages(judged, { made: "pixel" }, 0);
  assert.equal(summary.units, 4);
  assert.equal(summary.chance, 0.5);
  const table = summary.settings.map((
    { name, parametrization, references, units, right },
  ) => [name, parametrization, references, units, right && Math.round(1e6 * right) / 1e6]);
  assert.deepEqual(table, [
    ["made", "pixel", "own", 3, 0.8],
    ["made", "pixel", "another unit's", 3, 0.5],
    [REAL, null, "own", 3, 0.8],
    [REAL, null, "another unit's", 3, 0.5],
  ]);
  for (const { right, right_low, right_high } of summary.settings) {
    assert.ok(right_low! <= right! && right! <= right_high!);
  }
  // all three are .5: every resample is
  assert.deepEqual([summary.settings[3].right_low, summary.settings[3].right_high], [0.5, 0.5]);
  const layer = (name: string, place: number) => summary.by_layer.filter((each) => each.layer === name)[place];
  assert.equal(summary.by_layer.length, 12);
  assert.ok(Math.abs(layer("a", 0).right! - 0.7) < 1e-12);
  assert.deepEqual([layer("b", 0).right, layer("b", 0).right_low, layer("b", 0).right_high], [1, null, null]);
  assert.deepEqual([layer("c", 0).units, layer("c", 0).right], [0, null]);
  assert.deepEqual(summary.without, { made: 1, [REAL]: 1 });
  const paired = summary.paired.map((
    { name, against, units, difference },
  ) => [name, against, units, difference && Math.round(1e6 * difference) / 1e6]);
  assert.deepEqual(paired, [
    ["made", REAL, 2, -0.1], // (-.3 + .1) / 2
    ["made", "made, another unit's", 3, 0.3], // (.1 + .4 + .4) / 3
    [REAL, "real images, another unit's", 2, 0.3], // (.4 + .2) / 2
  ]);
  assert.doesNotMatch(JSON.stringify(summary), /NaN/);
});

Deno.test("an interval is that of the resamples of units: of shares 0 and 1 it is all from 0 to 1", () => {
  // the mean of two draws is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4: the outer 2.5 % are 0 and 1
  const two = [judgedUnit("a", 0, [0, 0.5], [0.5, 0.5]), judgedUnit("a", 1, [1, 0.5], [0.5, 0.5])];
  const [made] = summarizeImages(two, { made: "pixel" }, 5).settings;
  assert.deepEqual([made.right, made.right_low, made.right_high], [0.5, 0, 1]);
  assert.deepEqual(summarizeImages(two, { made: "pixel" }, 5), summarizeImages(two, { made: "pixel" }, 5));
});

Deno.test("imagesRows() has a row for each unit and setting, and one for another unit's references", () => {
  const rows = imagesRows([judgedUnit("a", 4, [0.6, 0.5], [0.9, 0.4]), judgedUnit("c", 0, [null, null], [0.8, null])], {
    made: "fourier",
  }, 20);
  const cells = rows.map((
    row,
  ) => [row.layer, row.unit, row.setting, row.parametrization, row.references_of, row.right]);
  assert.deepEqual(cells, [
    ["a", 4, "made", "fourier", 4, 0.6],
    ["a", 4, "made", "fourier", 5, 0.5],
    ["a", 4, REAL, null, 4, 0.9],
    ["a", 4, REAL, null, 5, 0.4],
    ["c", 0, "made", "fourier", 0, null],
    ["c", 0, REAL, null, 0, 0.8],
  ]);
  assert.deepEqual(rows.map(({ positive_activation }) => positive_activation), [2, null, 2, null, null, 2]);
  assert.ok(rows.every(({ pairs }) => pairs === 20));
});

Deno.test("at most ten thousand training images are looked through", () => {
  assert.equal(spreadIndices(50_000, MOST_TRAINING_IMAGES).length, 10_000);
  assert.deepEqual(spreadIndices(50_000, MOST_TRAINING_IMAGES).slice(0, 3), [0, 5, 10]);
});
