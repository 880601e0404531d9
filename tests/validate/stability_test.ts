import { checkNull, permutedWeights } from "../../lib/validate/stability/null_network.ts";
import { scoresByLayer } from "../../lib/validate/layers.ts";
import { decodeSafetensors } from "../../lib/weights/mod.ts";
import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { PAPER, parseProfile } from "../../lib/pipeline/mod.ts";
import { createRandom } from "../../lib/random.ts";
import { kSharesOf } from "../../lib/run_data.ts";
import type { ImageBatch, Matrix } from "../../lib/types.ts";
import {
  agreement,
  agreementOfFreshImages,
  agreementOfSeeds,
  byLayer,
  type ClusterSetting,
  compareWithNull,
  difference,
  differenceByEmbedder,
  differenceByLpips,
  differenceByRestarts,
  foretoldClusters,
  type FreshUnit,
  freshUnits,
  type MaybeScored,
  type Repeat,
  rescore,
  scoresByImageCount,
  type StoredUnit,
  storedUnit,
} from "../../lib/validate/stability/mod.ts";
import { toldEmbedder, toldLpips } from "../pipeline/stand_ins.ts";
import { deadRecord, record } from "../store/example_run.ts";

const { criterion: _criterion, ...cluster } = PAPER.cluster;
const SETTING: ClusterSetting = {
  profile: parseProfile({
    extends: "paper",
    elbow: { threshold: 0.01, patience: 1, minImages: 4, maxImages: 48 },
    cluster: { ...cluster, criterion: "sse-penalty", beta: 0.5, kMax: 10, halfCap: true, restarts: 3 },
  }, "of a test"),
  seed: 0,
  meanEmbedding: null,
};

/** Images at ends of axes, as their order says. */
function onAxes(axes: readonly number[], dimensions = 3): Matrix {
  const data = new Float32Array(axes.length * dimensions);
  axes.forEach((axis, i) => data[i * dimensions + axis] = 1);
  return { rows: axes.length, cols: dimensions, data };
}

/** S of K clusters with orthogonal centres of equal norm: D = 1/2 (0 for K = 1), C = (K - 1) / (I - 1). */
function orthogonal(K: number, I: number): Repeat {
  const C = (K - 1) / (I - 1);
  return { K, S: K === 1 ? 0 : C + 0.5 * (1 - C) };
}

const blank = (count: number): ImageBatch => ({ count, height: 1, width: 1, data: new Float32Array(count * 3) });

function unitOf(layer: string, unit: number, axes: readonly number[], changes: Partial<StoredUnit> = {}): StoredUnit {
  const I = axes.length;
  const { K, S } = orthogonal(new Set(axes).size, I);
  return {
    layer,
    unit,
    score: { I, K, S, C: (K - 1) / (I - 1), D: K === 1 ? 0 : 0.5 },
    interval: null,
    kShares: null,
    embeddings: onAxes(axes),
    between: { distances: [], pooledDistances: [] },
    images: () => blank(I),
    ...changes,
  };
}

const inTurn = (count: number, axes: number) => Array.from({ length: count }, (_, i) => i % axes);
/** One, two and three clusters. */
const UNITS = [unitOf("a", 0, inTurn(12, 1)), unitOf("a", 1, inTurn(12, 2)), unitOf("b", 0, inTurn(12, 3))];

function near(actual: number | null, expected: number) {
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

Deno.test("storedUnit() is null for dead units and refuses a run that does not hold the embeddings", () => {
  assert.equal(storedUnit(deadRecord("conv1", 1), () => blank(0)), null);
  const unit = storedUnit(record("conv1", 2), () => blank(3))!;
  assert.equal(unit.score.S, 0.75);
  assert.deepEqual(unit.interval, { low: 0.625, high: 0.8125 });
  assert.deepEqual(unit.kShares, { K1: 0.125, K2: 0.75, K3: 0.125 });
  const attributions = { layer: "conv0", distances: [0.5, 0.25, 1] };
  assert.deepEqual(
    storedUnit(record("conv1", 2, { attributions }), () => blank(3))!.between.attributions,
    attributions,
  );
  const without = record("conv1", 2, { embeddings: { rows: 0, cols: 2, data: new Float32Array(0) } });
  assert.throws(() => storedUnit(without, () => blank(3)), (error: Error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /conv1:2 has 0 embeddings for the 3 images of its score; score it again/);
    return true;
  });
});

Deno.test("rescore() gives what the run has, and what the first images give", () => {
  for (const unit of UNITS) {
    const { K, S } = rescore(unit, SETTING);
    assert.equal(K, unit.score.K);
    near(S, unit.score.S);
  }
  // image 4 is the first on the second axis
  const late = unitOf("a", 3, [0, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual(rescore(late, SETTING, { I: 4 }), { K: 1, S: 0 });
  near(rescore(late, SETTING, { I: 6 }).S, orthogonal(2, 6).S);
  assert.throws(() => rescore(late, SETTING, { I: 1 }), RangeError);
  assert.throws(() => rescore(late, SETTING, { I: 9 }), RangeError);
});

Deno.test("agreement() of repeats: ICC of S and the share of pairs with the same K", () => {
  const repeats = (S: number[], K: number[]) => S.map((value, i) => ({ S: value, K: K[i] }));
  // Shrout and Fleiss's ICC(2,1) by hand: rows 1 2 / 3 4: R = 4, C = 1, E = 0, ICC = 4 / (4 + 2 (1 - 0) / 2) = 4/5
  const two = agreement([repeats([1, 2], [1, 2]), repeats([3, 4], [2, 2])]);
  near(two.icc, 4 / 5);
  assert.equal(two.kAgreement, 1 / 2); // no pair of the first unit's, the pair of the second's
  // of K = 1, 1, 2 one pair of three agrees
  near(agreement([repeats([0, 0, 0], [1, 1, 2])]).kAgreement, 1 / 3);
  assert.equal(agreement([repeats([0, 1], [1, 1])]).icc, null); // a single unit
  assert.deepEqual(agreement([]), { units: 0, icc: null, kAgreement: null });
  assert.throws(() => agreement([repeats([1], [1])]), RangeError);
});

Deno.test("difference() of scores: rank correlation, mean absolute difference, share of the same K", () => {
  const own = [{ K: 1, S: 0.1 }, { K: 2, S: 0.2 }, { K: 2, S: 0.6 }];
  const other = [{ K: 1, S: 0.2 }, { K: 1, S: 0.1 }, { K: 2, S: 0.5 }];
  const { units, spearman, meanDifference, sameK } = difference(own, other);
  assert.equal(units, 3);
  near(spearman, 0.5); // ranks 1 2 3 against 2 1 3: 1 - 6 (1 + 1) / (3 (9 - 1))
  near(meanDifference, 0.1);
  near(sameK, 2 / 3);
  assert.deepEqual(difference([], []), { units: 0, spearman: null, meanDifference: null, sameK: null });
  assert.throws(() => difference(own, []), RangeError);
});

Deno.test("byLayer() measures each layer in the order of the units, then all", () => {
  assert.deepEqual(byLayer(UNITS, (places) => ({ places })), [
    { layer: "a", places: [0, 1] },
    { layer: "b", places: [2] },
    { layer: "all", places: [0, 1, 2] },
  ]);
});

Deno.test("agreementOfSeeds() is perfect for clusters that no start can miss", () => {
  let done = 0;
  const [a, b, all] = agreementOfSeeds(UNITS, SETTING, 3, () => done++);
  assert.equal(done, 3);
  near(a.icc, 1);
  assert.equal(a.kAgreement, 1);
  assert.equal(b.icc, null); // one unit
  near(all.icc, 1);
  assert.throws(() => agreementOfSeeds(UNITS, SETTING, 1), RangeError);
});

Deno.test("agreementOfSeeds() and differenceByRestarts() depend on the starts where these matter", () => {
  // structureless points: which of many local optima of k-means is found depends on the starts
  const random = createRandom("cloud");
  const cloud = (unit: number) => {
    const embeddings = { rows: 24, cols: 6, data: Float32Array.from({ length: 144 }, () => 3 + random.normal()) };
    return unitOf("a", unit, inTurn(24, 1), { embeddings });
  };
  const clouds = Array.from({ length: 6 }, (_, unit) => cloud(unit));
  const profile = { ...SETTING.profile, cluster: { ...SETTING.profile.cluster, beta: 7, restarts: 1 } };
  const setting = { ...SETTING, profile };
  const [, all] = agreementOfSeeds(clouds, setting, 4);
  assert.ok(all.icc !== null && all.icc < 1, String(all.icc));
  const scored = clouds.map((unit) => {
    const { K, S } = rescore(unit, setting, { restarts: 60 });
    return { ...unit, score: { ...unit.score, K, S } };
  });
  const rows = differenceByRestarts(scored, setting, [1, 60]);
  assert.deepEqual(rows.map(({ restarts }) => restarts), [1, 60]);
  assert.ok(rows[0].meanDifference! > rows[1].meanDifference!, JSON.stringify(rows));
  assert.deepEqual(rows, differenceByRestarts(scored, setting, [1, 60]));
});

Deno.test("scoresByImageCount() follows S and K as images are added, and counts the units that have as many", () => {
  // the first unit shows its second feature from image 5 on; the second has one feature and six images
  const units = [unitOf("a", 0, [0, 0, 0, 0, 1, 1, 1, 1]), unitOf("a", 1, inTurn(6, 1))];
  const rows = scoresByImageCount(units, SETTING, [4, 6, 8, 12]);
  assert.deepEqual(rows.map(({ layer, I, units }) => [layer, I, units]), [
    ["a", 4, 2],
    ["all", 4, 2],
    ["a", 6, 2],
    ["all", 6, 2],
    ["a", 8, 1],
    ["all", 8, 1],
  ]);
  const [four, , six, , eight] = rows;
  assert.deepEqual([four.meanS, four.meanK, four.spearman], [0, 1, null]); // all alike: no ranks
  near(six.meanS, orthogonal(2, 6).S / 2);
  assert.equal(six.meanK, 1.5);
  near(six.spearman, 1);
  near(eight.meanS, orthogonal(2, 8).S);
  assert.equal(eight.spearman, null); // one unit
});

Deno.test("differenceByEmbedder() scores the images as another embedder sees them", async () => {
  // to whom all images are one, every S is 0
  const same = await differenceByEmbedder(UNITS, SETTING, toldEmbedder(() => [1, 0]));
  assert.equal(same.spearman, null);
  near(same.sameK, 1 / 3);
  near(same.meanDifference, (orthogonal(2, 12).S + orthogonal(3, 12).S) / 3);
});

Deno.test("differenceByLpips() stops where the other distance says, or counts all images and says so", async () => {
  // equal distances have no change: the elbow is at the least number of images, 4
  const units = [unitOf("a", 0, [0, 0, 0, 0, 1, 1, 1, 1]), unitOf("a", 1, inTurn(8, 1))];
  const early = await differenceByLpips(units, SETTING, toldLpips(() => 0.3));
  assert.deepEqual([early.meanI, early.cut, early.sameK], [4, 0, 1 / 2]);
  near(early.meanDifference, orthogonal(2, 8).S / 2);
  // distances of 0 and 1 in turn change the mean by more than .01 at each of eight images
  const never = await differenceByLpips(units, SETTING, toldLpips((j) => j % 2));
  assert.deepEqual([never.meanI, never.cut, never.sameK], [8, 2, 1]);
  near(never.meanDifference, 0);
});

Deno.test("freshUnits() leaves out units that are dead for some seed; agreementOfFreshImages() counts who stays in the interval", () => {
  const [a, b, c] = UNITS;
  const interval = { low: 0.5, high: 0.6 };
  const scores = [
    new Map([["a:0", { K: 1, S: 0 }], ["a:1", { K: 2, S: 0.55 }], ["b:0", { K: 3, S: 0.9 }]]),
    new Map([["a:0", { K: 1, S: 0 }], ["a:1", { K: 3, S: 0.7 }]]),
  ];
  const units = freshUnits([a, { ...b, interval }, c], scores);
  assert.deepEqual(units.map(({ layer, unit, fresh }) => [layer, unit, fresh.length]), [["a", 0, 2], ["a", 1, 2]]);
  const [layer, all] = agreementOfFreshImages(units);
  assert.equal(layer.withinInterval, 1 / 2); // .55 is within, .7 is not; the unit without an interval does not count
  assert.deepEqual(units.map(({ freshKShares }) => freshKShares), [
    { K1: 1, K2: 0, K3: 0 },
    { K1: 0, K2: 0.5, K3: 0.5 },
  ]);
  assert.deepEqual(layer.freshK, { K1: 0.5, K2: 0.25, K3: 0.25 });
  assert.equal(layer.halvesK, null);
  // K of the units: 1 1 1, all three pairs; 2 2 3, one of three
  near(layer.kAgreement, 2 / 3);
  assert.deepEqual({ ...all, layer: "a" }, layer);
  assert.equal(agreementOfFreshImages(freshUnits([a], scores))[0].withinInterval, null);
});

Deno.test("agreementOfFreshImages() counts apart the units that have S > 0 somewhere, and shares of halves where they are known", () => {
  const [a, b, c] = UNITS;
  const scores = [new Map([["a:0", { K: 1, S: 0 }], ["a:1", { K: 1, S: 0 }], ["b:0", { K: 1, S: 0 }]])];
  const units = freshUnits([
    { ...a, interval: { low: 0, high: 0 }, kShares: { K1: 1, K2: 0, K3: 0 } }, // 0 everywhere, as foretold
    { ...b, interval: { low: 0.5, high: 0.6 }, kShares: { K1: 0.5, K2: 0.25, K3: 0.25 } },
    { ...c, interval: { low: 0, high: 0.9 } },
  ], scores);
  const [first, , all] = agreementOfFreshImages(units);
  assert.deepEqual([first.withinInterval, first.withinIntervalWhereSeveral], [1 / 2, 0]);
  assert.deepEqual(first.halvesK, { K1: 0.75, K2: 0.125, K3: 0.125 });
  near(all.withinInterval, 2 / 3);
  near(all.withinIntervalWhereSeveral, 1 / 2);
  assert.deepEqual(all.halvesK, first.halvesK); // the third unit's are not known
});

/** A unit with K in the run, shares of halves with several clusters, and K with fresh images. */
function freshUnit(K: number, several: number | null, fresh: readonly number[]): FreshUnit {
  return {
    layer: "a",
    unit: 0,
    own: { K, S: 0 },
    interval: null,
    kShares: several === null ? null : { K1: 1 - several, K2: several, K3: 0 },
    fresh: fresh.map((K) => ({ K, S: 0 })),
    freshKShares: kSharesOf(fresh)!,
  };
}

Deno.test("foretoldClusters() sets the shares of halves with several clusters against fresh images", () => {
  const foretold = foretoldClusters([
    freshUnit(1, 0, [1, 1]),
    freshUnit(1, 0, [1, 2]),
    freshUnit(2, 0.5, [1, 3]),
    freshUnit(3, 1, [2, 3]),
    freshUnit(1, null, [9, 9]), // does not count
  ]);
  assert.equal(foretold.units, 4);
  // squares: 0 0, 0 1, 1/4 1/4, 0 0; of K in the run, taken as certain: 0 0, 0 1, 1 0, 0 0
  near(foretold.error, 1.5 / 8);
  near(foretold.errorOfOwnK, 2 / 8);
  // halves 0 0 1/2 1 and fresh 0 1/2 1/2 1: sums of squares 11/16 and 1/2, of products 1/2
  near(foretold.correlation, 0.5 / Math.sqrt(11 / 32));
  const filled = foretold.bins.filter(({ units }) => units > 0);
  assert.deepEqual(filled, [
    { from: 0, to: 0, units: 2, halves: 0, fresh: 1 / 4 },
    { from: 0.25, to: 0.5, units: 1, halves: 0.5, fresh: 1 / 2 },
    { from: 0.99, to: 1, units: 1, halves: 1, fresh: 1 },
  ]);
  assert.equal(foretold.bins.length, 8);
  const none = foretoldClusters([freshUnit(1, null, [1])]);
  assert.deepEqual([none.units, none.correlation, none.error, none.errorOfOwnK], [0, null, null, null]);
});

Deno.test("foretoldClusters() has a bin for every share of fifty halves", () => {
  const units = Array.from({ length: 51 }, (_, count) => ({
    ...freshUnit(1, 0, [1]),
    kShares: kSharesOf(Array.from({ length: 50 }, (_, i) => i < count ? 2 : 1)),
  }));
  // 0; 1 to 5 of 50; 6 to 12; 13 to 25; 26 to 37; 38 to 45; 46 to 49; 50
  assert.deepEqual(foretoldClusters(units).bins.map(({ units }) => units), [1, 5, 7, 13, 12, 8, 4, 1]);
});

Deno.test("compareWithNull() sets each unit against the null of its layer", () => {
  const scored = (layer: string, values: readonly (number | null)[]): MaybeScored[] =>
    values.map((S, unit) => ({ layer, unit, score: S === null ? null : { S, K: S < 0.2 ? 1 : S < 0.4 ? 2 : 5 } }));
  const trained = [...scored("a", [0.5, 0.25, null]), ...scored("b", [0.3])];
  const nulls = [...scored("a", [0.1, 0.25, 0.45]), ...scored("b", [null])];
  const { layers: [a, b, all], units } = compareWithNull(trained, nulls, createRandom("test"));
  assert.deepEqual(units, [
    { layer: "a", unit: 0, K: 5, S: 0.5, nullK: 1, nullS: 0.1, share: 0 },
    { layer: "a", unit: 1, K: 2, S: 0.25, nullK: 2, nullS: 0.25, share: 2 / 3 }, // at or above: .25 and .45
    { layer: "b", unit: 0, K: 2, S: 0.3, nullK: null, nullS: null, share: null },
  ]);
  // .5 is above all three; .25 above one, equal to one: (3 + 1.5) / 6
  near(a.auroc, 0.75);
  assert.ok(a.aurocLow! <= 0.75 && a.aurocHigh! >= 0.75 && a.aurocLow! < a.aurocHigh!);
  assert.deepEqual([a.units, a.nullUnits, a.nullDead], [2, 3, 0]);
  near(a.nullMeanS, 0.8 / 3);
  assert.equal(a.nullQuartiles![1], 0.25);
  assert.deepEqual(a.nullK, [1 / 3, 1 / 3, 1 / 3]);
  assert.deepEqual([b.units, b.nullUnits, b.nullDead, b.auroc, b.aurocLow, b.nullQuartiles, b.nullK], [
    1,
    0,
    1,
    null,
    null,
    null,
    null,
  ]);
  // all layers: .5 and .3 and .25 against .1, .25, .45: 3 + 2 + 1.5 of 9
  near(all.auroc, 6.5 / 9);
});

Deno.test("permutedWeights() has the same tensors, each with its own numbers in another order", () => {
  const weights = new Map([
    ["a", { shape: [2, 50], data: Float32Array.from({ length: 100 }, (_, i) => i) }],
    ["b", { shape: [100], data: Float32Array.from({ length: 100 }, (_, i) => i) }],
  ]);
  const { tensors } = decodeSafetensors(permutedWeights(weights, 3), "permuted");
  const [a, b] = ["a", "b"].map((name) => tensors.get(name)!);
  assert.deepEqual([a.shape, b.shape], [[2, 50], [100]]);
  assert.deepEqual([...a.data].sort((x, y) => x - y), [...weights.get("a")!.data]);
  assert.notDeepEqual(a.data, weights.get("a")!.data);
  assert.notDeepEqual(a.data, b.data); // each tensor has an order of its own
  assert.deepEqual(permutedWeights(weights, 3), permutedWeights(weights, 3));
  assert.notDeepEqual(permutedWeights(weights, 3), permutedWeights(weights, 4));
});

Deno.test("scoresByLayer() sets the units of each layer beside those of the null", () => {
  const units = [
    { layer: "a", unit: 0, score: { K: 2, S: 0.5 } },
    { layer: "a", unit: 1, score: { K: 1, S: 0 } },
    { layer: "a", unit: 2, score: null },
    { layer: "b", unit: 0, score: { K: 1, S: null } },
  ];
  const nulls = { kind: "random", units: [{ layer: "a", unit: 1, K: 3, S: 0.4 }, { layer: "b", unit: 0, K: 1, S: 0 }] };
  const [a, b, all] = scoresByLayer(units, nulls, 0);
  assert.deepEqual([a.layer, a.S, a.meanS, a.several], ["a", [0.5, 0], 0.25, 0.5]);
  assert.deepEqual(a.null, { S: [0.4], meanS: 0.4, several: 1 });
  assert.equal(a.auroc, 0.5); // .5 is above .4, 0 is not
  assert.deepEqual([b.S, b.meanS, b.several, b.auroc], [[], null, null, null]);
  assert.deepEqual([all.layer, all.S.length, all.null!.S], ["all", 2, [0.4, 0]]);
  // a layer whose null was not scored has no AUROC, and no part in that of all: .5 is above .4 and 0, 0 above neither
  const more = [...units, { layer: "c", unit: 0, score: { K: 2, S: 0.9 } }];
  const [, , c, whole] = scoresByLayer(more, nulls, 0);
  assert.deepEqual([c.S, c.null, c.auroc], [[0.9], { S: [], meanS: null, several: null }, null]);
  assert.deepEqual([whole.S.length, whole.auroc, all.auroc], [3, 2.5 / 4, 2.5 / 4]);
  assert.deepEqual(scoresByLayer(units, null, 0).map((each) => [each.null, each.auroc]), Array(3).fill([null, null]));
});

Deno.test("checkNull() says that a network from elsewhere needs the weights of its null", () => {
  const random = { kind: "random" } as const;
  assert.throws(
    () => checkNull({ model: "mine", modelFormat: "onnx" }, random),
    (error: Error) =>
      error instanceof InputError &&
      /weights of mine\.onnx are not permuted, and how it was initialized .* give --null-weights/.test(error.message),
  );
  checkNull({ model: "mine", modelFormat: "onnx" }, { ...random, weights: "untrained.onnx" });
  assert.throws(
    () => checkNull({ model: "mine", modelFormat: "typescript" }, random),
    (error: Error) =>
      error instanceof InputError &&
      /mine are not permuted, and how it was initialized .* give --null-weights FILE, a \.ts file/.test(error.message),
  );
  checkNull({ model: "mine", modelFormat: "typescript" }, { ...random, weights: "untrained.ts" });
  checkNull({ model: "lenet5-cifar10" }, random);
  checkNull({ model: "resnet18-cifar10" }, random);
  for (const kind of ["random", "shuffled"] as const) {
    assert.throws(
      () => checkNull({ model: "alexnet-imagenet" }, { kind }),
      (error) =>
        error instanceof InputError &&
        /^alexnet-imagenet was not trained here.* take --null permuted, or give --null-weights FILE/.test(
          error.message,
        ),
    );
  }
  checkNull({ model: "alexnet-imagenet" }, { ...random, weights: "untrained.safetensors" });
  checkNull({ model: "alexnet-imagenet" }, { kind: "permuted" });
  assert.throws(
    () => checkNull({ model: "mine", modelFormat: "onnx" }, { kind: "permuted" }),
    /mine\.onnx are not permuted/,
  );
});
