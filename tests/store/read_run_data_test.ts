import assert from "node:assert/strict";
import { join } from "node:path";
import { runningMeanDistances } from "../../lib/elbow/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { openRun, readRunData } from "../../lib/store/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { plainPixels, sourceOf } from "../data/made_up_dataset.ts";
import { exampleChunk, jobRecords, MANIFEST, record, withDataset, withoutDataset } from "./example_run.ts";
import { asStored, oldManifest, writeOldRun } from "./old_run.ts";

const IMAGES = sourceOf(plainPixels(12, { height: 2, width: 3 }, (i) => i));
const none = () => Promise.resolve(null);

Deno.test("readRunData() is the run as plain data: manifest, layers, units, and the dataset's images", () =>
  inFolder(async (folder) => {
    const directory = join(folder, "mine");
    {
      using run = openRun(directory, MANIFEST);
      run.commitChunk(exampleChunk(), 7);
      run.commitJob(0, jobRecords(0), 2);
      run.commitJob(1, jobRecords(1), 3);
    }
    const asked: RunManifest[] = [];
    using data = await readRunData(directory, (manifest) => {
      asked.push(manifest);
      return Promise.resolve(IMAGES);
    });
    assert.deepEqual([data.name, data.directory], ["mine", directory]);
    assert.deepEqual(data.manifest, MANIFEST);
    assert.deepEqual(asked, [MANIFEST]);
    assert.deepEqual(data.layers, [{ name: "conv1", planned: 3, seconds: 5 }, { name: "fc1", planned: 1, seconds: 0 }]);
    assert.deepEqual(data.units.map(({ layer, unit }) => `${layer}:${unit}`), ["conv1:0", "conv1:1", "conv1:2"]);
    assert.deepEqual(data.units.map(({ datasetMax }) => datasetMax), [2, 2, 2]);
    assert.deepEqual(await data.dataset!.images([7]), await IMAGES.images([7]));
    const unit = data.unit("conv1", 0);
    // .1, then (.1 + .2 + .3) / 3: the mean distance of two images and of three
    assert.deepEqual(unit, {
      ...withDataset(record("conv1", 0)),
      meanDistances: runningMeanDistances([0.1, 0.2, 0.3]),
    });
    assert.ok(Math.abs(unit.meanDistances[0] - 0.1) < 1e-15 && Math.abs(unit.meanDistances[1] - 0.2) < 1e-15);
    assert.throws(() => data.unit("fc1", 5), { name: "RangeError", message: /unit fc1:5 is not in run/ });
  }));

Deno.test("readRunData() of a shard has the layers of its own jobs, and reads runs of older schemas", () =>
  inFolder(async (folder) => {
    const shard = { ...MANIFEST, shard: { index: 1, count: 2 } };
    for (const schema of [1, 2, 3] as const) {
      const directory = join(folder, String(schema));
      const units = jobRecords(1).map(withDataset);
      writeOldRun(directory, shard, schema, new Map([[1, { units, seconds: 4 }]]));
      using data = await readRunData(directory, none);
      assert.deepEqual(data.manifest, oldManifest(shard, schema));
      assert.deepEqual(data.layers, [{ name: "conv1", planned: 1, seconds: 4 }]);
      assert.equal(data.dataset, null, "not on this machine");
      const { meanDistances: _, ...unit } = data.unit("conv1", 2);
      assert.deepEqual(unit, asStored(units[0], schema));
    }
  }));

Deno.test("readRunData() asks for no images of a run without a dataset, and knows none while its chunks are missing", () =>
  inFolder(async (folder) => {
    const [without, pending] = [join(folder, "without"), join(folder, "pending")];
    for (const [directory, manifest] of [[without, { ...MANIFEST, dataset: null }], [pending, MANIFEST]] as const) {
      using run = openRun(directory, manifest);
      run.commitJob(1, jobRecords(1), 1);
    }
    using data = await readRunData(without, () => assert.fail());
    assert.equal(data.dataset, null);
    using other = await readRunData(pending, none);
    const { meanDistances: _, ...unit } = other.unit("conv1", 2);
    assert.deepEqual(unit, withoutDataset(jobRecords(1)[0]));
    assert.equal(other.units[0].datasetMax, null);
  }));

Deno.test("readRunData() refuses a run of which nothing is committed, and one that is not there", () =>
  inFolder(async (folder) => {
    const directory = join(folder, "empty");
    {
      using run = openRun(directory, MANIFEST);
      run.commitChunk(exampleChunk(), 1);
    }
    const refused = (path: string, pattern: RegExp) =>
      assert.rejects(
        readRunData(path, none),
        (error: Error) => error instanceof InputError && pattern.test(error.message),
      );
    await refused(directory, /has none of its 4 units yet/);
    await refused(join(folder, "none"), /there is no run in/);
  }));
