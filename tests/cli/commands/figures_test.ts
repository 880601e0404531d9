import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { readRunData } from "../../../lib/store/read_run_data.ts";
import { assertColumns, assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { makeRun } from "../../store/example_run.ts";
import { polysem } from "../run_main.ts";

const noImages = () => Promise.resolve(null);

Deno.test("polysem figures writes every figure as SVG, PNG and CSV, also of a run in progress", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0, 2]);
    const done = await polysem("figures", run, "--no-data", "--quiet", "--json");
    assert.equal(done.code, 0, done.err);
    assert.match(done.err, /run run is partial: the figures show 3 of 4 units\n/);
    const { files, units, planned } = JSON.parse(done.out);
    assert.deepEqual([units, planned, files.length], [3, 4, 24]);
    assertDocumented("figures", JSON.parse(done.out));
    for (const file of files.filter((file: string) => file.endsWith(".csv"))) {
      const absent = ["S_compared", "fresh_sets", "fresh_K1_share", "fresh_K2_share", "fresh_K3_share"];
      assertColumns(basename(file), Deno.readTextFileSync(file), absent);
    }
    for (const file of files) assert.ok(Deno.statSync(file).size > 0, file);
    const head = (ending: string) =>
      new TextDecoder("latin1").decode(Deno.readFileSync(join(run, "figures", `1_pipeline.${ending}`)).subarray(0, 8));
    assert.deepEqual([head("svg"), head("png")], ["<svg rol", "\x89PNG\r\n\x1a\n".replace("\x89", "‰")]);
    assert.match(Deno.readTextFileSync(join(run, "figures", "6_score_by_layer.svg")), /Partial run: 3 of 4 units/);
  }));

Deno.test("polysem figures refuses a run that is not there, a wrong unit and a folder that cannot be made", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0, 1, 2]);
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    for (
      const [args, message] of [
        [[join(folder, "none")], /there is no run in .*none/],
        [[run, "--unit", "conv9:1"], /"conv9:1" is not a unit of run run; give one of its 4, from conv1:0 to fc1:5/],
        [[run, "--out", join(file, "x")], /cannot be made: .*choose another folder with --out/],
        [[run, "--compare", join(folder, "none")], /there is no run in .*none/],
      ] as const
    ) {
      const { code, err } = await polysem("figures", ...args, "--no-data", "--quiet");
      assert.equal(code, 2);
      assert.match(err, message);
      assert.match(err, /^error: [^\n]*\n$/);
    }
  }));

Deno.test("readRunData() refuses a run that has nothing yet, saying how much there is to come", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), []);
    await assert.rejects(readRunData(run, noImages), /has none of its 4 units yet.*let score-all commit some first/);
  }));

Deno.test("readRunData() counts what is planned in the shard, and reads units whole with their mean distances", () =>
  inFolder(async (folder) => {
    using run = await readRunData(makeRun(join(folder, "a-run"), [0, 2], { shard: { index: 0, count: 2 } }), noImages);
    assert.equal(run.name, "a-run");
    assert.deepEqual(run.layers, [{ name: "conv1", planned: 2, seconds: 1.5 }, {
      name: "fc1",
      planned: 1,
      seconds: 1.5,
    }]);
    assert.deepEqual(run.units.map(({ layer, unit }) => `${layer}:${unit}`), ["conv1:0", "conv1:1", "fc1:5"]);
    const means = run.unit("conv1", 0).meanDistances;
    // distances 0.1 | 0.2, 0.3: their means are 0.1 and 0.6 / 3
    assert.equal(means.length, 2);
    assert.ok(Math.abs(means[0] - 0.1) < 1e-12 && Math.abs(means[1] - 0.2) < 1e-12);
    assert.deepEqual(run.unit("conv1", 1).meanDistances, []);
    assert.throws(() => run.unit("conv1", 2), RangeError);
    assert.equal(run.dataset, null);
  }));
