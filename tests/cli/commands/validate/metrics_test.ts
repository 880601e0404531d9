import assert from "node:assert/strict";
import { join } from "node:path";
import { CIFAR10_SHA256 } from "../../../../lib/data/mod.ts";
import { sha256OfFile } from "../../../../lib/weights/load_weights.ts";
import { CALIBRATED } from "../../../../lib/pipeline/mod.ts";
import { readPng } from "../../../../lib/images/mod.ts";
import { openRun } from "../../../../lib/store/mod.ts";
import type { RunManifest } from "../../../../lib/types.ts";
import { assertColumns, assertDocumented } from "../../../documented.ts";
import { inFolder } from "../../../in_folder.ts";
import { deadRecord, MANIFEST, record } from "../../../store/example_run.ts";
import { json, refused, weightsOf } from "../../refused.ts";
import { polysem } from "../../run_main.ts";

/** As an older version stored it, without a field that profiles have gained since. */
const { startFade: _, ...visualize } = CALIBRATED.visualize;

const OURS: RunManifest = {
  ...MANIFEST,
  profile: { ...CALIBRATED, visualize },
  modelSha256: await sha256OfFile(weightsOf("lenet5-cifar10")),
  embedderSha256: await sha256OfFile(weightsOf("resnet18-cifar10")),
  lpipsSha256: await sha256OfFile(weightsOf("lpips-alex")),
  dataset: { name: "cifar10", sha256: CIFAR10_SHA256 },
  jobs: [{ layer: "conv1", units: [0, 1, 2] }, { layer: "fc1", units: [5, 6] }],
};

/** S and mean angle in ranks 1 2 3 4 and 1 3 2 4: rho = 1 - 6 * 2 / 60 = .8; conv1:1 is dead. */
function makeRun(directory: string, changes: Partial<RunManifest> = {}): string {
  using run = openRun(directory, { ...OURS, ...changes });
  const scored = (layer: string, unit: number, S: number, meanAngle: number) => {
    const made = record(layer, unit);
    return { ...made, score: { ...made.score!, S }, scoreInterval: { low: 0, high: 1 }, meanAngle };
  };
  run.commitJob(0, [scored("conv1", 0, 0.1, 0.1), deadRecord("conv1", 1), scored("conv1", 2, 0.2, 0.3)], 1);
  run.commitJob(1, [scored("fc1", 5, 0.3, 0.2), scored("fc1", 6, 0.4, 0.4)], 1);
  return directory;
}

Deno.test("validate metrics writes a row per unit, tells rank correlations, and gives the same bytes again", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"));
    const result = await json("validate", "metrics", run, "--images", "130", "--quiet");
    assert.equal(result.run, "run");
    assert.equal(result.images, 130);
    assert.equal(result.embedder, "resnet18-cifar10");
    const csv = Deno.readTextFileSync(join(run, "metrics.csv"));
    const lines = csv.trimEnd().split("\n");
    assert.equal(
      lines[0],
      "layer,unit,S,K,mean_angle,mean_lpips,monosemanticity,dataset_clusters,dataset_mean_angle,kurtosis,sparsity," +
        "class_entropy,class_selectivity,attribution_clusters",
    );
    assert.deepEqual(lines.slice(1).map((line) => line.split(",").slice(0, 5).join()), [
      "conv1,0,0.1,2,0.1",
      "conv1,1,,,",
      "conv1,2,0.2,2,0.3",
      "fc1,5,0.3,2,0.2",
      "fc1,6,0.4,2,0.4",
    ]);
    for (const unit of result.units) { // a dead unit too responds to the dataset
      const { monosemanticity, dataset_clusters, dataset_mean_angle, kurtosis, sparsity, class_entropy } = unit;
      const { layer, attribution_clusters } = unit;
      if (layer === "conv1") assert.equal(attribution_clusters, null); // nothing is below it
      else assert.ok(Number.isInteger(attribution_clusters) && attribution_clusters >= 1);
      assert.ok(monosemanticity > 0 && monosemanticity < 1); // embeddings are not negative
      assert.ok(Number.isInteger(dataset_clusters) && dataset_clusters >= 1 && dataset_clusters <= 10);
      assert.ok(dataset_mean_angle > 0 && dataset_mean_angle <= 0.5);
      assert.ok(kurtosis >= -2);
      assert.ok(sparsity > 0 && sparsity <= 1);
      assert.ok(class_entropy >= 0 && class_entropy <= Math.log2(10));
    }
    const pair = (b: string) =>
      result.correlations.find((each: { a: string; b: string }) => each.a === "S" && each.b === b);
    assert.ok(Math.abs(pair("mean_angle").rho - 0.8) < 1e-12);
    assert.equal(pair("mean_angle").units, 4);
    assert.equal(pair("K").rho, null); // 2 for all
    assert.deepEqual(result.layers.map(({ layer, units }: { layer: string; units: number }) => [layer, units]), [
      ["conv1", 3],
      ["fc1", 2],
    ]);
    assert.equal(result.layers[1].correlations.length, 0); // two units always correlate fully
    assert.deepEqual(
      result.agreement.map(({ a, b, units }: { a: string; b: string; units: number }) => [a, b, units]),
      [["K", "dataset_clusters", 4], ["K", "attribution_clusters", 2], ["dataset_clusters", "attribution_clusters", 2]],
    );
    assert.deepEqual(result.sheets, []);

    const { code, out, err } = await polysem("validate", "metrics", run, "--images", "130", "--quiet");
    assert.equal(code, 0, err);
    assert.match(out, /│ mean angle +│ \+ +│ +0\.80 │ \[/);
    assert.match(out, /│ K +│ \+ +│ +- │ - +│ +4 │ +- │ +- │/);
    assert.equal(Deno.readTextFileSync(join(run, "metrics.csv")), csv);
    assert.deepEqual(await json("validate", "metrics", run, "--images", "130", "--quiet"), result);
  }));

Deno.test("validate metrics --sheets draws the units that are counted most differently", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"));
    const sheets = join(folder, "sheets");
    const args = ["validate", "metrics", run, "--images", "130", "--sheets", sheets, "--quiet"];
    const result = await json(...args);
    assertDocumented("validate metrics", result);
    assertColumns("metrics.csv", Deno.readTextFileSync(join(run, "metrics.csv")));
    type Counted = { layer: string; unit: number; K: number | null; dataset_clusters: number };
    const differing = result.units.filter(({ K, dataset_clusters, attribution_clusters }: Counted & {
      attribution_clusters: number | null;
    }) => new Set([K, dataset_clusters, attribution_clusters].filter((count) => count !== null)).size > 1);
    assert.ok(differing.length > 0);
    assert.deepEqual(
      result.sheets.map(({ file }: { file: string }) => file).sort(),
      differing.map(({ layer, unit }: Counted) => join(sheets, `${layer}-${unit}.png`)).sort(),
    );
    for (const { file } of result.sheets) {
      const page = await readPng(file);
      assert.equal(page.width, 16 * 65 + 1); // 32 px twice, and lines between
    }
    const { out } = await polysem(...args);
    assert.match(out, /One feature or several, by three counts:/);
    assert.match(out, /Units that these count most differently:\n[^]*conv1-0.png/);
    const file = join(folder, "file");
    Deno.writeTextFileSync(file, "");
    await refused(/file cannot be made: .*; choose another folder with --sheets/, ...args.with(6, file));
  }));

Deno.test("validate metrics refuses a run of other weights, another dataset or none, and one of few units", () =>
  inFolder(async (folder) => {
    const refusedRun = (pattern: RegExp, name: string, changes: Partial<RunManifest>) =>
      refused(pattern, "validate", "metrics", makeRun(join(folder, name), changes), "--quiet");
    const other = "a".repeat(64);
    await refusedRun(
      /was made with another model lenet5-cifar10 \(sha256 aaaaaaaaaaaa\.\.\.\) than .*; give --model-weights/,
      "model",
      { modelSha256: other },
    );
    await refusedRun(/made with another embedder resnet18-cifar10 .*; give --embedder-weights/, "embedder", {
      embedderSha256: other,
    });
    await refusedRun(/made with another LPIPS network alex .*; restore its weights/, "metric", { lpipsSha256: other });
    await refusedRun(/made with another dataset cifar10/, "dataset", { dataset: { name: "cifar10", sha256: other } });
    await refusedRun(/made without a dataset, .*; score again with one/, "none", { dataset: null });
    await refusedRun(/there is no model "resnet"/, "unknown", { model: "resnet" });
    const run = makeRun(join(folder, "run"));
    await refused(/CIFAR-10: .*nowhere.* is missing/, "validate", "metrics", run, "--data", join(folder, "nowhere"));
    await refused(/Give an integer from 100/, "validate", "metrics", run, "--images", "99");
    const few = join(folder, "few");
    openRun(few, OURS).close();
    await refused(/has 0 scored units, and rank correlations need at least 3; score more/, "validate", "metrics", few);
    await refused(/there is no run in/, "validate", "metrics", join(folder, "nothing"));
  }));
