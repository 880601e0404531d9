import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import {
  clusterOptions,
  type ImageDistances,
  loadContext,
  type LoadedContext,
  meanEmbeddingOf,
  PAPER,
  parseProfile,
  type PipelineContext,
  scoreUnits,
} from "../../lib/pipeline/mod.ts";
import { imagesOf } from "../../lib/data/mod.ts";
import type { Network } from "../../lib/networks/network.ts";
import { EmbeddingNotFiniteError, loadEmbedder } from "../../lib/embed/mod.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";
import { runningMeanDistances } from "../../lib/elbow/mod.ts";
import type { UnitRecord } from "../../lib/types.ts";
import {
  madeUpDataset,
  plainPixels,
  randomPixels,
  sharedRef,
  sourceOf,
  unlabelledSource,
} from "../data/made_up_dataset.ts";
import {
  BRIGHT_RED,
  colourNetwork,
  DEAD,
  GREEN,
  QUICK,
  randomImages,
  RED,
  standInContext,
  toldEmbedder,
  toldLpips,
} from "./stand_ins.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();

/**
 * With all distances of image j equal to r_j, d_I = d_(I-1) + 2 (r - d_(I-1)) / I for r of the I-th image. Rows of 1 and 0 in
 * turn keep d near 1/2 and on the far side of each r, so every change exceeds 2 (1/2) / I = 1/I > 1/48 > .02: no elbow.
 */
const restless = (j: number) => j % 2;

Deno.test("scoreUnits() stops at the profile's least where distances have settled, and the literal elbow where the text puts it", async () => {
  // d_2 = .5, d_3 = .5 + 2 (.2 - .5) / 3 = .3, d_4 = .3 + 2 (.29 - .3) / 4 = .295: the first change below .02 is that of I = 4
  const rows = [0, .5, .2, .29];
  const [record] = await scoreUnits(standInContext({ lpips: toldLpips((j) => rows[j] ?? 0.295) }), "colour", [RED]);
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

Deno.test("scoreUnits() scores two clusters with orthogonal centres as the formula says", async () => {
  // SSE of one cluster is 32 (1/2) = 16, so 16 + 1.79 for K = 1 against 0 + 2 (1.79) for K = 2
  const [{ score, scoreInterval, kShares, meanAngle, embeddings }] = await scoreUnits(standInContext(), "colour", [
    RED,
  ]);
  assert.ok(score !== null);
  assert.equal(score.K, 2);
  assert.deepEqual(score.assignments, Array.from({ length: 32 }, (_, i) => i % 2));
  assert.equal(score.C, 1 / 31); // (2 - 1) / (32 - 1)
  assert.ok(Math.abs(score.D - 1 / 2) < 1e-12); // a quarter turn over a half turn, equal norms
  assert.ok(Math.abs(score.S! - (1 / 31 + 1 / 2 - 1 / 62)) < 1e-12);
  assert.deepEqual(score.candidates.map(({ k }) => k), [1, 2]); // there are but two points
  assert.deepEqual(score.candidates.map(({ criterion }) => Math.round(criterion * 1e6) / 1e6), [17.79, 3.58]);
  // a half of the 32 images has some of either cluster, but once in 300 million: every half says the same
  assert.ok(Math.abs(scoreInterval!.low - score.S!) < 1e-12 && Math.abs(scoreInterval!.high - score.S!) < 1e-12);
  assert.deepEqual(kShares, { K1: 0, K2: 1, K3: 0 });
  // of the 496 pairs, 16 x 16 are a quarter turn apart, the others not at all
  assert.ok(Math.abs(meanAngle! - 256 / 496 / 2) < 1e-9);
  assert.deepEqual([embeddings.rows, embeddings.cols], [32, 2]);
});

Deno.test("scoreUnits() adds images beyond 32 up to 48 where no elbow comes, and says that it was the maximum", async () => {
  const [record] = await scoreUnits(standInContext({ lpips: toldLpips(restless) }), "colour", [RED]);
  assert.equal(record.stopReason, "maximum");
  assert.equal(record.images.count, 48);
  assert.equal(record.score!.I, 48);
  assert.equal(record.paper!.I, 48);
});

Deno.test("scoreUnits() stops between the least and the most: I counts the images up to the elbow, not those made", async () => {
  // image 34 (I = 35) and all later ones are at the mean distance so far: changes of 0 at I = 35, 36, 37
  let mean = 0;
  for (let I = 2; I <= 34; I++) mean += 2 * (restless(I - 1) - mean) / I;
  const lpips = toldLpips((j) => j < 34 ? restless(j) : mean);
  const [record] = await scoreUnits(standInContext({ lpips }), "colour", [RED]);
  assert.equal(record.paper!.I, 35);
  assert.equal(record.score!.I, 37);
  assert.equal(record.stopReason, "elbow");
  assert.equal(record.images.count, 40); // made eight at a time
  assert.equal(record.score!.assignments.length, 37);
  assert.equal(record.activations.length, 40);
  assert.equal(record.embeddings.rows, 40);
});

Deno.test("scoreUnits() with the paper's profile gives the same score in both sets of columns", async () => {
  const profile = { ...PAPER, visualize: { ...PAPER.visualize, steps: 1 } };
  for (const lpips of [toldLpips((j) => 1 / j), toldLpips(restless), toldLpips(() => 0)]) {
    const jittered = toldEmbedder((i) => [1 + Math.sin(i), 2 + Math.cos(3 * i)]);
    const records = await scoreUnits(standInContext({ profile, lpips, embedder: jittered }), "colour", [RED, GREEN]);
    for (const { score, paper } of records) assert.deepEqual(score, paper);
  }
  // rows 1/j: d_2 = 1, d_3 = 1 + 2 (1/2 - 1) / 3 = 2/3, ... and equal distances stop at I = 3
  const [few] = await scoreUnits(standInContext({ profile }), "colour", [RED]);
  assert.equal(few.score!.I, 3);
  assert.deepEqual([few.scoreInterval, few.kShares], [null, null]); // too few images
});

Deno.test("scoreUnits() flags a unit without any gradient as dead and does not score it", async () => {
  const [red, dead] = await scoreUnits(standInContext(), "colour", [RED, DEAD]);
  assert.equal(red.stopReason, "elbow");
  assert.equal(dead.stopReason, "dead");
  assert.deepEqual(dead.flags, ["dead"]);
  assert.equal(dead.score, null);
  assert.deepEqual([dead.scoreInterval, dead.kShares], [null, null]);
  assert.equal(dead.paper, null);
  assert.equal(dead.meanAngle, null);
  assert.deepEqual([dead.embeddings.rows, dead.embeddings.data.length], [0, 0]);
  assert.deepEqual(dead.distances, []);
  assert.deepEqual(dead.pooledDistances, []);
  assert.equal(dead.images.count, 32); // its starts, for whoever wants to see them; no more than these
  assert.deepEqual(dead.activations, Array(32).fill(0));
});

/** The colours' network whose green explodes: its numbers are multiplied by each factor in turn, and more is done to them. */
function explodingNetwork(factors: readonly number[], more: (x: tf.Tensor) => tf.Tensor = (x) => x): Network {
  const network = colourNetwork();
  return {
    ...network,
    activations: (images, layers) =>
      tf.tidy(() =>
        network.activations(images, layers).map((x, i) =>
          layers[i] === "colour" ? more(factors.reduce((y, factor) => y.mul([1, factor, 1, 1]), x)) : x
        )
      ),
  };
}

for (
  const [what, network] of [
    ["whose gradient is 1e30: its square, 1e60, is no float32", explodingNetwork([1e30])],
    ["that is infinite", explodingNetwork([1e30, 1e30])],
    // infinity less infinity; the others less themselves plus themselves
    ["that is NaN", explodingNetwork([1e30, 1e30], (x) => x.sub(x).add(x))],
  ] as const
) {
  Deno.test(`scoreUnits() flags a unit ${what} as exploded, and the others are as without it`, async () => {
    const dataset = madeUpDataset(sourceOf(randomImages(3)), sourceOf(randomImages(1)));
    const context = standInContext({ dataset });
    const [red, exploded, bright] = await scoreUnits({ ...context, network }, "colour", [RED, GREEN, BRIGHT_RED]);
    assert.equal(exploded.stopReason, "exploded");
    assert.deepEqual(exploded.flags, ["exploded"]);
    assert.deepEqual([exploded.score, exploded.paper, exploded.scoreInterval], [null, null, null]);
    assert.deepEqual([exploded.images.count, exploded.activations, exploded.distances], [0, [], []]);
    const [plainRed, , plainBright] = await scoreUnits(context, "colour", [RED, GREEN, BRIGHT_RED]);
    assert.deepEqual([red, bright], [plainRed, plainBright]);
  });
}

Deno.test("scoreUnits() flags a unit whose images its embedder refuses as not finite", async () => {
  const embedder = toldEmbedder(() => [1, 0]);
  const embed = () =>
    Promise.reject(new EmbeddingNotFiniteError("an image is embedded as numbers that are not finite"));
  const [record] = await scoreUnits(standInContext({ embedder: { ...embedder, embed } }), "colour", [RED]);
  assert.deepEqual([record.flags, record.score, record.images.count], [["embedding_not_finite"], null, 32]);
});

for (
  const [what, at, flag] of [
    ["not finite", () => [1, Infinity] as const, "embedding_not_finite"],
    ["all zeros", () => [0, 0] as const, "zero_embedding"],
    ["zeros for a cluster of images", (i: number) => i % 2 === 0 ? [0, 0] as const : [0, 9] as const, "zero_embedding"],
  ] as const
) {
  Deno.test(`scoreUnits() flags a unit whose embeddings are ${what}, and keeps its images`, async () => {
    const [record] = await scoreUnits(standInContext({ embedder: toldEmbedder(at) }), "colour", [RED]);
    assert.deepEqual(record.flags, [flag]);
    assert.equal(record.stopReason, "elbow");
    assert.deepEqual([record.score, record.paper, record.embeddings.rows], [null, null, 0]);
    assert.deepEqual([record.images.count, record.activations.length], [32, 32]);
  });
}

Deno.test("scoreUnits() flags a unit some of whose starts have no gradient, and scores it", async () => {
  // After a ReLU the unit is silent, and flat, on starts whose red is below one half on the mean: about every second one.
  const visualize = { ...QUICK.visualize, activation: { reduce: "mean", postRelu: true } as const };
  const context = standInContext({ profile: { ...QUICK, visualize } });
  const [record, always] = await scoreUnits(context, "colour", [BRIGHT_RED, RED]);
  assert.notEqual(record.score, null);
  assert.deepEqual(record.flags, ["some_without_gradient"]);
  assert.deepEqual(always.flags, []);
  const silent = record.activations.filter((activation) => activation === 0).length;
  assert.ok(silent > 0 && silent < 32, `${silent} of 32 starts are silent`);
});

/** The flags of the unit RED. */
async function flagsOf(context: PipelineContext): Promise<readonly string[]> {
  return (await scoreUnits(context, "colour", [RED]))[0].flags;
}

Deno.test("scoreUnits() flags starts from noise where the profile asks for a dataset that is not there", async () => {
  const profile = { ...QUICK, visualize: { ...QUICK.visualize, start: "dataset" } as const };
  const dataset = madeUpDataset(sourceOf(randomImages(3)), sourceOf(randomImages(1)));
  assert.deepEqual(await flagsOf(standInContext({ profile })), ["noise_start"]);
  assert.deepEqual(await flagsOf(standInContext({ profile, dataset })), []);
  assert.deepEqual(await flagsOf(standInContext()), []); // noise is what was asked for
});

Deno.test("scoreUnits() flags embeddings that should be centred but have no mean, and centres them by one", async () => {
  const profile = { ...QUICK, cluster: { ...QUICK.cluster, center: true } };
  assert.deepEqual(await flagsOf(standInContext({ profile })), ["uncentred"]);
  // Two groups along one direction from the origin are one cluster when normalized, and opposite when their mean is taken off.
  const embedder = toldEmbedder((i) => i % 2 === 0 ? [1, 1] : [2, 2]);
  const [off] = await scoreUnits(standInContext({ embedder }), "colour", [RED]);
  assert.equal(off.score!.K, 1);
  const meanEmbedding = Float32Array.of(1.5, 1.5);
  const [on] = await scoreUnits(standInContext({ embedder, profile, meanEmbedding }), "colour", [RED]);
  assert.equal(on.score!.K, 2);
  assert.deepEqual(on.flags, []);
  assert.equal(on.score!.D, 0); // the centres that are scored are those of the raw embeddings, of one direction
});

Deno.test("scoreUnits() flags a K that is the greatest tried", async () => {
  const profile = { ...QUICK, cluster: { ...QUICK.cluster, kMax: 2 } };
  assert.deepEqual(await flagsOf(standInContext({ profile })), ["k_at_limit"]);
  const embedder = toldEmbedder(() => [1, 0]);
  assert.deepEqual(await flagsOf(standInContext({ profile, embedder })), []);
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

Deno.test("clusterOptions() takes the other price and weights where attributions are known, and asked for", () => {
  const distances = { distances: [1, 2, 3], pooledDistances: [2, 4, 8] };
  const attributions = { layer: "below", distances: [0.5, 0, 4] };
  const rule = { depth: 1, weight: 3, beta: 7, lpipsWeight: 1, pooledWeight: 0.5 };
  const optionsOf = (depth: number, between: ImageDistances) =>
    clusterOptions(
      standInContext({ profile: clustering({ beta: 5, lpipsWeight: 4, attributions: { ...rule, depth } }) }),
      "colour",
      RED,
      between,
    );
  const asked = optionsOf(1, { ...distances, attributions });
  assert.equal(asked.beta, 7);
  // 1 + .5 * 2 + 3 * .5, 2 + .5 * 4 + 0, 3 + .5 * 8 + 3 * 4
  assert.deepEqual(asked.perceptual, { distances: [3.5, 4, 19], weight: 1 });
  for (const without of [optionsOf(1, distances), optionsOf(0, { ...distances, attributions })]) {
    assert.equal(without.beta, 5);
    assert.deepEqual(without.perceptual, { distances: [4, 8, 12], weight: 1 });
  }
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

Deno.test("scoreUnits() tells images apart by pooled features where their embeddings are one, as far as these weigh", async () => {
  // images in turn are 1 apart: every one 1/4 from the middle, so 32/4 + 1.79 for K = 1 against 2 (1.79) for K = 2
  const lpips = toldLpips(() => 0.25, (j, i) => (i + j) % 2);
  const embedder = toldEmbedder(() => [1, 0]);
  const scored = async (pooledWeight: number) =>
    (await scoreUnits(standInContext({ lpips, embedder, profile: clustering({ pooledWeight }) }), "colour", [RED]))[0];
  const [off, on] = [await scored(0), await scored(1)];
  assert.equal(off.score!.K, 1);
  assert.equal(on.score!.K, 2);
  assert.deepEqual(on.score!.assignments, Array.from({ length: 32 }, (_, i) => i % 2));
  assert.equal(on.score!.D, 0); // the centres are those of the raw embeddings
  assert.equal(on.paper!.K, 1); // the literal rule knows embeddings alone
  assert.equal(on.pooledDistances.length, 32 * 31 / 2);
  assert.deepEqual(on.pooledDistances.slice(0, 6), [1, 0, 1, 1, 0, 1]);
  assert.deepEqual(off.pooledDistances, on.pooledDistances, "they are kept whether they weigh or not");
});

Deno.test("scoreUnits() takes the other distances of the images up to the elbow, though more were made", async () => {
  // as above, an elbow at I = 37 of 40 images; images beyond it are far from all, and would be a cluster of their own
  let mean = 0;
  for (let I = 2; I <= 34; I++) mean += 2 * (restless(I - 1) - mean) / I;
  const lpips = toldLpips((j) => j < 34 ? restless(j) : mean, (j, i) => j >= 37 ? 100 : (i + j) % 2);
  const context = standInContext({
    lpips,
    embedder: toldEmbedder(() => [1, 0]),
    profile: clustering({ pooledWeight: 1 }),
  });
  const [record] = await scoreUnits(context, "colour", [RED]);
  assert.equal(record.score!.I, 37);
  assert.equal(record.images.count, 40);
  assert.equal(record.pooledDistances.length, 40 * 39 / 2);
  assert.equal(record.score!.K, 2);
  assert.deepEqual(record.score!.assignments, Array.from({ length: 37 }, (_, i) => i % 2));
});

/** A metric by which 40 images are made, of which the elbow counts 37, as above. */
function elbowAt37() {
  let mean = 0;
  for (let I = 2; I <= 34; I++) mean += 2 * (restless(I - 1) - mean) / I;
  return toldLpips((j) => j < 34 ? restless(j) : mean);
}

Deno.test("scoreUnits() takes the mean angle over the images up to the elbow, though more were made", async () => {
  // 19 images on one axis and 18 on the other; those beyond the elbow are an eighth of a turn from either
  const embedder = toldEmbedder((i) => i >= 37 ? [1, 1] : i % 2 === 0 ? [1, 0] : [0, 1]);
  const [record] = await scoreUnits(standInContext({ lpips: elbowAt37(), embedder }), "colour", [RED]);
  assert.deepEqual([record.score!.I, record.images.count], [37, 40]);
  // of 37 x 36 / 2 = 666 pairs, 19 x 18 = 342 are a quarter turn apart: half of a half turn
  assert.ok(Math.abs(record.meanAngle! - 342 / 666 / 2) < 1e-9, `${record.meanAngle}`);
});

for (const [dark, flags] of [[37, []], [39, []], [36, ["some_without_gradient"]]] as const) {
  Deno.test(`scoreUnits() flags starts without gradient among the 37 images that count: image ${dark} of 40 is dark`, async () => {
    // after a ReLU the unit is flat on a black start; starts come one after the other, whatever is drawn
    const size = { height: 32, width: 32 };
    const [white, black] = [200, 0].map((byte) => imagesOf(plainPixels(1, size, () => byte), [0]).data);
    let made = 0;
    const train = {
      count: 1,
      labels: null,
      images: (indices: ArrayLike<number>) => {
        const data = new Float32Array(indices.length * white.length);
        for (let i = 0; i < indices.length; i++) data.set(made++ === dark ? black : white, i * white.length);
        return Promise.resolve({ count: indices.length, ...size, data });
      },
    };
    const visualize = {
      ...QUICK.visualize,
      start: "dataset",
      activation: { reduce: "mean", postRelu: true },
    } as const;
    const dataset = madeUpDataset(train, train);
    const context = standInContext({ lpips: elbowAt37(), profile: { ...QUICK, visualize }, dataset });
    const [record] = await scoreUnits(context, "colour", [BRIGHT_RED]);
    assert.equal(made, 40);
    assert.equal(record.score!.I, 37);
    assert.deepEqual(record.activations.map((value) => value === 0).indexOf(true), dark);
    assert.deepEqual(record.flags, flags);
  });
}

Deno.test("scoreUnits() dissolves clusters smaller than the profile asks for", async () => {
  // one image at the end of the other axis: 2 (31/32) = 1.94 in one cluster, for a price of 1
  const embedder = toldEmbedder((i) => i === 5 ? [0, 1] : [1, 0]);
  const scored = async (minClusterSize: number) => {
    const profile = clustering({ beta: 1, minClusterSize });
    return (await scoreUnits(standInContext({ embedder, profile }), "colour", [RED]))[0].score;
  };
  assert.equal((await scored(1))!.K, 2);
  const score = await scored(2);
  assert.deepEqual([score!.K, score!.C, score!.D, score!.S], [1, 0, 0, 0]);
  assert.deepEqual(score!.assignments, Array(32).fill(0));
});

Deno.test("scoreUnits() lets starts fade as the profile says", async () => {
  // z = 0 + .05 where red has a gradient, whatever the start was, and 0 elsewhere
  const visualize = { ...QUICK.visualize, noiseScale: 1, startFade: 1 };
  const [record] = await scoreUnits(standInContext({ profile: { ...QUICK, visualize } }), "colour", [RED]);
  const red = 1 / (1 + Math.exp(-0.05));
  record.images.data.forEach((value, i) => assert.ok(Math.abs(value - (i % 3 === 0 ? red : 0.5)) < 1e-4));
});

Deno.test("scoreUnits() climbs by the step size: one step of Adam moves each logit by the learning rate", async () => {
  // From z = 0 Adam's first step is .05 g / |g| for every logit with a gradient: red becomes sigmoid(.05), the rest stays 1/2.
  const visualize = { ...QUICK.visualize, noiseScale: 0 };
  const [record] = await scoreUnits(standInContext({ profile: { ...QUICK, visualize } }), "colour", [RED]);
  const red = 1 / (1 + Math.exp(-0.05));
  for (const activation of record.activations) assert.ok(Math.abs(activation - red) < 1e-4, String(activation));
  record.images.data.forEach((value, i) => assert.ok(Math.abs(value - (i % 3 === 0 ? red : 0.5)) < 1e-4));
});

Deno.test("scoreUnits() reports its progress from 0 to 1 without going back", async () => {
  const shares: number[] = [];
  await scoreUnits(
    standInContext({ lpips: toldLpips(restless) }),
    "colour",
    [RED, GREEN],
    (share) => shares.push(share),
  );
  assert.equal(shares.at(-1), 1);
  shares.reduce((before, share) => {
    assert.ok(share >= before && share <= 1, `${before} then ${share}`);
    return share;
  }, 0);
});

Deno.test("scoreUnits() leaves no tensor behind, dead units and late elbows included", async () => {
  const context = standInContext({ lpips: toldLpips(restless) });
  const before = tf.memory().numTensors;
  await scoreUnits(context, "colour", [RED, DEAD, GREEN]);
  await scoreUnits(context, "map", [0]);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("scoreUnits() scores a network of 8 x 12 px on a dataset without labels: images, distances, embeddings, score", async () => {
  const before = tf.memory().numTensors;
  const size = { height: 8, width: 12 };
  const train = randomPixels(9, size, "train");
  const dataset = madeUpDataset(unlabelledSource(train), unlabelledSource(randomPixels(5, size, "test")));
  const profile = parseProfile({
    extends: "calibrated",
    // a step that does not move: images are the training images they start from
    visualize: { steps: 1, learningRate: 1e-6, startFade: 0, jitter: 0 },
    elbow: { minImages: 8, maxImages: 16, threshold: 1 },
    cluster: { restarts: 2 },
  }, "test");
  const [lpips, embedder] = [await loadLpips("alex", { resize: 64 }), await loadEmbedder("resnet18-cifar10")];
  const network = colourNetwork(size);
  const meanEmbedding = await meanEmbeddingOf(embedder, dataset.train);
  const context = { network, dataset, profile, lpips, embedder, meanEmbedding, seed: 4 };
  const loaded = tf.memory().numTensors;
  const [red, map] = [...await scoreUnits(context, "colour", [RED]), ...await scoreUnits(context, "map", [0])];
  assert.equal(tf.memory().numTensors, loaded);

  for (const record of [red, map]) {
    assert.deepEqual(record.flags, []);
    const { count, height, width, data } = record.images;
    assert.deepEqual([count, height, width, data.length], [8, 8, 12, 8 * 288]);
    const sources = Array.from({ length: count }, (_, i) => {
      const image = data.slice(i * 288, (i + 1) * 288);
      return Array.from({ length: 9 }, (_, t) => t).find((t) =>
        image.every((value, p) => {
          const pixel = train.pixels[t * 288 + p] / 255;
          return Math.abs(value - Math.min(0.98, Math.max(0.02, pixel))) < 1e-4; // black and white are taken as .02 and .98
        })
      );
    });
    assert.ok(sources.every((source) => source !== undefined), "each is one of the training images");
    // what the unit makes of an image: the mean of its red, or of its green
    const channel = record === red ? 0 : 1;
    record.activations.forEach((activation, i) => {
      const values = data.slice(i * 288, (i + 1) * 288).filter((_, p) => p % 3 === channel);
      assert.ok(Math.abs(activation - values.reduce((sum, value) => sum + value / 96, 0)) < 1e-5);
    });
    const part = (i: number) => ({ count: 1, height, width, data: data.slice(i * 288, (i + 1) * 288) });
    const { distance } = await lpips.distance(part(3), part(1));
    assert.ok(Math.abs(record.distances[3 + 1] - distance) < 1e-6); // pairs (1,0) (2,0) (2,1) (3,0) (3,1)
    const alone = await embedder.embed(part(5));
    alone.data.forEach((value, d) => {
      const among = record.embeddings.data[5 * 512 + d];
      assert.ok(Math.abs(value - among) <= (COMPANY_KEEPS_BITS ? 0 : 1e-4), `${value} alone, ${among} among others`);
    });
    assert.equal(record.score!.I, 8);
    assert.ok(record.score!.S! >= 0 && record.score!.S! <= 1);
  }
  lpips.dispose();
  embedder.dispose();
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
  const dataset = sharedRef(randomImages(40, "train"), randomImages(40, "test"));
  const model = { kind: "shipped", name: "lenet5-cifar10" } as const;
  return await loadContext({ subject: { model, dataset }, instruments: { profile }, seed: 3 });
}

Deno.test("scoreUnits() gives a unit the same record, bit for bit, alone and among others, whatever their order", {
  ignore: !COMPANY_KEEPS_BITS,
}, async () => {
  const context = await realContext();
  try {
    for (const [layer, units] of [["conv1", [5]], ["conv2", [0, 7, 15]], ["fc1", [3, 119]], ["fc3", [9, 0]]] as const) {
      const together = await scoreUnits(context, layer, units);
      const others = await scoreUnits(context, layer, [4, ...units.toReversed()]);
      for (const [i, unit] of units.entries()) {
        const [alone] = await scoreUnits(context, layer, [unit]);
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

Deno.test("scoreUnits() depends on the seed", async () => {
  const [a] = await scoreUnits(standInContext({ seed: 1 }), "colour", [RED]);
  const [b] = await scoreUnits(standInContext({ seed: 2 }), "colour", [RED]);
  assert.notDeepEqual(a.images.data, b.images.data);
  assert.deepEqual([a], await scoreUnits(standInContext({ seed: 1 }), "colour", [RED]));
});
