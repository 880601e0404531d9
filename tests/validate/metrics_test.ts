import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import type { ImageSource } from "../../lib/data/mod.ts";
import { unitRows } from "../../lib/matrix.ts";
import { createRandom } from "../../lib/random.ts";
import type { LayerActivations } from "../../lib/store/mod.ts";
import type { ImageBatch, Matrix } from "../../lib/types.ts";
import {
  classEntropy,
  classSelectivity,
  correlateMetrics,
  datasetClusters,
  embedDataset,
  kurtosis,
  layerActivations,
  meanLpips,
  METRICS,
  monosemanticity,
  mostActivating,
  sparsity,
  type UnitMetrics,
  unitMetrics,
} from "../../lib/validate/metrics/mod.ts";
import { sourceOf } from "../data/made_up_dataset.ts";
import {
  BRIGHT_RED,
  colourNetwork,
  DEAD,
  QUICK,
  randomImages,
  RED,
  standInContext,
  takingTurns,
  toldEmbedder,
  toldLpips,
} from "../pipeline/stand_ins.ts";
import { deadRecord, record } from "../store/example_run.ts";

await useBackend();

function near(actual: number | null, expected: number, within = 1e-12): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

function matrix(...rows: number[][]): Matrix {
  return { rows: rows.length, cols: rows[0].length, data: Float64Array.from(rows.flat()) };
}

Deno.test("monosemanticity() weighs each pair of images by both activations", () => {
  // activations 1 2 3 5 scale to 0 .25 .5 1; pairs .25 .5, .25 1, .5 1 of cosines 1, 0, 0: .125 / .875
  const directions = matrix([0, 1], [1, 0], [1, 0], [0, 1]);
  near(monosemanticity([1, 2, 3, 5], directions), 1 / 7);
  near(monosemanticity([-10, 0, 10, 30], directions), 1 / 7); // of the scale and the offset it knows nothing
  near(monosemanticity([0, 1, 1, 0], directions), 1); // two alike
  near(monosemanticity([1, 0, 0, 1], matrix([1, 0], [0, 1], [0, 1], [-1, 0])), -1); // two opposite ones
});

Deno.test("monosemanticity() equals the sum over all pairs, written out", () => {
  const random = createRandom("monosemanticity");
  const [N, D] = [40, 5];
  const directions = unitRows(matrix(...Array.from({ length: N }, () => Array.from({ length: D }, random.normal))));
  const activations = Array.from({ length: N }, random.normal);
  const [low, high] = [Math.min(...activations), Math.max(...activations)];
  const r = activations.map((activation) => (activation - low) / (high - low));
  let [weighted, weights] = [0, 0];
  for (let n = 0; n < N; n++) {
    for (let m = n + 1; m < N; m++) {
      let cosine = 0;
      for (let d = 0; d < D; d++) cosine += directions.data[n * D + d] * directions.data[m * D + d];
      weighted += r[n] * r[m] * cosine;
      weights += r[n] * r[m];
    }
  }
  near(monosemanticity(activations, directions), weighted / weights);
});

Deno.test("monosemanticity() is null where no pair has weight", () => {
  const directions = matrix([1, 0], [0, 1], [1, 0]);
  assert.equal(monosemanticity([2, 2, 2], directions), null);
  assert.equal(monosemanticity([0, 7, 0], directions), null); // one image alone
  assert.equal(monosemanticity([], { rows: 0, cols: 2, data: new Float64Array() }), null);
  assert.throws(() => monosemanticity([1, 2], directions), RangeError);
});

Deno.test("mostActivating() gives the best first, ties by index, and none where nothing stands out", () => {
  assert.deepEqual(mostActivating([1, 5, 3, 5], 3), [1, 3, 2]);
  assert.deepEqual(mostActivating([2, 1], 10), [0, 1]);
  assert.equal(mostActivating([2, 2, 2], 2), null);
  assert.equal(mostActivating([], 2), null);
});

Deno.test("datasetClusters() clusters the chosen images by the run's rule", () => {
  const embeddings = matrix([9, 9], [1, 0], [2, 0], [0, 1], [0, 3]);
  const options = { ...QUICK.cluster, seed: 1 };
  // of unit length, two at each of two orthogonal ends: SSE 2 + beta 1.79 for one cluster, 0 + 2 beta for two; four of six
  // pairs are a quarter turn apart, 1/2 of pi
  assert.deepEqual(datasetClusters(embeddings, [1, 2, 3, 4], options), { clusters: 2, meanAngle: 1 / 3 });
  assert.equal(datasetClusters(embeddings, [1, 2, 3, 4], { ...options, beta: 2.1 }).clusters, 1);
  assert.deepEqual(datasetClusters(embeddings, [0], options), { clusters: 1, meanAngle: null });
  assert.deepEqual(datasetClusters(embeddings, null, options), { clusters: null, meanAngle: null });
});

Deno.test("kurtosis() is the fourth moment over the squared second, less 3", () => {
  assert.equal(kurtosis([-1, 1]), -2); // the least there is
  near(kurtosis([0, 0, 0, 0, 5]), 0.25); // deviations -1 x 4 and 4: (4 + 256) / 5 over ((4 + 16) / 5)^2 = 52 / 16
  near(kurtosis([100, 100, 100, 100, 105]), 0.25);
  const random = createRandom("kurtosis");
  near(kurtosis(Array.from({ length: 20_000 }, random.normal)), 0, 0.15); // four standard errors sqrt(24 / n)
  assert.equal(kurtosis([0.1, 0.1, 0.1]), null);
  assert.equal(kurtosis([]), null);
});

Deno.test("sparsity() of a unit that is active at one strength is the share of images it is active for", () => {
  assert.equal(sparsity([0, 3, 0, 0]), 1 / 4);
  assert.equal(sparsity([2, 2]), 1);
  near(sparsity([1, 3]), 4 / 5); // mean 2, mean square 5
  assert.equal(sparsity([0, 0]), null);
});

Deno.test("classEntropy() is in bits: 0 for one class, log2 of as many equal ones", () => {
  const labels = [7, 7, 1, 2, 2, 2, 3, 3];
  assert.equal(classEntropy(labels, [0, 1]), 0);
  assert.equal(classEntropy(labels, [0, 2]), 1);
  near(classEntropy(labels, [0, 1, 6, 2]), 1.5); // 1/2, 1/4, 1/4
  near(classEntropy([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), Math.log2(10));
  assert.equal(classEntropy(labels, null), null);
});

Deno.test("classSelectivity() compares the best class with the mean of the others", () => {
  // classes have means 6, 2 and 1: (6 - 1.5) / (6 + 1.5)
  near(classSelectivity([4, 8, 2, 0, 2], [0, 0, 1, 5, 5]), 4.5 / 7.5);
  assert.equal(classSelectivity([0, 4, 0], [0, 1, 2]), 1);
  assert.equal(classSelectivity([3, 3], [0, 1]), 0);
  assert.equal(classSelectivity([0, 0], [0, 1]), null);
  assert.equal(classSelectivity([1, 2], [4, 4]), null); // no other class
  assert.throws(() => classSelectivity([1], [1, 2]), RangeError);
});

Deno.test("meanLpips() is over the pairs of the images that the score counts", () => {
  near(meanLpips(record("conv1", 0)), 0.2); // three images: .1 .2 .3
  const distances = [0.1, 0.2, 0.3, 9, 9, 9]; // a fourth image was made beyond the stop
  near(meanLpips(record("conv1", 0, { distances })), 0.2);
  assert.equal(meanLpips(deadRecord("conv1", 0)), null);
  assert.throws(() => meanLpips(record("conv1", 0, { distances: [0.1] })), RangeError);
});

Deno.test("embedDataset() embeds every image once, in order", async () => {
  const images = randomImages(1300, "embed"); // more than two chunks
  const firstPixel = {
    ...toldEmbedder(takingTurns),
    embed: ({ count, data }: ImageBatch) =>
      Promise.resolve({
        rows: count,
        cols: 2,
        data: Float32Array.from({ length: 2 * count }, (_, k) => data[(k >> 1) * 3072 + (k & 1)]),
      }),
  };
  const seen: number[] = [];
  const { rows, cols, data } = await embedDataset(firstPixel, sourceOf(images), (done) => seen.push(done));
  assert.deepEqual([rows, cols], [1300, 2]);
  assert.ok(data.every((value, k) => value === Math.fround(images.pixels[(k >> 1) * 3072 + (k & 1)] / 255)));
  assert.equal(seen.at(-1), 1300);
});

/** Images of one red each, with a label each. */
function reds(bytes: number[], labels: number[]): ImageSource {
  const pixels = Uint8Array.from(
    { length: bytes.length * 3072 },
    (_, k) => k % 3 === 0 ? bytes[Math.floor(k / 3072)] : 0,
  );
  return sourceOf({ count: bytes.length, height: 32, width: 32, pixels, labels: Uint8Array.from(labels) });
}

/** Red 0, .2, .4 and 1. */
const IMAGES = reds([0, 51, 102, 255], [0, 0, 1, 1]);
const TEST = { images: IMAGES, embeddings: matrix([5, 0], [1, 0], [0, 1], [0, 1]) };

Deno.test("unitMetrics() measures the dataset's responses before the ReLU, and after it where the metric asks", async () => {
  const records = [record("colour", RED), record("colour", BRIGHT_RED), deadRecord("colour", DEAD)];
  const [red, bright, dead] = await unitMetrics(standInContext(), TEST, "colour", records);
  assert.deepEqual(Object.keys(red), ["layer", "unit", ...METRICS.map(({ key }) => key)]);
  assert.deepEqual([red.layer, red.unit, red.S, red.K, red.mean_angle], ["colour", RED, 0.75, 2, 1 / 3]);
  near(red.mean_lpips, 0.2);
  near(red.monosemanticity, 0.4 / 0.68, 1e-6); // pairs .2 .4, .2 1, .4 1, of which the last alone are alike
  assert.equal(red.dataset_clusters, 2);
  assert.equal(red.dataset_mean_angle, 1 / 3);
  near(red.kurtosis, -1, 1e-6); // deviations -.4 -.2 0 .6: .0392 / .14^2 - 3
  near(red.sparsity, 8 / 15, 1e-6); // .16 / .3
  assert.equal(red.class_entropy, 1);
  near(red.class_selectivity, 0.75, 1e-6); // (.7 - .1) / .8
  // red less one half: what does not know of the offset is the same, and after a ReLU the last image alone remains
  near(bright.monosemanticity, 0.4 / 0.68, 1e-6);
  near(bright.kurtosis, -1, 1e-6);
  near(bright.sparsity, 1 / 4, 1e-6);
  near(bright.class_selectivity, 1, 1e-6);
  assert.deepEqual(dead, {
    layer: "colour",
    unit: DEAD,
    ...Object.fromEntries(METRICS.map(({ key }) => [key, null])),
  });
});

Deno.test("unitMetrics() takes a channel after the ReLU position by position", async () => {
  const network = {
    ...colourNetwork(),
    activations: (images: tf.Tensor4D) => [tf.tidy(() => images.slice([0, 0, 0, 1], [-1, -1, -1, 1]).sub(0.5))],
  };
  const pixels = new Uint8Array(2 * 3072);
  for (let p = 0; p < 1536; p++) pixels[p] = 255; // the upper half of the first image is white
  const images = sourceOf({ count: 2, height: 32, width: 32, pixels, labels: Uint8Array.of(0, 1) });
  const test = { images, embeddings: matrix([1, 0], [0, 1]) };
  const [map] = await unitMetrics(standInContext({ network }), test, "map", [record("map", 0)]);
  // before the ReLU the means are 0 and -.5, after it .25 and 0
  near(map.sparsity, 1 / 2, 1e-6);
  near(map.class_selectivity, 1, 1e-6);
  assert.equal(map.kurtosis, -2);
  assert.equal(map.monosemanticity, null); // the second image has no weight
});

/** What the four images do to units 1 and 0 of a layer, in this order: to unit 0 as it is told, to unit 1 nothing. */
function told(activations: readonly number[], responses: readonly number[] | null = null): LayerActivations {
  const secondOf = (values: readonly number[]): Matrix => ({
    rows: values.length,
    cols: 2,
    data: Float32Array.from(values.flatMap((value) => [0, value])),
  });
  return { units: [1, RED], activations: secondOf(activations), responses: responses && secondOf(responses) };
}

Deno.test("unitMetrics() takes the activations that it is given, by unit", async () => {
  const given = told([0, -1, -2, -3]);
  const [red] = await unitMetrics(standInContext(), TEST, "colour", [record("colour", RED)], given);
  near(red.kurtosis, 2.5625 / 1.5625 - 3); // 0 -1 -2 -3: deviations 1.5 .5: (5.0625 + .0625) / 2 over 1.25^2
  assert.equal(red.sparsity, null); // never above 0
  const both = told([0, -1, -2, -3], [0, 0, 3, 3]);
  const [own] = await unitMetrics(standInContext(), TEST, "colour", [record("colour", RED)], both);
  assert.equal(own.kurtosis, red.kurtosis);
  near(own.sparsity, 1 / 2);
  near(own.class_selectivity, 1);
});

Deno.test("layerActivations() are what unitMetrics() measures by itself", async () => {
  const context = standInContext();
  const colour = await layerActivations(context, "colour", IMAGES);
  assert.deepEqual([colour.units, colour.responses, colour.activations.rows], [[0, 1, 2, 3], null, 4]);
  const map = await layerActivations(context, "map", IMAGES);
  assert.deepEqual([map.units, map.responses?.rows], [[0], 4]);
  const records = [record("colour", RED), record("colour", BRIGHT_RED)];
  assert.deepEqual(
    await unitMetrics(context, TEST, "colour", records, colour),
    await unitMetrics(context, TEST, "colour", records),
  );
  await assert.rejects(() => layerActivations(context, "fc1", IMAGES), /colours has no layer fc1/);
});

Deno.test("unitMetrics() of images without labels has no metrics of classes", async () => {
  const records = [record("colour", RED)];
  const [labelled] = await unitMetrics(standInContext(), TEST, "colour", records);
  const unlabelled = { ...TEST, images: { ...IMAGES, labels: null } };
  assert.deepEqual(await unitMetrics(standInContext(), unlabelled, "colour", records), [
    { ...labelled, class_entropy: null, class_selectivity: null },
  ]);
});

Deno.test("unitMetrics() clusters real images by their perceptual distances too, where the profile does", async () => {
  const clustersAt = async (lpipsWeight: number) => {
    const profile = { ...QUICK, cluster: { ...QUICK.cluster, beta: 3, lpipsWeight } };
    const context = standInContext({ profile, lpips: toldLpips(() => 2) });
    return (await unitMetrics(context, TEST, "colour", [record("colour", RED)]))[0].dataset_clusters;
  };
  // A sum of squares is that over pairs over the number of images. Two pairs at orthogonal ends: 2 + 3 for one cluster
  // against 0 + 6 for two; with 2 * 2 more between any two images, 2 + 6 * 4 / 4 + 3 against 2 * 4 / 2 + 6
  assert.equal(await clustersAt(0), 1);
  assert.equal(await clustersAt(2), 2);
});

Deno.test("unitMetrics() refuses what does not belong together", async () => {
  const refusedWith = (
    pattern: RegExp,
    embeddings: Matrix,
    layer: string,
    unit: ReturnType<typeof record>,
    activations: LayerActivations | null = null,
  ) =>
    assert.rejects(() => unitMetrics(standInContext(), { images: IMAGES, embeddings }, layer, [unit], activations), {
      name: "RangeError",
      message: pattern,
    });
  await refusedWith(/colours has no layer fc1/, TEST.embeddings, "fc1", record("fc1", 0));
  await refusedWith(/unit map:0 is not of layer colour/, TEST.embeddings, "colour", record("map", 0));
  await refusedWith(/unit colour:4 is not of layer colour/, TEST.embeddings, "colour", record("colour", 4));
  await refusedWith(/1 embeddings of 4 test images/, matrix([1, 0]), "colour", record("colour", 0));
  await refusedWith(/1 activations of 4 images/, TEST.embeddings, "colour", record("colour", 0), told([1]));
  const other = told([1, 2, 3, 4]);
  await refusedWith(/no activations of unit colour:3/, TEST.embeddings, "colour", record("colour", 3), other);
});

function row(layer: string, unit: number, metrics: Partial<UnitMetrics>): UnitMetrics {
  const none = Object.fromEntries(METRICS.map(({ key }) => [key, null])) as Record<keyof UnitMetrics, null>;
  return { ...none, layer, unit, ...metrics } as UnitMetrics;
}

Deno.test("correlateMetrics() correlates every pair over the units that have both", () => {
  const S = [0.1, 0.2, 0.3, 0.4, 0.5, null];
  const angle = [0.2, 0.1, 0.4, 0.5, 0.3, 0.9];
  const rows = S.map((value, i) =>
    row("fc1", i, { S: value, mean_angle: angle[i], kurtosis: -i, K: 1, sparsity: null })
  );
  const pairs = correlateMetrics(rows, createRandom(0));
  assert.equal(pairs.length, METRICS.length * (METRICS.length - 1) / 2);
  const pair = (a: string, b: string) => pairs.find((each) => each.a === a && each.b === b)!;
  const { rho, units, low, high } = pair("S", "mean_angle");
  near(rho, 0.6); // 1 - 6 (1 + 1 + 1 + 1 + 4) / (5 * 24)
  assert.equal(units, 5);
  assert.ok(low! < 0.6 && high! > 0.6 && low! >= -1 && high! <= 1);
  assert.deepEqual(pair("S", "kurtosis"), { a: "S", b: "kurtosis", units: 5, rho: -1, low: -1, high: -1 });
  assert.equal(pair("mean_angle", "kurtosis").units, 6);
  assert.deepEqual(pair("S", "K"), { a: "S", b: "K", units: 5, rho: null, low: null, high: null }); // K is constant
  assert.equal(pair("S", "sparsity").units, 0);
  assert.deepEqual(correlateMetrics(rows, createRandom(0)), pairs);
});

Deno.test("correlateMetrics() draws units again within their layer", () => {
  // each layer a single unit: every resample is the units themselves
  const rows = [1, 2, 4, 3].map((S, i) => row(`layer${i}`, 0, { S, mean_angle: i }));
  const [{ rho, low, high }] = correlateMetrics(rows, createRandom(0)).filter(({ b }) => b === "mean_angle");
  near(rho, 0.8);
  assert.equal(low, rho);
  assert.equal(high, rho);
});

Deno.test("correlateMetrics() refuses fewer than three units", () => {
  assert.throws(() => correlateMetrics([row("fc1", 0, {}), row("fc1", 1, {})], createRandom(0)), RangeError);
});

Deno.test("METRICS names each metric once, and which way several features should move it", () => {
  assert.equal(new Set(METRICS.map(({ key }) => key)).size, METRICS.length);
  for (const { label, about, reference, sign } of METRICS) {
    assert.ok(label !== "" && about !== "" && reference !== "" && Math.abs(sign) === 1);
  }
});
