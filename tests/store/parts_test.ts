/** What the parts of a run took: kept job by job, added up, and unknown to runs of earlier versions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mergeRuns, openRun, readRun, takeOverJobs } from "../../lib/store/mod.ts";
import { inFolder } from "../in_folder.ts";
import { exampleChunk, jobRecords, makeRun, MANIFEST } from "./example_run.ts";

const NOTHING = {
  start: 0,
  dataset: 0,
  ascent: 0,
  lpips: 0,
  attributions: 0,
  embedding: 0,
  clustering: 0,
  interval: 0,
  other: 0,
  report: 0,
};

const shardOf = (index: number) => ({ ...MANIFEST, shard: { index, count: 2 } });

Deno.test("a run adds up what its parts took, over jobs and over all times that it was open", () =>
  inFolder((folder) => {
    {
      using run = openRun(folder, MANIFEST);
      assert.deepEqual(run.partSeconds(), NOTHING);
      run.addSeconds("start", 0.5);
      run.commitJob(0, jobRecords(0), 8, { parts: { ascent: 4, lpips: 2, embedding: 1 } });
      assert.deepEqual(run.jobParts(0), { ascent: 4, lpips: 2, embedding: 1 });
      assert.deepEqual(run.jobParts(1), {});
    }
    {
      using run = openRun(folder, MANIFEST);
      run.addSeconds("start", 0.25);
      run.commitChunk(exampleChunk(), 16);
      run.commitJob(1, jobRecords(1), 2, { parts: { ascent: 0.5, clustering: 0.25, interval: 0.125 } });
      run.commitJob(2, jobRecords(2), 4); // whose parts were not measured
      run.addSeconds("report", 32);
    }
    using run = readRun(folder);
    assert.deepEqual(run.partSeconds(), {
      ...NOTHING,
      start: 0.75,
      dataset: 16,
      ascent: 4.5,
      lpips: 2,
      embedding: 1,
      clustering: 0.25,
      interval: 0.125,
      other: (8 - 7) + (2 - 0.875) + 4,
      report: 32,
    });
  }));

Deno.test("a run of an earlier version, which has no tables of parts, is read as it is and goes on", () =>
  inFolder((folder) => {
    makeRun(folder, [0]); // a second and a half
    const db = new DatabaseSync(join(folder, "run.sqlite"));
    db.exec("DROP TABLE job_parts; DROP TABLE run_parts");
    db.close();
    {
      using run = readRun(folder);
      assert.deepEqual(run.partSeconds(), { ...NOTHING, other: 1.5 });
      assert.deepEqual([run.jobParts(0), run.runParts()], [{}, []]);
    }
    const into = join(folder, "into");
    assert.equal(mergeRuns([folder], into).added, 1);
    using run = openRun(folder, MANIFEST);
    run.addSeconds("start", 1);
    run.commitJob(1, jobRecords(1), 2, { parts: { ascent: 2 } });
    assert.deepEqual(run.partSeconds(), { ...NOTHING, start: 1, ascent: 2, other: 1.5 });
  }));

Deno.test("a job that fails half way leaves no seconds", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    const seconds = { ascent: 1, lpips: NaN }; // which SQLite takes for NULL
    assert.throws(() => run.commitJob(0, jobRecords(0), 1, { parts: seconds }), /constraint/i);
    assert.deepEqual(run.partSeconds(), NOTHING);
  }));

Deno.test("mergeRuns() brings along what jobs and shards took, once, however often it is called", () =>
  inFolder((folder) => {
    const [even, odd] = [join(folder, "even"), join(folder, "odd")];
    {
      using run = openRun(even, shardOf(0));
      run.addSeconds("start", 1);
      for (const job of [0, 2]) run.commitJob(job, jobRecords(job), 4, { parts: { ascent: 3 } });
    }
    {
      using run = openRun(odd, shardOf(1));
      run.addSeconds("start", 2);
      run.commitJob(1, jobRecords(1), 8, { parts: { ascent: 5, lpips: 2 } });
    }
    const into = join(folder, "into");
    const expected = { ...NOTHING, start: 1 + 2, ascent: 3 + 3 + 5, lpips: 2, other: 1 + 1 + 1 };
    for (const sources of [[even, odd], [odd, even]]) {
      mergeRuns(sources, into);
      using merged = readRun(into);
      assert.deepEqual(merged.partSeconds(), expected);
    }
    {
      using run = openRun(odd, shardOf(1));
      run.addSeconds("start", 4); // it was called once more
    }
    mergeRuns([even, odd], into);
    using merged = readRun(into);
    assert.deepEqual(merged.partSeconds(), { ...expected, start: 1 + 6 });
  }));

Deno.test("takeOverJobs() brings along what jobs took, and nothing else", () =>
  inFolder((folder) => {
    const usual = join(folder, "usual");
    {
      using run = openRun(usual, MANIFEST);
      run.addSeconds("report", 9);
      for (const job of [0, 1]) run.commitJob(job, jobRecords(job), 4, { parts: { embedding: job + 1 } });
    }
    using run = openRun(join(folder, "part"), { ...MANIFEST, jobs: [MANIFEST.jobs[1]] });
    assert.equal(takeOverJobs(usual, run), 1);
    assert.deepEqual(run.partSeconds(), { ...NOTHING, embedding: 2, other: 2 });
  }));
