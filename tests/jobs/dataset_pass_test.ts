/** The dataset's part of a run, from images whose activations are known by hand to a run's best images. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { indexRange, type PixelSet } from "../../lib/data/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { bestOfDataset, type Job, passDataset, scoreAll } from "../../lib/jobs/mod.ts";
import type { Network } from "../../lib/networks/mod.ts";
import { loadContext, type PipelineContext, type Profile } from "../../lib/pipeline/mod.ts";
import { mergeRuns, openRun, readRun, type Run } from "../../lib/store/mod.ts";
import type { DatasetChunk, DatasetImage, LayerInfo, RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import {
  madeUpDataset,
  plainPixels,
  randomPixels,
  sharedRef,
  sourceOf,
  unlabelledSource,
} from "../data/made_up_dataset.ts";
import { QUICK, randomImages, standInContext } from "../pipeline/stand_ins.ts";
import { MANIFEST } from "../store/example_run.ts";

await useBackend();

const SIZE = { height: 2, width: 3 };

/**
 * A network of 2 x 3 px. `point`: the means of red, of green and of blue. `grid`: red less one half and green less one half at
 * each pixel. `tokens`: red less one half, a token a pixel. It counts the passes.
 */
function toyNetwork(): Network & { passes: number } {
  const network = {
    name: "toy",
    input: SIZE,
    layers: [
      { name: "point", positions: "none", units: 3 },
      { name: "grid", positions: "grid", units: 2 },
      { name: "tokens", positions: "tokens", units: 1 },
    ] satisfies LayerInfo[],
    passes: 0,
    activations: (images: tf.Tensor4D, layers: readonly string[]) => {
      network.passes++;
      return tf.tidy(() =>
        layers.map((layer): tf.Tensor => {
          if (layer === "point") return images.mean([1, 2]);
          const grid = images.sub(0.5).slice([0, 0, 0, 0], [-1, -1, -1, layer === "grid" ? 2 : 1]);
          return layer === "grid" ? grid : grid.reshape([-1, 6, 1]);
        })
      );
    },
    dispose: () => {},
  } satisfies Network & { passes: number };
  return network;
}

/** Images whose first `reds(i)` of six pixels are red and all others black. */
function redPixels(count: number, reds: (image: number) => number): PixelSet {
  const images = plainPixels(count, SIZE, () => 0);
  for (let i = 0; i < count; i++) for (let k = 0; k < reds(i); k++) images.pixels[18 * i + 3 * k] = 255;
  return images;
}

/** Out of order, and a layer in two jobs. */
const JOBS: readonly Job[] = [
  { layer: "grid", units: [1] },
  { layer: "point", units: [2, 0] },
  { layer: "grid", units: [0] },
  { layer: "tokens", units: [0] },
];

function contextOf(test: PixelSet, activation: Profile["visualize"]["activation"], network = toyNetwork()) {
  const profile = { ...QUICK, visualize: { ...QUICK.visualize, activation } };
  const dataset = madeUpDataset(sourceOf(randomPixels(1, SIZE)), unlabelledSource(test));
  return standInContext({ network, dataset, profile });
}

const MEAN = { reduce: "mean", postRelu: false } as const;

/** A chunk's matrices as rows, rounded to a millionth: sums of six numbers of 32 bits. */
function rowsOf({ layers }: DatasetChunk) {
  const rows = (matrix: { rows: number; cols: number; data: ArrayLike<number> } | null) =>
    matrix &&
    Array.from({ length: matrix.rows }, (_, i) =>
      Array.from({ length: matrix.cols }, (_, j) =>
        Math.round(1e6 * matrix.data[i * matrix.cols + j]) / 1e6 + 0));
  return Object.fromEntries(
    layers.map(({ layer, activations, responses }) => [layer, [rows(activations), rows(responses)]]),
  );
}

Deno.test("passDataset() reads every planned unit, and after the nonlinearity those of many positions", async () => {
  const context = contextOf(redPixels(3, (i) => [0, 3, 6][i]), MEAN);
  const chunk = await passDataset(context, JOBS, { from: 0, to: 3 });
  assert.deepEqual([chunk.from, chunk.to], [0, 3]);
  assert.deepEqual(chunk.layers.map(({ layer }) => layer), ["grid", "point", "tokens"], "as the plan has them");
  // k of six pixels at 1/2 and the others at -1/2: (2k - 6) / 12 before the ReLU, k / 12 after it; green is at -1/2
  assert.deepEqual(rowsOf(chunk), {
    grid: [[[-0.5, -0.5], [0, -0.5], [0.5, -0.5]], [[0, 0], [0.25, 0], [0.5, 0]]],
    point: [[[0, 0], [0.5, 0], [1, 0]], null],
    tokens: [[[-0.5], [0], [0.5]], [[0], [0.25], [0.5]]],
  });
});

Deno.test("passDataset() reads activations as the profile maximizes them", async () => {
  const test = redPixels(3, (i) => [0, 1, 6][i]);
  const read = async (activation: Profile["visualize"]["activation"]) =>
    rowsOf(await passDataset(contextOf(test, activation), JOBS, { from: 0, to: 3 }));
  const maximum = await read({ reduce: "maximum", postRelu: false });
  assert.deepEqual(maximum.tokens, [[[-0.5], [0.5], [0.5]], [[0], [0.5], [0.5]]]);
  assert.deepEqual(maximum.grid, [[[-0.5, -0.5], [0.5, -0.5], [0.5, -0.5]], [[0, 0], [0.5, 0], [0.5, 0]]]);
  assert.deepEqual(maximum.point, [[[0, 0], [0.166667, 0], [1, 0]], null]);
  const after = await read({ reduce: "mean", postRelu: true });
  assert.deepEqual(after.tokens, [[[0], [0.083333], [0.5]], [[0], [0.083333], [0.5]]]);
});

Deno.test("passDataset() of a stretch is that stretch of all, in one pass of the network for all layers", async () => {
  const before = tf.memory().numTensors;
  const network = toyNetwork();
  const context = contextOf(redPixels(1203, (i) => i % 7), MEAN, network);
  const shares: number[] = [];
  const all = await passDataset(context, JOBS, { from: 0, to: 1203 }, (share) => shares.push(share));
  assert.equal(network.passes, 3 + 3, "three to measure what an image needs, then 500 images a pass");
  assert.deepEqual(shares, [500 / 1203, 1000 / 1203, 1]);
  const part = await passDataset(context, JOBS, { from: 497, to: 1001 });
  for (const [i, { layer, activations, responses }] of all.layers.entries()) {
    const { cols } = activations;
    const rows = { rows: 504, cols, data: activations.data.slice(497 * cols, 1001 * cols) };
    assert.deepEqual(part.layers[i].activations, rows, layer);
    assert.deepEqual(part.layers[i].responses?.data, responses?.data.slice(497 * cols, 1001 * cols));
  }
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("passDataset() needs a dataset", async () => {
  await assert.rejects(
    passDataset(standInContext(), [{ layer: "colour", units: [0] }], { from: 0, to: 1 }),
    RangeError,
  );
});

Deno.test("passDataset() of LeNet-5 is the mean of a channel's map, before and after the ReLU, and the neuron", async () => {
  const test = randomImages(7, "test");
  const context = await loadContext({
    subject: { model: { kind: "shipped", name: "lenet5-cifar10" }, dataset: sharedRef(randomImages(3, "train"), test) },
    instruments: { profile: QUICK },
    seed: 0,
  });
  try {
    const jobs = [{ layer: "conv2", units: [3, 15] }, { layer: "fc3", units: [9] }];
    const chunk = await passDataset(context, jobs, { from: 0, to: 7 });
    const [conv2, fc3] = chunk.layers;
    const { data: pixels } = await sourceOf(test).images([4]);
    const [map, scores] = tf.tidy(() =>
      context.network.activations(tf.tensor4d(pixels, [1, 32, 32, 3]), ["conv2", "fc3"]).map((each) => each.dataSync())
    );
    for (const [place, unit] of [3, 15].entries()) {
      const own = Array.from(map).filter((_, i) => i % 16 === unit);
      assert.equal(own.length, 100);
      const mean = own.reduce((sum, value) => sum + value / 100, 0);
      const response = own.reduce((sum, value) => sum + Math.max(0, value) / 100, 0);
      assert.ok(Math.abs(conv2.activations.data[4 * 2 + place] - mean) < 1e-4);
      assert.ok(Math.abs(conv2.responses!.data[4 * 2 + place] - response) < 1e-4);
      assert.ok(response > mean + 1e-3, "or the two could not be told apart");
    }
    assert.ok(Math.abs(fc3.activations.data[4] - scores[9]) < 1e-4);
    assert.equal(fc3.responses, null);
  } finally {
    context.dispose();
  }
});

Deno.test("bestOfDataset() is what the whole dataset does to one unit of a layer", async () => {
  const context = contextOf(redPixels(14, (i) => i % 7), MEAN); // 0 to 6 red pixels, twice
  const { datasetMax, datasetBest } = await bestOfDataset(context, { layer: "grid", unit: 0 });
  assert.equal(datasetMax, 0.5);
  assert.deepEqual(datasetBest.map(({ index }) => index), [6, 13, 5, 12, 4, 11, 3, 10, 2]);
  assert.ok(Math.abs(datasetBest[8].activation - (2 * 2 - 6) / 12) < 1e-6);
  const green = await bestOfDataset(context, { layer: "grid", unit: 1 });
  assert.deepEqual(green.datasetBest.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(await bestOfDataset(standInContext(), { layer: "colour", unit: 0 }), {
    datasetMax: null,
    datasetBest: [],
  });
});

Deno.test("bestOfDataset() of a unit that overflows on every image is none", async () => {
  const network = toyNetwork();
  const overflowing = {
    ...network,
    activations: (images: tf.Tensor4D, layers: readonly string[]) =>
      tf.tidy(() => network.activations(images, layers).map((each) => each.mul(0).add(1e30).mul(1e30))),
  };
  const context = { ...contextOf(redPixels(3, () => 1), MEAN), network: overflowing };
  assert.deepEqual(await bestOfDataset(context, { layer: "point", unit: 0 }), { datasetMax: null, datasetBest: [] });
});

/** 5001 images, which are three chunks: every second one is half red, the others are black, and one is red all over. */
const TEST_IMAGES = 5001;
const reds = (image: number) => image === 4999 ? 6 : 3 * (image % 2);
const TEST = redPixels(TEST_IMAGES, reds);

/** Nine best images by sorting all. */
function bestBySorting(activationOf: (reds: number) => number): DatasetImage[] {
  return indexRange(0, TEST_IMAGES)
    .map((index) => ({ index, activation: activationOf(reds(index)) }))
    .sort((a, b) => b.activation - a.activation || a.index - b.index)
    .slice(0, 9);
}

const PLAN: readonly Job[] = [
  { layer: "point", units: [0, 1] },
  { layer: "grid", units: [0] },
  { layer: "tokens", units: [0] },
];

function manifestOf(context: PipelineContext, shard: RunManifest["shard"]): RunManifest {
  const { name, sha256, test } = context.dataset!;
  return { ...MANIFEST, jobs: PLAN, shard, dataset: { name, sha256, images: test.count } };
}

/** What a run says of the dataset, unit by unit. */
function datasetPart(directory: string) {
  using run = readRun(directory);
  return run.units().map(({ layer, unit, datasetMax, flags }) => ({
    name: `${layer}:${unit}`,
    datasetMax,
    flags,
    best: run.unit(layer, unit)!.datasetBest,
  }));
}

Deno.test("a run's best images of the dataset are the same by one process and by two shards that are merged", () =>
  inFolder(async (folder) => {
    const context = contextOf(TEST, MEAN);
    const whole = join(folder, "whole");
    const shares: number[] = [];
    {
      using run = openRun(whole, manifestOf(context, { index: 0, count: 1 }));
      await scoreAll(context, PLAN, run, { onDataset: (share) => shares.push(share) });
      assert.deepEqual([run.pendingJobs(), run.pendingChunks()], [[], []]);
    }
    assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0)) && shares.at(-1) === 1, `${shares}`);

    // mean of red, of green; red less one half, on a grid and at tokens
    const expected = {
      "point:0": bestBySorting((k) => k / 6),
      "point:1": bestBySorting(() => 0),
      "grid:0": bestBySorting((k) => (2 * k - 6) / 12),
      "tokens:0": bestBySorting((k) => (2 * k - 6) / 12),
    };
    const part = datasetPart(whole);
    assert.deepEqual(part.map(({ name }) => name), Object.keys(expected));
    for (const { name, best, datasetMax } of part) {
      const hand = expected[name as keyof typeof expected];
      assert.deepEqual(best.map(({ index }) => index), hand.map(({ index }) => index), name);
      best.forEach(({ activation }, i) => assert.ok(Math.abs(activation - hand[i].activation) < 1e-6));
      assert.equal(datasetMax, best[0].activation);
    }
    // ascent from noise reaches about one half of red and of green: more than the dataset has of green alone
    assert.deepEqual(part.map(({ flags }) => flags.includes("dataset_higher")), [true, false, true, true]);

    const shards = [0, 1].map((index) => join(folder, `shard${index}`));
    for (const [index, directory] of shards.entries()) {
      using run = openRun(directory, manifestOf(context, { index, count: 2 }));
      // one shard does the first chunk before it is cut off, the other the two others, the last one first
      const ranges = index === 0 ? run.pendingChunks().slice(0, 1) : run.pendingChunks().slice(1).toReversed();
      for (const range of ranges) run.commitChunk(await passDataset(context, PLAN, range), 1);
      await scoreAll(context, PLAN, onlyJobs(run));
    }
    const into = join(folder, "into");
    assert.deepEqual(mergeRuns(shards.toReversed(), into).missing, []);
    assert.deepEqual(datasetPart(into), part);
  }));

/** A run's jobs without its part of the dataset. */
const onlyJobs = (run: Run) => ({
  pendingJobs: () => run.pendingJobs(),
  commitJob: run.commitJob.bind(run),
  pendingChunks: () => [],
  commitChunk: () => assert.fail(),
});

Deno.test("a run cut off between chunks resumes with the rest, and looks at no image twice", () =>
  inFolder(async (folder) => {
    const context = contextOf(TEST, MEAN);
    const { test } = context.dataset!;
    const seen: number[] = [];
    const watched = {
      ...context,
      dataset: {
        ...context.dataset!,
        test: {
          ...test,
          images: (indices: ArrayLike<number>) => {
            seen.push(...Array.from(indices));
            return test.images(indices);
          },
        },
      },
    };
    const manifest = manifestOf(context, { index: 0, count: 1 });
    const directory = join(folder, "run");
    {
      using run = openRun(directory, manifest);
      let commits = 0;
      const cut = {
        pendingJobs: () => run.pendingJobs(),
        commitJob: () => assert.fail("the dataset comes first"),
        pendingChunks: () => run.pendingChunks(),
        commitChunk: (...parameters: Parameters<Run["commitChunk"]>) => {
          if (++commits === 2) throw new Error("killed");
          run.commitChunk(...parameters);
        },
      };
      await assert.rejects(scoreAll(watched, PLAN, cut), /killed/);
      assert.deepEqual(run.completedChunks(), [{ from: 0, to: 2500 }]);
    }
    seen.length = 0;
    {
      using run = openRun(directory, manifest);
      await scoreAll(watched, PLAN, run);
      assert.deepEqual([run.pendingJobs(), run.pendingChunks()], [[], []]);
    }
    assert.deepEqual(seen, indexRange(2500, 5001));
    const { best } = datasetPart(directory)[2];
    assert.deepEqual(best.map(({ index }) => index), bestBySorting((k) => k).map(({ index }) => index));
  }));
