import assert from "node:assert/strict";
import { join } from "node:path";
import { mergeRuns, openRun, otherKernels, readRun, shareDataset, takeOverJobs } from "../../lib/store/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, MANIFEST, record } from "./example_run.ts";

const AVX2 = "AVX2, oneDNN off";
const AVX512 = "AVX512_CORE_VNNI, oneDNN on";

const by = (...kernels: string[]): RunManifest => ({ ...MANIFEST, kernels });
const shard = (index: number, manifest: RunManifest): RunManifest => ({ ...manifest, shard: { index, count: 2 } });

/** The dataset's activations of the example, the last bits of the one of image 7 changed. */
function nearlyExampleChunk() {
  const chunk = exampleChunk();
  chunk.layers[0].activations.data[7 * 3] = Math.fround(2.0000002);
  return chunk;
}

function kernelsOf(directory: string): RunManifest["kernels"] {
  using run = readRun(directory);
  return run.manifest.kernels;
}

function make(directory: string, manifest: RunManifest, jobs: readonly number[], chunk = exampleChunk()): string {
  using run = openRun(directory, manifest);
  for (const job of jobs) run.commitJob(job, jobRecords(job), 1);
  if (run.pendingChunks().length > 0) run.commitChunk(chunk, 1);
  return directory;
}

Deno.test("otherKernels() are those that a run does not name, none where either is not known", () => {
  assert.deepEqual(otherKernels([AVX2], [AVX2]), []);
  assert.deepEqual(otherKernels([AVX2], [AVX512]), [AVX512]);
  assert.deepEqual(otherKernels([AVX2, AVX512], [AVX512]), []);
  assert.deepEqual(otherKernels([AVX2], [AVX512, AVX2]), [AVX512]);
  assert.deepEqual(otherKernels(undefined, [AVX2]), []);
  assert.deepEqual(otherKernels([AVX2], undefined), []);
});

Deno.test("a run that other kernels go on with names both from the first commit on, each once", () =>
  inFolder((folder) => {
    make(folder, by(AVX2), [0]);
    assert.deepEqual(kernelsOf(folder), [AVX2]);
    openRun(folder, by(AVX512)).close();
    assert.deepEqual(kernelsOf(folder), [AVX2], "nothing has been computed yet");
    {
      using run = openRun(folder, by(AVX512));
      assert.throws(() => run.commitJob(1, [record("conv1", 2, { activations: [1, NaN, 2] })], 1), RangeError);
      assert.deepEqual(run.manifest.kernels, [AVX2]);
      run.commitJob(1, jobRecords(1), 1);
      assert.deepEqual(run.manifest.kernels, [AVX2, AVX512]);
    }
    make(folder, by(AVX2), [2]);
    assert.deepEqual(kernelsOf(folder), [AVX2, AVX512]);
  }));

Deno.test("a chunk of the dataset counts as well", () =>
  inFolder((folder) => {
    {
      using run = openRun(folder, by(AVX2));
      run.commitJob(0, jobRecords(0), 1);
    }
    make(folder, by(AVX512), []);
    assert.deepEqual(kernelsOf(folder), [AVX2, AVX512]);
  }));

Deno.test("a run whose kernels are not known is resumed, and stays silent about them", () =>
  inFolder((folder) => {
    make(folder, MANIFEST, [0]);
    make(folder, by(AVX2), [1]);
    using run = readRun(folder);
    assert.deepEqual(run.completedJobs(), [0, 1]);
    assert.deepEqual(run.manifest, MANIFEST);
  }));

Deno.test("mergeRuns() joins shards of different kernels and names them; of a chunk in both the first stays", () =>
  inFolder((folder) => {
    const even = make(join(folder, "even"), shard(0, by(AVX2)), [0, 2]);
    const odd = make(join(folder, "odd"), shard(1, by(AVX512)), [1], nearlyExampleChunk());
    const into = join(folder, "into");
    const kernels = [AVX2, AVX512];
    assert.deepEqual(mergeRuns([even, odd], into), { planned: 3, completed: 3, added: 3, missing: [], kernels });
    using merged = readRun(into);
    assert.deepEqual(merged.manifest, by(...kernels));
    assert.equal(merged.unit("conv1", 0)!.datasetMax, 2);
    assert.equal(mergeRuns([odd, even], into).added, 0, "the target has its dataset from the other source");
  }));

Deno.test("mergeRuns() says nothing of kernels where those of a source are not known, or all are the same", () =>
  inFolder((folder) => {
    const even = make(join(folder, "even"), shard(0, by(AVX2)), [0, 2]);
    const old = make(join(folder, "old"), shard(1, MANIFEST), [1]);
    assert.deepEqual(mergeRuns([even, old], join(folder, "a")), { planned: 3, completed: 3, added: 3, missing: [] });
    assert.equal(kernelsOf(join(folder, "a")), undefined);
    const odd = make(join(folder, "odd"), shard(1, by(AVX2)), [1]);
    assert.deepEqual(mergeRuns([even, odd], join(folder, "b")), { planned: 3, completed: 3, added: 3, missing: [] });
    assert.deepEqual(kernelsOf(join(folder, "b")), [AVX2]);
  }));

Deno.test("mergeRuns() refuses two results for a unit, and names the kernels where they explain it", () =>
  inFolder((folder) => {
    const a = make(join(folder, "a"), by(AVX2), [0, 1]);
    const b = join(folder, "b");
    {
      using run = openRun(b, by(AVX512));
      run.commitJob(1, [record("conv1", 2, { activations: [3, 4, 5.0000001] })], 1);
    }
    assert.throws(
      () => mergeRuns([a, b], join(folder, "into")),
      /unit conv1:2 differs .* other kernels .*\(AVX2, oneDNN off there, AVX512_CORE_VNNI, oneDNN on here\); leave out/,
    );
  }));

Deno.test("takeOverJobs() brings the kernels of the jobs along", () =>
  inFolder((folder) => {
    const usual = make(join(folder, "usual"), by(AVX2), [0, 1, 2]);
    using run = openRun(join(folder, "part"), { ...by(AVX512), jobs: [MANIFEST.jobs[1]] });
    assert.equal(takeOverJobs(usual, run), 1);
    assert.deepEqual(run.manifest.kernels, [AVX512, AVX2]);
  }));

Deno.test("shareDataset() takes nothing that other kernels computed", () =>
  inFolder((folder) => {
    make(join(folder, "even"), shard(0, by(AVX2)), []);
    using other = openRun(join(folder, "odd"), shard(1, by(AVX512)));
    assert.equal(shareDataset(other), 0);
    using same = openRun(join(folder, "more"), shard(1, by(AVX2)));
    assert.equal(shareDataset(same), 1);
  }));
