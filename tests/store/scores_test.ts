import assert from "node:assert/strict";
import { join } from "node:path";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { InputError } from "../../lib/errors.ts";
import {
  exportRun,
  FRESH_COLUMNS,
  mergeRuns,
  openRun,
  readRun,
  SCORE_COLUMNS,
  scoreRow,
  writeScores,
} from "../../lib/store/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { deadRecord, exampleChunk, jobRecords, MANIFEST, record, withDataset } from "./example_run.ts";
import { oldManifest, writeOldRun } from "./old_run.ts";

function makeRun(folder: string, jobs: number[], changes: Partial<RunManifest> = {}, seconds = 1): string {
  using run = openRun(folder, { ...MANIFEST, ...changes });
  for (const job of jobs) run.commitJob(job, jobRecords(job), seconds);
  if (run.pendingChunks().length > 0) run.commitChunk(exampleChunk(), seconds);
  return folder;
}

// Written by hand from example_run.ts. conv1:0 has activations 1.5, 2.5, 3.5 (mean 2.5) and a dataset maximum of 2, which
// 2 of 3 exceed; conv1:1 is dead; fc1:5 has the dataset maximum .3 in 32 bits, 10066330 / 2^25 = 0.300000011920928955....
const SCORES_CSV = [
  "layer,unit,I,K,C,D,S,I_paper,K_paper,C_paper,D_paper,S_paper,activation_mean,activation_min,dataset_max," +
  "exceeds_dataset,stop_reason,flags,mean_angle,exceeds_share,S_low,S_high,K1_share,K2_share,K3_share",
  "conv1,0,3,2,0.5,0.5,0.75,2,1,0,0,0,2.5,1.5,2,false,elbow,dataset_higher,0.3333333333333333,0.6666666666666666,0.625,0.8125,0.125,0.75,0.125",
  "conv1,1,,,,,,,,,,,,,2,,dead,dead,,,,,,,",
  "conv1,2,3,2,0.5,0.5,0.75,2,1,0,0,0,4,3,2,true,elbow,,0.3333333333333333,1,0.625,0.8125,0.125,0.75,0.125",
  "fc1,5,3,2,0.5,0.5,0.75,2,1,0,0,0,2.5,1.5,0.30000001192092896,true,maximum,,0.3333333333333333,1,0.625,0.8125,0.125,0.75,0.125",
  "",
].join("\n");

Deno.test("scores.csv has the columns of the contract, shortest numbers and empty fields for what is not known", () =>
  inFolder((folder) => {
    using run = readRun(makeRun(folder, [0, 1, 2]));
    const path = writeScores(run);
    assert.equal(path, join(folder, "scores.csv"));
    assert.equal(Deno.readTextFileSync(path), SCORES_CSV);
  }));

Deno.test("docs/commands.md names the columns of scores.csv and of fresh_images.csv in their order", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/commands.md", import.meta.url));
  assert.ok(text.includes(`\`${SCORE_COLUMNS.map(({ name }) => name).join(",")}\``));
  const own = FRESH_COLUMNS.filter((name) => !name.startsWith("fresh_"));
  const fresh = FRESH_COLUMNS.filter((name) => name.startsWith("fresh_"));
  assert.deepEqual([...own, ...fresh], FRESH_COLUMNS);
  for (const columns of [own, fresh]) assert.ok(text.includes(`\`${columns.join(",")}\``), columns.join(","));
});

Deno.test("scores.csv does not depend on the order of commits or the time they took", () =>
  inFolder((folder) => {
    for (const [name, order] of [["a", [2, 0, 1]], ["b", [1, 2, 0]]] as const) {
      using run = readRun(makeRun(join(folder, name), [...order], {}, order[0]));
      assert.equal(Deno.readTextFileSync(writeScores(run)), SCORES_CSV);
    }
  }));

Deno.test("rows follow the plan's order of layers, then the unit", () =>
  inFolder((folder) => {
    const jobs = [{ layer: "fc1", units: [9] }, { layer: "conv1", units: [3] }, { layer: "fc1", units: [2, 10] }];
    using run = openRun(folder, { ...MANIFEST, jobs });
    for (const [job, { layer, units }] of jobs.entries()) {
      run.commitJob(job, units.map((unit) => record(layer, unit)), 1);
    }
    assert.deepEqual(run.units().map(({ layer, unit }) => `${layer}:${unit}`), ["fc1:2", "fc1:9", "fc1:10", "conv1:3"]);
  }));

Deno.test("scoreRow() counts the first I images alone, and nothing of the dataset without one", () =>
  inFolder((folder) => {
    using run = openRun(folder, { ...MANIFEST, dataset: null });
    const score = { ...record("conv1", 2).score!, I: 2, assignments: [0, 1] };
    assert.deepEqual(run.pendingChunks(), []);
    run.commitJob(1, [record("conv1", 2, { score, activations: [4, 2, 0] })], 1);
    const row = scoreRow(run.units()[0]);
    assert.equal(row.activation_mean, 3);
    assert.equal(row.activation_min, 2);
    assert.equal(row.dataset_max, null);
    assert.equal(row.exceeds_dataset, null);
    assert.equal(row.exceeds_share, null);
  }));

Deno.test("an activation equal to the dataset's maximum does not exceed it", () =>
  inFolder((folder) => {
    using run = openRun(folder, MANIFEST);
    run.commitJob(1, [record("conv1", 2, { activations: [2, 3, 4] })], 1);
    run.commitChunk(exampleChunk(), 1);
    const row = scoreRow(run.units()[0]);
    assert.equal(row.exceeds_dataset, false);
    assert.equal(row.exceeds_share, 2 / 3);
    assert.equal(row.flags, "dataset_higher");
  }));

Deno.test("exportRun() to CSV is scores.csv, with quotes where a name needs them", () =>
  inFolder((folder) => {
    using run = readRun(makeRun(join(folder, "a"), [0, 1, 2]));
    assert.equal(new TextDecoder().decode(exportRun(run, "csv")), SCORES_CSV);
    using odd = openRun(join(folder, "b"), { ...MANIFEST, jobs: [{ layer: 'a,"b"', units: [0] }] });
    odd.commitJob(0, [deadRecord('a,"b"', 0)], 1);
    assert.match(new TextDecoder().decode(exportRun(odd, "csv")), /\n"a,""b""",0,/);
  }));

Deno.test("exportRun() to Parquet has the columns of scores.csv, typed, and reads back the same", () =>
  inFolder(async (folder) => {
    using run = readRun(makeRun(folder, [0, 1, 2]));
    const bytes = exportRun(run, "parquet");
    const file = bytes.slice().buffer;
    const rows = await parquetReadObjects({ file });
    assert.deepEqual(rows.map((row) => ({ ...row })), run.units().map(scoreRow));
    const [, ...columns] = parquetMetadata(file).schema;
    assert.deepEqual(columns.map(({ name }) => name), SCORE_COLUMNS.map(({ name }) => name));
    const types = Object.fromEntries(columns.map(({ name, type, converted_type }) => [name, converted_type ?? type]));
    assert.equal(types.layer, "UTF8");
    assert.equal(types.unit, "INT32");
    assert.equal(types.S, "DOUBLE");
    assert.equal(types.exceeds_dataset, "BOOLEAN");
    assert.ok(
      columns.filter(({ name }) => name !== "layer" && name !== "unit").every((c) => c.repetition_type === "OPTIONAL"),
    );
  }));

Deno.test("exportRun() of a run without a committed unit has columns and no rows", () =>
  inFolder(async (folder) => {
    using run = readRun(makeRun(folder, []));
    const file = exportRun(run, "parquet").slice().buffer;
    assert.deepEqual(await parquetReadObjects({ file }), []);
    assert.equal(parquetMetadata(file).schema.length, 1 + SCORE_COLUMNS.length);
    assert.equal(new TextDecoder().decode(exportRun(run, "csv")), SCORES_CSV.split("\n")[0] + "\n");
  }));

Deno.test("exportRun() to JSON has manifest, columns and clusterings", () =>
  inFolder((folder) => {
    using run = readRun(makeRun(folder, [0, 1, 2]));
    const { manifest, units } = JSON.parse(new TextDecoder().decode(exportRun(run, "json")));
    assert.deepEqual(manifest, MANIFEST);
    assert.equal(units.length, 4);
    const [alive, dead] = units;
    assert.deepEqual(Object.keys(alive).slice(0, SCORE_COLUMNS.length), SCORE_COLUMNS.map(({ name }) => name));
    assert.equal(alive.S, 0.75);
    assert.deepEqual(alive.activations, [1.5, 2.5, 3.5]);
    assert.deepEqual(alive.profile.assignments, [0, 0, 1]);
    assert.deepEqual(alive.profile.candidates[1], { k: 2, criterion: null, bic: null, inertia: 0 });
    assert.deepEqual(alive.flags, ["dataset_higher"]);
    assert.deepEqual(dead.flags, ["dead"]);
    assert.equal(dead.profile, null);
  }));

const half = (index: number): Partial<RunManifest> => ({ shard: { index, count: 2 } });

Deno.test("mergeRuns() of two shards gives the scores of one run", () =>
  inFolder((folder) => {
    const even = makeRun(join(folder, "even"), [2, 0], half(0), 3);
    const odd = makeRun(join(folder, "odd"), [1], half(1), 4);
    const into = join(folder, "into");
    assert.deepEqual(mergeRuns([odd, even], into), { planned: 3, completed: 3, added: 3, missing: [] });
    using merged = readRun(into);
    assert.equal(Deno.readTextFileSync(writeScores(merged)), SCORES_CSV);
    assert.deepEqual(merged.manifest, MANIFEST);
    assert.deepEqual(merged.unit("conv1", 0), withDataset(record("conv1", 0)));
    assert.deepEqual(merged.pendingChunks(), []);
    assert.equal(merged.jobSeconds(1), 4);
  }));

Deno.test("mergeRuns() tells which jobs are in no source, adds them later, and repeats without harm", () =>
  inFolder((folder) => {
    const even = makeRun(join(folder, "even"), [0], half(0));
    const odd = makeRun(join(folder, "odd"), [], half(1));
    const into = join(folder, "into");
    assert.deepEqual(mergeRuns([even, odd], into).missing, [1, 2]);
    makeRun(odd, [1], half(1));
    assert.deepEqual(mergeRuns([even, odd], into), { planned: 3, completed: 2, added: 1, missing: [2] });
    assert.deepEqual(mergeRuns([even, odd], into).added, 0);
  }));

Deno.test("mergeRuns() refuses runs of an older schema and says how to convert them", () =>
  inFolder((folder) => {
    for (const schema of [1, 2, 3] as const) {
      const old = join(folder, `old${schema}`);
      const units = jobRecords(0).map(withDataset);
      writeOldRun(old, { ...MANIFEST, ...half(0) }, schema, new Map([[0, { units, seconds: 1 }]]));
      using reader = readRun(old);
      assert.deepEqual(reader.manifest, oldManifest({ ...MANIFEST, ...half(0) }, schema));
      assert.throws(() => mergeRuns([old], join(folder, "into")), (error: Error) => {
        assert.ok(error instanceof InputError);
        assert.match(
          error.message,
          new RegExp(
            `made by an older polysem \\(schema ${schema}, this one writes 4\\); convert it with .*polysem migrate `,
          ),
        );
        return true;
      });
      assert.throws(() => Deno.statSync(join(folder, "into")), Deno.errors.NotFound);
    }
  }));

Deno.test("mergeRuns() refuses runs that differ in more than their shard and writes nothing", () =>
  inFolder((folder) => {
    const even = makeRun(join(folder, "even"), [0], half(0));
    const odd = makeRun(join(folder, "odd"), [1], { ...half(1), seed: 7 });
    const into = join(folder, "into");
    assert.throws(() => mergeRuns([even, odd], into), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /differ in more than their shard: seed 0 there, 7 here;/);
      return true;
    });
    assert.throws(() => Deno.statSync(into), Deno.errors.NotFound);
  }));

Deno.test("mergeRuns() takes equal duplicates and refuses unequal ones, naming the unit", () =>
  inFolder((folder) => {
    const a = makeRun(join(folder, "a"), [0, 1]);
    const b = makeRun(join(folder, "b"), [1, 2], {}, 9);
    assert.equal(mergeRuns([a, b], join(folder, "into")).completed, 3);
    const c = join(folder, "c");
    {
      using run = openRun(c, MANIFEST);
      run.commitJob(1, [record("conv1", 2, { activations: [3, 4, 5.0000001] })], 1);
    }
    const refusal = /unit conv1:2 differs between/;
    assert.throws(() => mergeRuns([a, c], join(folder, "new")), refusal);
    assert.throws(() => Deno.statSync(join(folder, "new")), Deno.errors.NotFound);
    assert.throws(() => mergeRuns([c], join(folder, "into")), refusal, "the target's own job counts too");
  }));

Deno.test("mergeRuns() refuses no sources, a missing one, and a target that is a source", () =>
  inFolder((folder) => {
    const a = makeRun(join(folder, "a"), [0]);
    assert.throws(() => mergeRuns([], join(folder, "into")), InputError);
    assert.throws(() => mergeRuns([a, join(folder, "none")], join(folder, "into")), /there is no run in/);
    assert.throws(() => mergeRuns([a], join(folder, ".", "a")), /both a source and the target/);
  }));
