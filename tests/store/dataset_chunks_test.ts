/** The dataset's part of a run: chunks in any order, in shards and merged, cut off and shared. */
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../../lib/errors.ts";
import {
  type ChunkRange,
  datasetChunks,
  mergeRuns,
  openRun,
  plannedUnits,
  readRun,
  shareDataset,
} from "../../lib/store/mod.ts";
import { bestImages } from "../../lib/store/dataset_chunks.ts";
import type { DatasetChunk, DatasetImage, RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, MANIFEST, record } from "./example_run.ts";

/** Three chunks: of 2500 images, of 2500, and of one. */
const LARGE: RunManifest = { ...MANIFEST, dataset: { ...MANIFEST.dataset!, images: 5001 } };
const RANGES = [{ from: 0, to: 2500 }, { from: 2500, to: 5000 }, { from: 5000, to: 5001 }];
const shardOf = (index: number, manifest = LARGE): RunManifest => ({ ...manifest, shard: { index, count: 2 } });

/**
 * What image i does to a unit, by a rule that gives the same to many images: eighths, which 32 bits hold. The most is 124.875,
 * of every image whose 7 i + unit is 999 over whole thousands.
 */
const doesTo = (image: number, unit: number) => ((7 * image + unit) % 1000) / 8;

function chunkOf({ from, to }: ChunkRange): DatasetChunk {
  const matrix = (units: readonly number[], factor: number) => ({
    rows: to - from,
    cols: units.length,
    data: Float32Array.from({ length: (to - from) * units.length }, (_, at) => {
      const image = from + Math.floor(at / units.length);
      return factor * doesTo(image, units[at % units.length]);
    }),
  });
  return {
    from,
    to,
    layers: [
      { layer: "conv1", activations: matrix([0, 1, 2], 1), responses: matrix([0, 1, 2], 2) },
      { layer: "fc1", activations: matrix([5], 1), responses: null },
    ],
  };
}

/** The nine best of all images, by sorting them. */
function bestBySorting(unit: number): DatasetImage[] {
  return Array.from({ length: 5001 }, (_, index) => ({ index, activation: doesTo(index, unit) }))
    .sort((a, b) => b.activation - a.activation || a.index - b.index)
    .slice(0, 9);
}

Deno.test("datasetChunks() are 2500 images each, and what is left", () => {
  const of = (images: number | undefined) => datasetChunks({ dataset: { name: "x", sha256: "", images } });
  assert.deepEqual(of(5001), RANGES);
  assert.deepEqual(of(2500), [{ from: 0, to: 2500 }]);
  assert.deepEqual(of(1), [{ from: 0, to: 1 }]);
  assert.deepEqual(of(0), []);
  assert.deepEqual(of(undefined), [], "as an older run states it");
  assert.deepEqual(datasetChunks({ dataset: null }), []);
  assert.equal(of(10_000).length, 4);
});

Deno.test("plannedUnits() are those of each layer, ascending and each once, layers as the plan has them", () => {
  const jobs = [
    { layer: "fc1", units: [9, 2] },
    { layer: "conv1", units: [3] },
    { layer: "fc1", units: [10, 2, 0] },
  ];
  assert.deepEqual(plannedUnits(jobs), [{ layer: "fc1", units: [0, 2, 9, 10] }, { layer: "conv1", units: [3] }]);
});

Deno.test("bestImages() are at most nine, ties by index, and none that overflowed", () => {
  const of = (...column: number[]) =>
    bestImages({ rows: column.length, cols: 2, data: Float32Array.from(column.flatMap((x) => [0, x])) }, 1);
  const indices = (...column: number[]) => of(...column).map(({ index }) => index);
  assert.deepEqual(of(-1, -3, -2), [{ index: 0, activation: -1 }, { index: 2, activation: -2 }, {
    index: 1,
    activation: -3,
  }]);
  assert.deepEqual(indices(.1, .9, .3, .9, .2, .8, .7, .6, .5, .4, .35, .3), [1, 3, 5, 6, 7, 8, 9, 10, 2]);
  assert.deepEqual(indices(...Array(12).fill(4)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(indices(NaN, 1, Infinity, 3, -Infinity, 2, NaN), [3, 5, 1]);
  assert.deepEqual(indices(NaN, Infinity), []);
  assert.deepEqual(indices(), []);
});

for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]]) {
  Deno.test(`chunks committed in the order ${order} give every planned unit its best images of all`, () =>
    inFolder((folder) => {
      using run = openRun(folder, LARGE);
      for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1);
      for (const [i, chunk] of order.entries()) {
        assert.deepEqual(run.pendingChunks(), RANGES.filter((_, each) => !order.slice(0, i).includes(each)));
        assert.equal(run.datasetActivations("conv1"), null, "not all is there");
        assert.equal(run.unit("conv1", 0)!.datasetMax, null);
        run.commitChunk(chunkOf(RANGES[chunk]), i);
      }
      assert.deepEqual(run.pendingChunks(), []);
      for (const [layer, unit] of [["conv1", 0], ["conv1", 1], ["conv1", 2], ["fc1", 5]] as const) {
        const { datasetBest, datasetMax } = run.unit(layer, unit)!;
        assert.deepEqual(datasetBest, bestBySorting(unit));
        assert.equal(datasetMax, 999 / 8);
      }
      const { units, activations, responses } = run.datasetActivations("conv1")!;
      assert.deepEqual([units, activations.rows, activations.cols], [[0, 1, 2], 5001, 3]);
      for (const image of [0, 2499, 2500, 4999, 5000]) {
        const expected = units.map((unit) => doesTo(image, unit));
        assert.deepEqual([...activations.data.slice(3 * image, 3 * image + 3)], expected);
        assert.deepEqual([...responses!.data.slice(3 * image, 3 * image + 3)], expected.map((each) => 2 * each));
      }
      assert.equal(run.datasetActivations("fc1")!.responses, null);
    }));
}

Deno.test("two shards that did chunks of their own give, merged, what one run gives", () =>
  inFolder((folder) => {
    const [even, odd, whole] = ["even", "odd", "whole"].map((name) => join(folder, name));
    {
      using run = openRun(whole, LARGE);
      for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1);
      for (const range of RANGES) run.commitChunk(chunkOf(range), 1);
    }
    {
      using run = openRun(even, shardOf(0));
      for (const job of [0, 2]) run.commitJob(job, jobRecords(job), 1);
      run.commitChunk(chunkOf(RANGES[2]), 3);
    }
    const into = join(folder, "into");
    mergeRuns([even], into);
    {
      using merged = readRun(into);
      assert.deepEqual(merged.pendingChunks(), RANGES.slice(0, 2));
      assert.equal(merged.unit("conv1", 0)!.datasetMax, null);
    }
    {
      using run = openRun(odd, shardOf(1));
      run.commitJob(1, jobRecords(1), 1);
      for (const chunk of [1, 0, 2]) run.commitChunk(chunkOf(RANGES[chunk]), 4); // 2 is in both
    }
    // a source whose dataset is complete, beside a target and a source whose is not
    assert.deepEqual(mergeRuns([odd, even], into), { planned: 3, completed: 3, added: 1, missing: [] });
    assert.deepEqual(mergeRuns([even, odd], into).added, 0);
    using merged = readRun(into);
    using reference = readRun(whole);
    assert.deepEqual(merged.pendingChunks(), []);
    assert.deepEqual(merged.units(), reference.units());
    for (const { layer, unit } of reference.units()) {
      assert.deepEqual(merged.unit(layer, unit), reference.unit(layer, unit));
      assert.deepEqual(merged.unit(layer, unit)!.datasetBest, bestBySorting(unit));
    }
    assert.deepEqual(merged.summary().layers.map(({ exceeding }) => exceeding), [0, 0]);
    assert.deepEqual([2, 4].includes(merged.chunkSeconds(RANGES[0])!), true);
  }));

Deno.test("mergeRuns() refuses a chunk that differs between runs", () =>
  inFolder((folder) => {
    const [a, b] = ["a", "b"].map((name) => join(folder, name));
    {
      using run = openRun(a, shardOf(0));
      run.commitChunk(chunkOf(RANGES[1]), 1);
    }
    {
      using run = openRun(b, shardOf(1));
      const chunk = chunkOf(RANGES[1]);
      chunk.layers[1].activations.data[7] += 1;
      run.commitChunk(chunk, 1);
    }
    assert.throws(() => mergeRuns([a, b], join(folder, "into")), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /images 2500 to 5000 do to the units differs between/);
      return true;
    });
  }));

Deno.test("an image that excites a unit exactly as the dataset's best does not exceed it", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    run.commitChunk(exampleChunk(), 1); // the best of conv1 is 2
    const next = 2 + 2 ** -51;
    // the third image counts where I is 3 and not where it is 2, neither against the unit nor for it
    const first2 = { score: { ...record("conv1", 0).score!, I: 2, assignments: [0, 1] } };
    run.commitJob(0, [
      record("conv1", 0, { activations: [3, 2, 4] }),
      record("conv1", 1, { activations: [3, next, 2], ...first2 }),
    ], 1);
    run.commitJob(1, [record("conv1", 2, { activations: [3, 2, 4], ...first2 })], 1);
    assert.deepEqual(run.units().map(({ flags }) => flags), [["dataset_higher"], [], ["dataset_higher"]]);
    assert.deepEqual([0, 1, 2].map((unit) => run.unit("conv1", unit)!.flags.length), [1, 0, 1]);
    assert.equal(run.summary().layers[0].exceeding, 1);
  }));

Deno.test("a run killed between chunks resumes with the rest", () =>
  inFolder((folder) => {
    const [going, killed] = [join(folder, "going"), join(folder, "killed")];
    using run = openRun(going, LARGE);
    run.commitChunk(chunkOf(RANGES[1]), 1);
    Deno.mkdirSync(killed);
    // what is on the disk while the run is open: so a kill leaves it
    for (const { name } of Deno.readDirSync(going)) copyFileSync(join(going, name), join(killed, name));
    using resumed = openRun(killed, LARGE);
    assert.deepEqual(resumed.completedChunks(), [RANGES[1]]);
    assert.deepEqual(resumed.pendingChunks(), [RANGES[0], RANGES[2]]);
    assert.throws(() => resumed.commitChunk(chunkOf(RANGES[1]), 1), {
      name: "RangeError",
      message: /2500 on are already/,
    });
    for (const range of resumed.pendingChunks()) resumed.commitChunk(chunkOf(range), 1);
    resumed.commitJob(2, jobRecords(2), 1);
    assert.deepEqual(resumed.unit("fc1", 5)!.datasetBest, bestBySorting(5));
  }));

Deno.test("commitChunk() refuses a chunk that does not fit, and commits nothing of it", () =>
  inFolder((folder) => {
    using run = openRun(folder, LARGE);
    const chunk = chunkOf(RANGES[1]);
    const [conv1, fc1] = chunk.layers;
    const refused = (changes: Partial<DatasetChunk>, pattern: RegExp) =>
      assert.throws(() => run.commitChunk({ ...chunk, ...changes }, 1), { name: "RangeError", message: pattern });
    refused({ from: 1 }, /images 1 to 5000 are no chunk/);
    refused({ to: 4999 }, /images 2500 to 4999 are no chunk/);
    refused({ from: 5001, to: 7501 }, /no chunk/);
    refused({ layers: [conv1] }, /a chunk of the layers conv1 is not of this plan/);
    refused({ layers: [fc1, conv1] }, /a chunk of the layers fc1, conv1 is not of this plan/);
    refused({ layers: [conv1, { ...fc1, layer: "fc2" }] }, /a chunk of the layers conv1, fc2 is not of this plan/);
    refused(
      { layers: [conv1, { ...fc1, activations: conv1.activations }] },
      /fc1 has activations of 2500 x 3, not of 2500 .* 1/,
    );
    const cut = { ...fc1.activations, data: fc1.activations.data.slice(1) };
    refused({ layers: [conv1, { ...fc1, activations: cut }] }, /fc1 has activations of 2500 x 1/);
    const fewer = { ...fc1.activations, rows: 2499, data: fc1.activations.data.slice(1) };
    refused({ layers: [conv1, { ...fc1, activations: fewer }] }, /fc1 has activations of 2499 x 1, not of 2500/);
    refused({ layers: [{ ...conv1, responses: fewer }, fc1] }, /conv1 has activations of 2499 x 1/);
    assert.deepEqual(run.completedChunks(), []);
    run.commitChunk(chunk, 1);
    using without = openRun(join(folder, "without"), { ...LARGE, dataset: null });
    assert.throws(() => without.commitChunk(chunk, 1), /no chunk/);
  }));

Deno.test("responses of a part of the chunks alone are refused", () =>
  inFolder((folder) => {
    {
      using run = openRun(folder, LARGE);
      for (const range of RANGES) run.commitChunk(chunkOf(range), 1);
    }
    const db = new DatabaseSync(join(folder, "run.sqlite"));
    db.exec("DELETE FROM dataset_activations WHERE kind = 'response' AND first = 2500");
    db.close();
    using run = readRun(folder);
    assert.throws(() => run.datasetActivations("conv1"), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /responses of conv1 to the dataset are missing/);
      return true;
    });
  }));

Deno.test("shareDataset() takes over what other shards of the plan have, and leaves the rest to the run", () =>
  inFolder((folder) => {
    {
      using other = openRun(join(folder, "shard0"), shardOf(0));
      for (const chunk of [0, 2]) other.commitChunk(chunkOf(RANGES[chunk]), 1.5);
    }
    using run = openRun(join(folder, "shard1"), shardOf(1));
    assert.equal(shareDataset(run), 2);
    assert.deepEqual(run.pendingChunks(), [RANGES[1]]);
    assert.deepEqual(run.chunk(RANGES[0]), chunkOf(RANGES[0]));
    assert.equal(run.chunkSeconds(RANGES[2]), 1.5);
    assert.equal(shareDataset(run), 0, "it has them by now");
    {
      using third = openRun(join(folder, "third"), shardOf(0));
      third.commitChunk(chunkOf(RANGES[1]), 1);
    }
    assert.equal(shareDataset(run), 1);
    run.commitJob(1, jobRecords(1), 1);
    assert.deepEqual(run.unit("conv1", 2)!.datasetBest, bestBySorting(2));
    assert.equal(shareDataset(run), 0);
  }));

Deno.test("shareDataset() does nothing for a run of another plan, dataset or model, nor with one that cannot be read", () =>
  inFolder((folder) => {
    const others: Partial<RunManifest>[] = [
      { jobs: MANIFEST.jobs.slice(0, 2) },
      { modelSha256: "e".repeat(64) },
      { dataset: { ...LARGE.dataset!, sha256: "e".repeat(64) } },
      { dataset: { ...LARGE.dataset!, images: 5002 } },
      { profile: {} },
    ];
    for (const [i, changes] of others.entries()) {
      const manifest = { ...shardOf(0), ...changes };
      using other = openRun(join(folder, `other${i}`), manifest);
      const chunk = chunkOf(RANGES[0]);
      other.commitChunk(manifest.jobs.length === 2 ? { ...chunk, layers: chunk.layers.slice(0, 1) } : chunk, 1);
    }
    Deno.mkdirSync(join(folder, "damaged"));
    Deno.writeTextFileSync(
      join(folder, "damaged", "run.sqlite"),
      "no database, whatever its name may say ".repeat(100),
    );
    Deno.writeTextFileSync(join(folder, "a file"), "beside the runs");
    {
      using cut = openRun(join(folder, "cut"), shardOf(0));
      for (const chunk of [0, 1]) cut.commitChunk(chunkOf(RANGES[chunk]), 1);
    }
    const db = new DatabaseSync(join(folder, "cut", "run.sqlite"));
    db.exec("UPDATE dataset_activations SET entries = substr(entries, 1, 99) WHERE first = 0");
    db.close();
    using run = openRun(join(folder, "run"), shardOf(1));
    assert.equal(shareDataset(run), 0);
    assert.deepEqual(run.pendingChunks(), RANGES);
    using without = openRun(join(folder, "without"), { ...shardOf(1), dataset: null });
    assert.equal(shareDataset(without), 0);
  }));
