import assert from "node:assert/strict";
import { join } from "node:path";
import { registerProbe } from "../../../lib/cli/commands/probe.ts";
import { useBackend } from "../../../lib/engine/mod.ts";
import { readPng } from "../../../lib/images/png.ts";
import { sha256OfFile } from "../../../lib/weights/load_weights.ts";
import { CALIBRATED } from "../../../lib/pipeline/mod.ts";
import { openRun } from "../../../lib/store/mod.ts";
import type { RunManifest } from "../../../lib/types.ts";
import { assertColumns, assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { deadRecord, MANIFEST, record } from "../../store/example_run.ts";
import { refused, weightsOf } from "../refused.ts";
import { withToy } from "../toy_command.ts";

const OURS: RunManifest = {
  ...MANIFEST,
  profile: { ...CALIBRATED },
  modelSha256: await sha256OfFile(weightsOf("lenet5-cifar10")),
  jobs: [{ layer: "conv1", units: [0, 1, 2, 3] }, { layer: "fc3", units: [0, 1, 2] }],
};

function makeRun(directory: string, changes: Partial<RunManifest> = {}): string {
  using run = openRun(directory, { ...OURS, ...changes });
  const scored = (layer: string, unit: number, S: number) => {
    const made = record(layer, unit);
    return { ...made, score: { ...made.score!, S }, scoreInterval: { low: 0, high: 1 } };
  };
  run.commitJob(
    0,
    [scored("conv1", 0, 0.1), deadRecord("conv1", 1), scored("conv1", 2, 0.2), scored("conv1", 3, 0)],
    1,
  );
  run.commitJob(1, [scored("fc3", 0, 0.3), scored("fc3", 1, 0.5), scored("fc3", 2, 0.4)], 1);
  return directory;
}

const probe = (...args: string[]) => withToy(registerProbe, ["probe", "--quiet", ...args]);
const FEW = ["--latents", "2", "--shapes", "disk, half-left", "--seed", "1"];

Deno.test("probe writes every unit's shares, correlations and figures, and gives the same bytes again", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"));
    const { out } = await probe(run, ...FEW, "--json");
    const result = JSON.parse(out);
    assertDocumented("probe", result);
    assertColumns("probe.csv", Deno.readTextFileSync(join(run, "probe.csv")));
    assert.deepEqual(
      [result.run, result.model, result.generator, result.images, result.latents, result.seed],
      ["run", "lenet5-cifar10", "toy", 10 * 4 * 2, 2, 1],
    );
    assert.deepEqual(result.masks, [
      "disk upper left",
      "disk lower right",
      "half-left upper left",
      "half-left lower right",
    ]);
    assert.equal(result.units.length, 7);
    for (const unit of result.units) {
      const { label_share, mask_share, interaction_share, rest_share } = unit;
      for (const share of [label_share, mask_share, interaction_share, rest_share]) assert.ok(share >= 0 && share <= 1);
      assert.ok(Math.abs(label_share + mask_share + interaction_share + rest_share - 1) < 1e-9);
      assert.ok(unit.label_omega <= label_share && unit.mask_omega <= mask_share);
      assert.deepEqual([unit.labels, unit.shapes], [unit.driving_labels.length, unit.driving_shapes.length]);
    }
    const dead = result.units[1]; // images move a unit whose ascent did not
    assert.deepEqual([dead.layer, dead.unit, dead.S, dead.S_paper, dead.label_share > 0], [
      "conv1",
      1,
      null,
      null,
      true,
    ]);
    assert.equal(result.units[5].S, 0.5);

    const csv = Deno.readTextFileSync(join(run, "probe.csv")).trimEnd().split("\n");
    assert.equal(
      csv[0],
      "layer,unit,S,S_paper,mean_activation,label_share,mask_share,interaction_share,rest_share,label_omega,mask_omega," +
        "interaction_omega,labels,shapes,driving_labels,driving_shapes",
    );
    assert.deepEqual(csv.slice(1).map((line) => line.split(",").slice(0, 4).join()), [
      "conv1,0,0.1,0",
      "conv1,1,,",
      "conv1,2,0.2,0",
      "conv1,3,0,0",
      "fc3,0,0.3,0",
      "fc3,1,0.5,0",
      "fc3,2,0.4,0",
    ]);
    const { units: stored, ...rest } = JSON.parse(Deno.readTextFileSync(join(run, "probe.json")));
    const { units: _, ...printed } = result;
    assert.deepEqual(rest, printed);
    assert.equal(stored[6].cell_means.length, 40);
    const mean = stored[6].cell_means.reduce((sum: number, value: number) => sum + value) / 40;
    assert.ok(Math.abs(mean - stored[6].mean_activation) < 1e-9);

    assert.equal(result.correlations.length, 2 * 4 * 2);
    const literal = result.correlations.filter(({ score }: { score: string }) => score === "S_paper");
    assert.ok(literal.every(({ rho, p }: { rho: null; p: null }) => rho === null && p === null)); // 0 for all
    const within = result.correlations.find((each: { score: string; scope: string; selectivity: string }) =>
      each.score === "S" && each.scope === "within layers" && each.selectivity === "label_share"
    );
    assert.equal(within.units, 6);
    assert.ok(Math.abs(within.rho) <= 1 && within.p > 0 && within.p <= 1);

    const svg = Deno.readTextFileSync(join(run, "figures", "probe.svg"));
    assert.match(svg, /^<svg role="img" aria-label="What drives units, and their score S/);
    assert.match(svg, /generator toy · 80 images · run run/);
    const grid = await readPng(join(run, "figures", "probe_grid.png"));
    assert.ok(grid.width > 1000 && grid.height > 1000);

    const files = ["probe.csv", "probe.json", "figures/probe.svg", "figures/probe_grid.png"];
    const bytes = () => files.map((file) => Deno.readFileSync(join(run, file)));
    const first = bytes();
    const again = await probe(run, ...FEW);
    assert.deepEqual(bytes(), first);
    assert.match(again.out, /7 units and 80 images of toy: 10 labels, 4 masks, 2 of each/);
    assert.match(again.out, /│ conv1 │ +4 │ +0\.\d\d │/);
    assert.match(again.out, /│ label_share │ S_paper │ +- │ - +│ +- │/);
    assert.match(again.out, /S is above 0 for 5 of 6 units/);
  }));

Deno.test("probe refuses a run of other weights, one of nothing, and wrong shapes and numbers", () =>
  inFolder(async (folder) => {
    await useBackend();
    const run = makeRun(join(folder, "run"));
    const other = makeRun(join(folder, "other"), { modelSha256: "a".repeat(64) });
    await refused(/made with another model lenet5-cifar10 \(sha256 aaaaaaaaaaaa.*give --model-weights/, "probe", other);
    await refused(/there is no model "resnet"/, "probe", makeRun(join(folder, "unknown"), { model: "resnet" }));
    const empty = join(folder, "empty");
    openRun(empty, OURS).close();
    await refused(/has no finished units; let score-all commit some first/, "probe", empty);
    await refused(/there is no run in/, "probe", join(folder, "nothing"));
    await refused(/a probe of 1 shape compares nothing/, "probe", run, "--shapes", "disk");
    await refused(/there is no shape "blob"; choose one of disk, /, "probe", run, "--shapes", "disk,blob");
    await refused(/"ring" is named twice/, "probe", run, "--shapes", "ring,ring");
    for (const latents of ["0", "1", "501", "few"]) {
      await refused(/'--latents <n>' .*Give an integer from 2 to 500\./, "probe", run, "--latents", latents);
    }
    await refused(/nowhere\.safetensors/, "probe", run, "--weights", join(folder, "nowhere.safetensors"));
    assert.equal([...Deno.readDirSync(run)].some(({ name }) => name.startsWith("probe")), false);
  }));
