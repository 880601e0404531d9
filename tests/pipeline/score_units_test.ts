import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import {
  clusterOptions,
  loadContext,
  type LoadedContext,
  PAPER,
  parseProfile,
  scoreUnits,
} from "../../lib/pipeline/mod.ts";
import { runningMeanDistances } from "../../lib/elbow/mod.ts";
import type { UnitRecord } from "../../lib/types.ts";
import {
  BRIGHT_RED,
  DEAD,
  GREEN,
  QUICK,
  randomImages,
  RED,
  standInContext,
  toldEmbedder,
  toldLpips,
} from "./stand_ins.ts";

await useBackend();

/**
 * With all distances of image j equal to r_j, d_I = d_(I-1) + 2 (r - d_(I-1)) / I for r of the I-th image. Rows of 1 and 0 in
 * turn keep d near 1/2 and on the far side of each r, so every change exceeds 2 (1/2) / I = 1/I > 1/48 > .02: no elbow.
 */
const restless = (j: number) => j % 2;

Deno.test("scoreUnits() stops at the profile's least where distances have settled, and the literal elbow where the text puts it", () => {
  // d_2 = .5, d_3 = .5 + 2 (.2 - .5) / 3 = .3, d_4 = .3 + 2 (.29 - .3) / 4 = .295: the first change below .02 is that of I = 4
  const rows = [0, .5, .2, .29];
  const [record] = scoreUnits(standInContext({ lpips: toldLpips((j) => rows[j] ?? 0.295) }), "colour", [RED]);
  assert.deepEqual(runningMeanDistances(record.distances.slice(0, 6)).map((d) => Math.round(1e6 * d) / 1e6), [
    .5,
    .3,
    .295,
  ]);
  assert.equal(record.paper!.I, 4);
  assert.equal(record.paper!.assignments.length, 4);
  assert.equal(record.score!.I, 32);
  assert.equal(record.stopReason, "elbow");
  assert.equal(record.images.count, 32);
  assert.equal(record.distances.length, 32 * 31 / 2);
});

Deno.test("scoreUnits() scores two clusters with orthogonal centres as the formula says", () => {
  // SSE of one cluster is 32 (1/2) = 16, so 16 + 1.79 for K = 1 against 0 + 2 (1.79) for K = 2
  const [{ score, scoreInterval, meanAngle, embeddings }] = scoreUnits(standInContext(), "colour", [RED]);
  assert.ok(score !== null);
  assert.equal(score.K, 2);
  assert.deepEqual(score.assignments, Array.from({ length: 32 }, (_, i) => i % 2));
  assert.equal(score.C, 1 / 31); // (2 - 1) / (32 - 1)
  assert.ok(Math.abs(score.D - 1 / 2) < 1e-12); // a quarter turn over a half turn, equal norms
  assert.ok(Math.abs(score.S! - (1 / 31 + 1 / 2 - 1 / 62)) < 1e-12);
  assert.deepEqual(score.candidates.map(({ k }) => k), [1, 2]); // there are but two points
  assert.deepEqual(score.candidates.map(({ bic }) => Math.round(bic * 1e6) / 1e6), [17.79, 3.58]);
  // of 26 among the 32 images at least 10 are of either cluster: every part says the same
  assert.ok(Math.abs(scoreInterval!.low - score.S!) < 1e-12 && Math.abs(scoreInterval!.high - score.S!) < 1e-12);
  // of the 496 pairs, 16 x 16 are a quarter turn apart, the others not at all
  assert.ok(Math.abs(meanAngle! - 256 / 496 / 2) < 1e-9);
  assert.deepEqual([embeddings.rows, embeddings.cols], [32, 2]);
});

Deno.test("scoreUnits() adds images beyond 32 up to 48 where no elbow comes, and says that it was the maximum", () => {
  const [record] = scoreUnits(standInContext({ lpips: toldLpips(restless) }), "colour", [RED]);
  assert.equal(record.stopReason, "maximum");
  assert.equal(record.images.count, 48);
  assert.equal(record.score!.I, 48);
  assert.equal(record.paper!.I, 48);
});

Deno.test("scoreUnits() stops between the least and the most: I counts the images up to the elbow, not those made", () => {
  // image 34 (I = 35) and all later ones are at the mean distance so far: changes of 0 at I = 35, 36, 37
  let mean = 0;
  for (let I = 2; I <= 34; I++) mean += 2 * (restless(I - 1) - mean) / I;
  const lpips = toldLpips((j) => j < 34 ? restless(j) : mean);
  const [record] = scoreUnits(standInContext({ lpips }), "colour", [RED]);
  assert.equal(record.paper!.I, 35);
  assert.equal(record.score!.I, 37);
  assert.equal(record.stopReason, "elbow");
  assert.equal(record.images.count, 40); // made eight at a time
  assert.equal(record.score!.assignments.length, 37);
  assert.equal(record.activations.length, 40);
  assert.equal(record.embeddings.rows, 40);
});

Deno.test("scoreUnits() with the paper's profile gives the same score in both sets of columns", () => {
  const profile = { ...PAPER, visualize: { ...PAPER.visualize, steps: 1 } };
  for (const lpips of [toldLpips((j) => 1 / j), toldLpips(restless), toldLpips(() => 0)]) {
    const jittered = toldEmbedder((i) => [1 + Math.sin(i), 2 + Math.cos(3 * i)]);
    const records = scoreUnits(standInContext({ profile, lpips, embedder: jittered }), "colour", [RED, GREEN]);
    for (const { score, paper } of records) assert.deepEqual(score, paper);
  }
  // rows 1/j: d_2 = 1, d_3 = 1 + 2 (1/2 - 1) / 3 = 2/3, ... and equal distances stop at I = 3
  const [few] = scoreUnits(standInContext({ profile }), "colour", [RED]);
  assert.equal(few.score!.I, 3);
  assert.equal(few.scoreInterval, null); // too few images
});

Deno.test("scoreUnits() flags a unit without any gradient as dead and does not score it", () => {
  const testActivations = () => ({ rows: 3, cols: 4, data: Float32Array.of(1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0) });
  const [red, dead] = scoreUnits(standInContext({ testActivations }), "colour", [RED, DEAD]);
  assert.equal(red.stopReason, "elbow");
  assert.equal(dead.stopReason, "dead");
  assert.deepEqual(dead.flags, ["dead"]);
  assert.equal(dead.score, null);
  assert.equal(dead.scoreInterval, null);
  assert.equal(dead.paper, null);
  assert.equal(dead.meanAngle, null);
  assert.deepEqual([dead.embeddings.rows, dead.embeddings.data.length], [0, 0]);
  assert.deepEqual(dead.distances, []);
  assert.deepEqual(dead.pooledDistances, []);
  assert.equal(dead.images.count, 32); // its starts, for whoever wants to see them; no more than these
  assert.deepEqual(dead.activations, Array(32).fill(0));
  assert.equal(dead.datasetMax, 0);
});

Deno.test("scoreUnits() flags a unit some of whose starts have no gradient, and scores it", () => {
  // After a ReLU the unit is silent, and flat, on starts whose red is below one half on the mean: about every second one.
  const visualize = { ...QUICK.visualize, activation: { reduce: "mean", postRelu: true } as const };
  const context = standInContext({ profile: { ...QUICK, visualize } });
  const [record, always] = scoreUnits(context, "colour", [BRIGHT_RED, RED]);
  assert.notEqual(record.score, null);
  assert.deepEqual(record.flags, ["some_without_gradient"]);
  assert.deepEqual(always.flags, []);
  const silent = record.activations.filter((activation) => activation === 0).length;
  assert.ok(silent > 0 && silent < 32, `${silent} of 32 starts are silent`);
});

Deno.test("scoreUnits() flags starts from noise where the profile asks for a dataset that is not there", () => {
  const profile = { ...QUICK, visualize: { ...QUICK.visualize, start: "dataset" } as const };
  assert.deepEqual(scoreUnits(standInContext({ profile }), "colour", [RED])[0].flags, ["noise_start"]);
  assert.deepEqual(scoreUnits(standInContext({ profile, train: randomImages(3) }), "colour", [RED])[0].flags, []);
  assert.deepEqual(scoreUnits(standInContext(), "colour", [RED])[0].flags, []); // noise is what was asked for
});

Deno.test("scoreUnits() flags embeddings that should be centred but have no mean, and centres them by one", () => {
  const profile = { ...QUICK, cluster: { ...QUICK.cluster, center: true } };
  assert.deepEqual(scoreUnits(standInContext({ profile }), "colour", [RED])[0].flags, ["uncentred"]);
  // Two groups along one direction from the origin are one cluster when normalized, and opposite when their mean is taken off.
  const embedder = toldEmbedder((i) => i % 2 === 0 ? [1, 1] : [2, 2]);
  const [off] = scoreUnits(standInContext({ embedder }), "colour", [RED]);
  assert.equal(off.score!.K, 1);
  const meanEmbedding = Float32Array.of(1.5, 1.5);
  const [on] = scoreUnits(standInContext({ embedder, profile, meanEmbedding }), "colour", [RED]);
  assert.equal(on.score!.K, 2);
  assert.deepEqual(on.flags, []);
  assert.equal(on.score!.D, 0); // the centres that are scored are those of the raw embeddings, of one direction
});

Deno.test("scoreUnits() flags a K that is the greatest tried", () => {
  const profile = { ...QUICK, cluster: { ...QUICK.cluster, kMax: 2 } };
  assert.deepEqual(scoreUnits(standInContext({ profile }), "colour", [RED])[0].flags, ["k_at_limit"]);
  const embedder = toldEmbedder(() => [1, 0]);
  assert.deepEqual(scoreUnits(standInContext({ profile, embedder }), "colour", [RED])[0].flags, []);
});

/** QUICK with other settings of clustering. */
const clustering = (changes: Partial<typeof QUICK.cluster>) => ({
  ...QUICK,
  cluster: { ...QUICK.cluster, ...changes },
});

Deno.test("clusterOptions() weighs LPIPS and pooled features pair by pair, and leaves them out where neither counts", () => {
  const between = { distances: [1, 2, 3], pooledDistances: [2, 4, 8] };
  const optionsOf = (lpipsWeight: number, pooledWeight: number) =>
    clusterOptions(standInContext({ profile: clustering({ lpipsWeight, pooledWeight }) }), "colour", RED, between);
  assert.deepEqual(optionsOf(4, 0.5).perceptual, { distances: [5, 10, 16], weight: 1 });
  assert.deepEqual(optionsOf(0, 2).perceptual, { distances: [4, 8, 16], weight: 1 });
  assert.deepEqual(optionsOf(3, 0).perceptual, { distances: [3, 6, 9], weight: 1 });
  assert.equal(optionsOf(0, 0).perceptual, undefined);
});

Deno.test("clusterOptions() refuses a unit without the pooled distances that its profile weighs", () => {
  const old = { distances: [0.1, 0.2, 0.3], pooledDistances: [] }; // as a run of schema 1 is read
  const of = (lpipsWeight: number, pooledWeight: number) => {
    const { cluster } = QUICK;
    const profile = { ...QUICK, cluster: { ...cluster, lpipsWeight, pooledWeight } };
    return clusterOptions(standInContext({ profile }), "colour", RED, old).perceptual;
  };
  assert.throws(() => of(4, 0.5), { name: "InputError", message: /0 pooled distances stand beside 3 of LPIPS/ });
  assert.deepEqual(of(2, 0)?.distances, [0.2, 0.4, 0.6]);
  assert.equal(of(0, 0), undefined);
});

Deno.test("clusterOptions() seeds each unit for itself, and subtracts the mean where the profile centres", () => {
  const between = { distances: [], pooledDistances: [] };
  const meanEmbedding = Float32Array.of(1, 2);
  const context = standInContext({ meanEmbedding });
  const seeds = [RED, GREEN].map((unit) => clusterOptions(context, "colour", unit, between).seed);
  assert.notEqual(seeds[0], seeds[1]);
  assert.equal(clusterOptions(context, "colour", RED, between).seed, seeds[0]);
  assert.equal(clusterOptions(context, "colour", RED, between).mean, undefined);
  const centring = { ...context, profile: clustering({ center: true }) };
  assert.equal(clusterOptions(centring, "colour", RED, between).mean, meanEmbedding);
});

Deno.test("scoreUnits() tells images apart by pooled features where their embeddings are one, as far as these weigh", () => {
  // images in turn are 1 apart: every one 1/4 from the middle, so 32/4 + 1.79 for K = 1 against 2 (1.79) for K = 2
  const lpips = toldLpips(() => 0.25, (j, i) => (i + j) % 2);
  const embedder = toldEmbedder(() => [1, 0]);
  const scored = (pooledWeight: number) =>
    scoreUnits(standInContext({ lpips, embedder, profile: clustering({ pooledWeight }) }), "colour", [RED])[0];
  const [off, on] = [scored(0), scored(1)];
  assert.equal(off.score!.K, 1);
  assert.equal(on.score!.K, 2);
  assert.deepEqual(on.score!.assignments, Array.from({ length: 32 }, (_, i) => i % 2));
  assert.equal(on.score!.D, 0); // the centres are those of the raw embeddings
  assert.equal(on.paper!.K, 1); // the literal rule knows embeddings alone
  assert.equal(on.pooledDistances.length, 32 * 31 / 2);
  assert.deepEqual(on.pooledDistances.slice(0, 6), [1, 0, 1, 1, 0, 1]);
  assert.deepEqual(off.pooledDistances, on.pooledDistances, "they are kept whether they weigh or not");
});

Deno.test("scoreUnits() takes the other distances of the images up to the elbow, though more were made", () => {
  // as above, an elbow at I = 37 of 40 images; images beyond it are far from all, and would be a cluster of their own
  let mean = 0;
  for (let I = 2; I <= 34; I++) mean += 2 * (restless(I - 1) - mean) / I;
  const lpips = toldLpips((j) => j < 34 ? restless(j) : mean, (j, i) => j >= 37 ? 100 : (i + j) % 2);
  const context = standInContext({
    lpips,
    embedder: toldEmbedder(() => [1, 0]),
    profile: clustering({ pooledWeight: 1 }),
  });
  const [record] = scoreUnits(context, "colour", [RED]);
  assert.equal(record.score!.I, 37);
  assert.equal(record.images.count, 40);
  assert.equal(record.pooledDistances.length, 40 * 39 / 2);
  assert.equal(record.score!.K, 2);
  assert.deepEqual(record.score!.assignments, Array.from({ length: 37 }, (_, i) => i % 2));
});

Deno.test("scoreUnits() dissolves clusters smaller than the profile asks for", () => {
  // one image at the end of the other axis: 2 (31/32) = 1.94 in one cluster, for a price of 1
  const embedder = toldEmbedder((i) => i === 5 ? [0, 1] : [1, 0]);
  const scored = (minClusterSize: number) =>
    scoreUnits(standInContext({ embedder, profile: clustering({ beta: 1, minClusterSize }) }), "colour", [RED])[0];
  assert.equal(scored(1).score!.K, 2);
  const { score } = scored(2);
  assert.deepEqual([score!.K, score!.C, score!.D, score!.S], [1, 0, 0, 0]);
  assert.deepEqual(score!.assignments, Array(32).fill(0));
});

Deno.test("scoreUnits() lets starts fade as the profile says", () => {
  // z = 0 + .05 where red has a gradient, whatever the start was, and 0 elsewhere
  const visualize = { ...QUICK.visualize, noiseScale: 1, startFade: 1 };
  const [record] = scoreUnits(standInContext({ profile: { ...QUICK, visualize } }), "colour", [RED]);
  const red = 1 / (1 + Math.exp(-0.05));
  record.images.data.forEach((value, i) => assert.ok(Math.abs(value - (i % 3 === 0 ? red : 0.5)) < 1e-4));
});

Deno.test("scoreUnits() climbs by the step size: one step of Adam moves each logit by the learning rate", () => {
  // From z = 0 Adam's first step is .05 g / |g| for every logit with a gradient: red becomes sigmoid(.05), the rest stays 1/2.
  const visualize = { ...QUICK.visualize, noiseScale: 0 };
  const [record] = scoreUnits(standInContext({ profile: { ...QUICK, visualize } }), "colour", [RED]);
  const red = 1 / (1 + Math.exp(-0.05));
  for (const activation of record.activations) assert.ok(Math.abs(activation - red) < 1e-4, String(activation));
  record.images.data.forEach((value, i) => assert.ok(Math.abs(value - (i % 3 === 0 ? red : 0.5)) < 1e-4));
});

Deno.test("scoreUnits() compares with the dataset: its highest activation, its nine best, ties by index, and a flag", () => {
  const column = [.1, .9, .3, .9, .2, .8, .7, .6, .5, .4, .35, .3];
  const testActivations = () => ({ rows: 12, cols: 4, data: Float32Array.from(column.flatMap((x) => [x, 0, 0, 0])) });
  const [red, green] = scoreUnits(standInContext({ testActivations }), "colour", [RED, GREEN]);
  assert.equal(red.datasetMax, Math.fround(.9));
  assert.deepEqual(red.datasetBest.map(({ index }) => index), [1, 3, 5, 6, 7, 8, 9, 10, 2]);
  assert.equal(red.datasetBest[4].activation, Math.fround(.6));
  assert.deepEqual(red.flags, ["dataset_higher"]); // noise is about one half everywhere
  assert.equal(green.datasetMax, 0);
  assert.deepEqual(green.flags, []);
});

Deno.test("scoreUnits() reports its progress from 0 to 1 without going back", () => {
  const shares: number[] = [];
  scoreUnits(standInContext({ lpips: toldLpips(restless) }), "colour", [RED, GREEN], (share) => shares.push(share));
  assert.equal(shares.at(-1), 1);
  shares.reduce((before, share) => {
    assert.ok(share >= before && share <= 1, `${before} then ${share}`);
    return share;
  }, 0);
});

Deno.test("scoreUnits() leaves no tensor behind, dead units and late elbows included", () => {
  const context = standInContext({ lpips: toldLpips(restless) });
  const before = tf.memory().numTensors;
  scoreUnits(context, "colour", [RED, DEAD, GREEN]);
  scoreUnits(context, "map", [0]);
  assert.equal(tf.memory().numTensors, before);
});

/** The real stages, briefly: few steps and images at a small LPIPS size. */
async function realContext(): Promise<LoadedContext> {
  const profile = parseProfile({
    extends: "calibrated",
    visualize: { steps: 4 },
    lpips: { resize: 32 },
    elbow: { minImages: 5, maxImages: 14, threshold: 0.02 },
    cluster: { restarts: 2 },
  }, "test");
  const data = { train: randomImages(40, "train"), test: randomImages(40, "test") };
  return await loadContext({ model: "lenet5-cifar10", profile, seed: 3, data });
}

Deno.test("scoreUnits() gives a unit the same record, bit for bit, alone and among others, whatever their order", async () => {
  const context = await realContext();
  try {
    for (const [layer, units] of [["conv1", [5]], ["conv2", [0, 7, 15]], ["fc1", [3, 119]], ["fc3", [9, 0]]] as const) {
      const together = scoreUnits(context, layer, units);
      const others = scoreUnits(context, layer, [4, ...units.toReversed()]);
      for (const [i, unit] of units.entries()) {
        const [alone] = scoreUnits(context, layer, [unit]);
        sameBits(together[i], alone);
        sameBits(others.find((each) => each.unit === unit)!, alone);
      }
    }
  } finally {
    context.dispose();
  }
});

/** Floats are compared by SameValue, so equal records are equal to the last bit. */
function sameBits(a: UnitRecord, b: UnitRecord): void {
  for (const key of Object.keys(b) as (keyof UnitRecord)[]) {
    assert.ok(isDeepStrictEqual(a[key], b[key]), `${b.layer}:${b.unit} ${key}`);
  }
}

Deno.test("scoreUnits() depends on the seed", () => {
  const [a] = scoreUnits(standInContext({ seed: 1 }), "colour", [RED]);
  const [b] = scoreUnits(standInContext({ seed: 2 }), "colour", [RED]);
  assert.notDeepEqual(a.images.data, b.images.data);
  assert.deepEqual(a, scoreUnits(standInContext({ seed: 1 }), "colour", [RED])[0]);
});
