import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { passDataset } from "../../lib/jobs/mod.ts";
import type { PipelineContext } from "../../lib/pipeline/mod.ts";
import { openRun, readRun } from "../../lib/store/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { measureUnits } from "../../lib/validate/metrics/measure_run.ts";
import { madeUpDataset, sourceOf } from "../data/made_up_dataset.ts";
import { BRIGHT_RED, colourNetwork, DEAD, randomImages, RED, standInContext } from "../pipeline/stand_ins.ts";
import { deadRecord, MANIFEST, record } from "../store/example_run.ts";

await useBackend();

const IMAGES = 12;
const dataset = madeUpDataset(sourceOf(randomImages(4, "train")), sourceOf(randomImages(IMAGES, "test")));
const context = standInContext({ dataset });
const JOBS: RunManifest["jobs"] = [{ layer: "colour", units: [RED, DEAD, BRIGHT_RED] }, { layer: "map", units: [0] }];

/** A run of four units of the stand-in network; with what the dataset does to them, where `pass` says so. */
async function makeRun(directory: string, pass: boolean): Promise<string> {
  const { name, sha256 } = dataset;
  using run = openRun(directory, { ...MANIFEST, jobs: JOBS, dataset: { name, sha256, images: IMAGES } });
  const range = { from: 0, to: IMAGES };
  if (pass) run.commitChunk(await passDataset(context, JOBS, range), 1);
  run.commitJob(0, [record("colour", RED), deadRecord("colour", DEAD), record("colour", BRIGHT_RED)], 1);
  run.commitJob(1, [record("map", 0)], 1);
  return directory;
}

/** A context whose network must not be asked for a layer by itself; what its answers are made of, it may. */
const unasked: PipelineContext = {
  ...context,
  network: {
    ...colourNetwork(),
    activations: (images, layers) => {
      if (layers.length === 1) throw new Error("the run has these activations");
      return colourNetwork().activations(images, layers);
    },
  },
};

Deno.test("measureUnits() takes what the run stores of its dataset, and computes the same where it stores nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using stored = readRun(await makeRun(`${folder}/stored`, true));
    using without = readRun(await makeRun(`${folder}/without`, false));
    const measured = await measureUnits(stored, unasked);
    assert.equal(measured.images, IMAGES);
    assert.deepEqual(measured.units.map(({ layer, unit }) => `${layer}:${unit}`), [
      "colour:0",
      "colour:2",
      "colour:3",
      "map:0",
    ]);
    assert.ok(measured.units[0].kurtosis !== null && measured.units[3].sparsity !== null);
    assert.deepEqual(await measureUnits(without, context), measured);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("measureUnits() of some images alone is of those, whatever the run stores", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using run = readRun(await makeRun(`${folder}/run`, true));
    const [some, all] = [await measureUnits(run, context, { images: 8 }), await measureUnits(run, context)];
    assert.deepEqual([some.images, all.images], [8, IMAGES]);
    assert.notEqual(some.units[0].kurtosis, all.units[0].kurtosis);
    await assert.rejects(() => measureUnits(run, unasked, { images: 8 }), /the run has these activations/);
    const seen: string[] = [];
    await measureUnits(run, context, { images: 100 }, {
      onEmbedded: (done, images) => seen.push(`${done}/${images}`),
      onMeasured: (done, units, layer) => seen.push(`${layer} ${done}/${units}`),
    });
    assert.deepEqual(seen, ["12/12", "colour 3/4", "map 4/4"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
