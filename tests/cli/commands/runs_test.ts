import assert from "node:assert/strict";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { readRun, writeScores } from "../../../lib/store/mod.ts";
import { assertColumns, assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { makeRun } from "../../store/example_run.ts";
import { polysem } from "../run_main.ts";

Deno.test("polysem export writes CSV into the run's folder, or any format where --out says", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0, 1, 2]);
    const csv = await polysem("export", run);
    assert.equal(csv.code, 0, csv.err);
    assert.equal(csv.out, `4 units written to ${join(run, "scores.csv")}\n`);
    assert.match(Deno.readTextFileSync(join(run, "scores.csv")), /^layer,unit,I,K.*\nconv1,0,3,2,/);
    assertColumns("scores.csv", Deno.readTextFileSync(join(run, "scores.csv")));

    const out = join(folder, "scores.parquet");
    const parquet = await polysem("export", run, "--format", "parquet", "--out", out, "--json");
    assert.deepEqual(JSON.parse(parquet.out), { file: out, format: "parquet", units: 4 });
    assertDocumented("export", JSON.parse(parquet.out));
    const rows = await parquetReadObjects({ file: Deno.readFileSync(out).slice().buffer });
    assert.deepEqual(rows.map(({ layer, unit }) => `${layer}:${unit}`), ["conv1:0", "conv1:1", "conv1:2", "fc1:5"]);

    const nowhere = await polysem("export", run, "--out", join(folder, "none", "scores.csv"));
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.err, /^error: .*scores\.csv cannot be written: [^\n]*\n$/);
  }));

Deno.test("polysem merge joins shards, writes scores.csv and tells what is missing", () =>
  inFolder(async (folder) => {
    const even = makeRun(join(folder, "even"), [0, 2], { shard: { index: 0, count: 2 } });
    const odd = makeRun(join(folder, "odd"), [], { shard: { index: 1, count: 2 } });
    const into = join(folder, "into");
    const part = await polysem("merge", even, odd, "--into", into, "--json");
    assert.equal(part.code, 0, part.err);
    assertDocumented("merge", JSON.parse(part.out), ["kernels"]);
    assert.deepEqual(JSON.parse(part.out), {
      directory: into,
      scores: join(into, "scores.csv"),
      planned: 3,
      completed: 2,
      added: 2,
      missing: [1],
    });
    assert.match(part.err, /^note: 1 of 3 jobs are in none of the runs \(1\); /);

    makeRun(odd, [1], { shard: { index: 1, count: 2 } });
    const rest = await polysem("merge", even, odd, "--into", into);
    assert.equal(rest.out, `3 of 3 jobs in ${into} (1 added); scores in ${join(into, "scores.csv")}\n`);
    assert.equal(rest.err, "");
    using whole = readRun(makeRun(join(folder, "whole"), [0, 1, 2]));
    assert.deepEqual(Deno.readFileSync(join(into, "scores.csv")), Deno.readFileSync(writeScores(whole)));
  }));

Deno.test("polysem merge notes that different kernels computed the shards", () =>
  inFolder(async (folder) => {
    const [even, odd, into] = ["even", "odd", "into"].map((name) => join(folder, name));
    makeRun(even, [0, 2], { shard: { index: 0, count: 2 }, kernels: ["AVX2, oneDNN off"] });
    makeRun(odd, [1], { shard: { index: 1, count: 2 }, kernels: ["AVX, oneDNN off"] });
    const { code, out, err } = await polysem("merge", even, odd, "--into", into, "--json");
    assert.equal(code, 0, err);
    assertDocumented("merge", JSON.parse(out));
    assert.deepEqual(JSON.parse(out).kernels, ["AVX2, oneDNN off", "AVX, oneDNN off"]);
    assert.match(err, /^note: different kernels computed the run \(AVX2, oneDNN off; AVX, oneDNN off\): [^\n]*\n$/);
  }));

Deno.test("polysem merge refuses a missing run and itself", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0]);
    assert.equal((await polysem("merge", join(folder, "none"), "--into", join(folder, "into"))).code, 2);
    const itself = await polysem("merge", run, "--into", run);
    assert.equal(itself.code, 2);
    assert.match(itself.err, /both a source and the target/);
  }));
