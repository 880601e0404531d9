import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { loadNetwork } from "../../../../lib/networks/models.ts";
import { useBackend } from "../../../../lib/engine/mod.ts";
import { openRun } from "../../../../lib/store/mod.ts";
import { readNullScores } from "../../../../lib/store/mod.ts";
import { initialWeights } from "../../../../lib/training/train_model.ts";
import { assertColumns, assertDocumented } from "../../../documented.ts";
import { inFolder } from "../../../in_folder.ts";
import { deadRecord, makeRun, MANIFEST } from "../../../store/example_run.ts";
import { json, refused, writeQuickProfile } from "../../refused.ts";
import { polysem } from "../../run_main.ts";

/** A real run of three units, made in a moment: from noise, without a dataset. */
async function quickRun(folder: string): Promise<string> {
  const run = join(folder, "run");
  const profile = await writeQuickProfile(folder);
  const units = "conv2:0,fc3:0-1";
  const { code, err } = await polysem(
    ...[
      "score-all",
      "--units",
      units,
      "--run",
      run,
      "--profile",
      profile,
      "--no-data",
      "--no-report",
      "--workers",
      "1",
    ],
  );
  assert.equal(code, 0, err);
  return run;
}

interface Row {
  readonly layer: string;
  readonly units: number;
}

Deno.test("validate stability repeats a run in every way, without any NaN, and as JSON", () =>
  inFolder(async (folder) => {
    const run = await quickRun(folder);
    const result = await json(
      ...["validate", "stability", run, "--seeds", "3", "--images-seeds", "1", "--null", "random", "--workers", "1"],
    );
    assertDocumented("validate stability", result);
    for (const table of ["fresh_images.csv", "null_scores.csv"]) {
      assertColumns(table, Deno.readTextFileSync(join(run, table)));
    }
    assert.deepEqual([result.units, result.dead, result.reproduced], [3, 0, 1]);
    const layers = ["conv2", "fc3", "all"];
    assert.equal(result.seeds.count, 3);
    assert.deepEqual(result.seeds.layers.map(({ layer, units }: Row) => [layer, units]), [
      ["conv2", 1],
      ["fc3", 2],
      ["all", 3],
    ]);
    assert.deepEqual(result.fresh.seeds, [1]);
    assert.deepEqual(result.fresh.layers.map(({ layer }: Row) => layer), layers);
    // units without shares of K foretell nothing
    const known = result.fresh.units.filter(({ halves_K }: { halves_K: unknown }) => halves_K !== null).length;
    assert.equal(result.fresh.foretold.units, known);
    assert.equal(result.fresh.units.length, 3);
    for (const { K, S, fresh, fresh_K } of result.fresh.units) {
      assert.ok(K >= 1 && S >= 0 && S <= 1);
      assert.equal(fresh.length, 1);
      assert.equal(fresh_K[Math.min(3, fresh[0].K) - 1], 1); // of one set the share of its own K is 1
    }
    const lines = Deno.readTextFileSync(join(run, "fresh_images.csv")).trimEnd().split("\n");
    assert.equal(result.fresh.file, join(run, "fresh_images.csv"));
    assert.deepEqual(lines.slice(1).map((line) => line.split(",").slice(0, 2).join(":")), [
      "conv2:0",
      "fc3:0",
      "fc3:1",
    ]);
    assert.deepEqual([...new Set(result.images.map(({ I }: { I: number }) => I))], [4, 8]); // eight images at most
    const [own, other] = result.embedders;
    assert.deepEqual([own.name, own.own, own.available, own.mean_difference], ["resnet18-cifar10", true, true, 0]);
    assert.equal(other.name, "resnet18-imagenet");
    assert.ok(other.available || /weights fetch resnet18-imagenet/.test(other.missing));
    assert.deepEqual(result.lpips.map(({ name }: { name: string }) => name), ["alex", "squeeze", "vgg"]);
    // from images as bytes, the run's own distance finds the run's own elbow, but for ties to a hair's breadth
    assert.ok(result.lpips[0].own && result.lpips[0].mean_I >= 5 && result.lpips[0].mean_I <= 8);
    assert.deepEqual(result.restarts.map(({ restarts }: { restarts: number }) => restarts), [1, 2, 5, 10, 20, 50]);
    assert.equal(result.null.kind, "random");
    assert.deepEqual(result.null.layers.map(({ layer }: Row) => layer), layers);
    for (const { S, share } of result.null.units) assert.ok(S >= 0 && S <= 1 && (share === null || share <= 1));
    assert.equal(result.null.file, join(run, "null_scores.csv"));
    const nulls = readNullScores(run)!;
    assert.equal(nulls.kind, "random");
    const told = result.null.units.filter(({ null_S }: { null_S: number | null }) => null_S !== null);
    assert.deepEqual(
      nulls.units,
      told.map((each: Record<string, unknown>) => ({
        layer: each.layer,
        unit: each.unit,
        K: each.null_K,
        S: each.null_S,
      })),
    );

    // the same weights from a file are the same null
    const weights = join(folder, "null.safetensors");
    await Deno.writeFile(weights, initialWeights("lenet5-cifar10", 0));
    const again = await json(
      ...["validate", "stability", run, "--null", "random", "--null-weights", weights, "--units", "fc3:0-1"],
    );
    assert.equal(again.null.weights_sha256, result.null.weights_sha256);
    assert.equal(again.fresh, null);
    const nullOf = (report: typeof result) => report.null.layers.find(({ layer }: Row) => layer === "fc3").null_mean_S;
    assert.equal(nullOf(again), nullOf(result));

    const { code, out, err } = await polysem("validate", "stability", run, "--units", "fc3:1", "--quiet");
    assert.equal(code, 0, err);
    assert.match(err, /^note: with a single unit there is nothing to correlate; correlations need at least two$/m);
    assert.doesNotMatch(out, /NaN|undefined|null│|Infinity/);
    assert.match(out, /^1 unit of run /);
    assert.match(out, /LPIPS alex \(the run's\)/);
  }));

Deno.test("validate stability --null permuted scores the model's own weights in another order, and validate layers tells both", () =>
  inFolder(async (folder) => {
    const run = await quickRun(folder);
    const result = await json("validate", "stability", run, "--null", "permuted", "--workers", "1");
    assert.equal(result.null.kind, "permuted");
    const out = join(folder, "layers");
    const document = await json("validate", "layers", run, "--out", out);
    assertDocumented("validate layers", document);
    assertColumns("layers.csv", Deno.readTextFileSync(join(out, "layers.csv")));
    const { runs: [told], files } = document;
    assert.deepEqual([told.model, told.null, told.run], ["lenet5-cifar10", "permuted", basename(run)]);
    assert.deepEqual(told.layers.map(({ layer, units }: Row) => [layer, units]), [["conv2", 1], ["fc3", 2], [
      "all",
      3,
    ]]);
    for (const [i, each] of told.layers.entries()) {
      const { mean_S, null_mean_S, auroc } = result.null.layers[i];
      assert.deepEqual([each.mean_S, each.null_mean_S, each.auroc], [mean_S, null_mean_S, auroc]);
    }
    assert.deepEqual(files, ["json", "csv", "svg", "png"].map((kind) => join(out, `layers.${kind}`)));
    assert.ok(Deno.readTextFileSync(files[2]).includes("grey: its weights permuted"));
    assert.match(Deno.readTextFileSync(files[1]), /^run,layer,units,mean_S,share_several,null_units,/);
    const { code, out: text, err } = await polysem("validate", "layers", run);
    assert.equal(code, 0, err);
    assert.match(text, /lenet5-cifar10 \(run .*\); null: permuted/);
    assert.doesNotMatch(text, /NaN|undefined|null│|Infinity/);
    Deno.writeTextFileSync(join(run, "null_scores.csv"), "layer,unit,K,S,null,null_K,null_S\nfc3,0,1,0,random,1,two\n");
    await refused(/null_scores.csv has no number null_S in row 1; make it anew by/, "validate", "layers", run);
  }));

Deno.test("validate layers tells a run without a null, and refuses one without units", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0]);
    const { runs: [told] } = await json("validate", "layers", run);
    assert.equal(told.null, null);
    assert.deepEqual(
      told.layers.map((
        { null_units, null_mean_S, auroc }: Record<string, unknown>,
      ) => [null_units, null_mean_S, auroc]),
      told.layers.map(() => [null, null, null]),
    );
    const empty = makeRun(join(folder, "empty"), []);
    await refused(/has no scored units; let score-all commit some first/, "validate", "layers", run, empty);
    await refused(/there is no run in .*none/, "validate", "layers", join(folder, "none"));
    await refused(/missing required argument 'runs'/, "validate", "layers");
  }));

Deno.test("initial weights load as the model's own", () =>
  inFolder(async (folder) => {
    await useBackend();
    const file = join(folder, "weights.safetensors");
    await Deno.writeFile(file, initialWeights("lenet5-cifar10", 0));
    const { network } = await loadNetwork({ kind: "shipped", name: "lenet5-cifar10", weights: file });
    assert.equal(network.layers.length, 5);
    network.dispose();
  }));

Deno.test("validate stability refuses runs and units that there is nothing to repeat of", () =>
  inFolder(async (folder) => {
    const stability = (...args: string[]) => ["validate", "stability", ...args];
    await refused(/there is no run in .*none/, ...stability(join(folder, "none")));
    await refused(/missing required argument 'run'/, ...stability());
    const empty = makeRun(join(folder, "empty"), []);
    await refused(/run .*empty has none of its units yet; let score-all commit some first$/, ...stability(empty));
    const run = makeRun(join(folder, "run"), [0]);
    await refused(
      /unit fc1:5 is not in run .*; score it, or leave it out of --units$/,
      ...stability(run, "--units", "fc1:5"),
    );
    await refused(/layer "conv9" is not in the model/, ...stability(run, "--units", "conv9:0"));
    await refused(/has no unit of fc2; score some, or name other layers$/, ...stability(run, "--layers", "fc2"));
    await refused(
      /: the unit asked for has no score; there is nothing to repeat of dead units, so choose others$/,
      ...stability(run, "--units", "conv1:1"),
    );
    const dead = join(folder, "dead");
    {
      using made = openRun(dead, MANIFEST);
      made.commitJob(0, [deadRecord("conv1", 0), deadRecord("conv1", 1)], 1);
    }
    await refused(/: none of its 2 units has a score; there is nothing to repeat of dead units/, ...stability(dead));
    await refused(
      /was made with another dataset cifar10 \(sha256 d{12}\.\.\.\) than the one at hand/,
      ...stability(run),
    );
    const plain = makeRun(join(folder, "plain"), [0], { dataset: null });
    await refused(
      /made with another embedder resnet18-cifar10 \(sha256 b{12}\.\.\.\) than the one at hand \(.*\); give --embedder-weights FILE/,
      ...stability(plain),
    );
  }));

Deno.test("validate stability refuses nulls that it cannot make, before anything is loaded", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0]);
    await refused(
      /--null shuffled needs .*`deno task train lenet5-cifar10 --shuffle-labels --out DIR` and give --null-weights/,
      ...["validate", "stability", run, "--null", "shuffled"],
    );
    const other = makeRun(join(folder, "other"), [0], { model: "resnet18-cifar10" });
    await refused(
      /train resnet18-cifar10 --shuffle-labels --out DIR` and give --null-weights DIR\/resnet18-cifar10\/weights.safetensors$/,
      ...["validate", "stability", other, "--null", "shuffled"],
    );
    const untrained = makeRun(join(folder, "untrained"), [0], { model: "alexnet-imagenet" });
    for (const kind of ["random", "shuffled"]) {
      await refused(
        /alexnet-imagenet was not trained here, .*; take --null permuted, or give --null-weights FILE/,
        ...["validate", "stability", untrained, "--null", kind],
      );
    }
    await refused(
      /--null-weights was given without --null; say what they are/,
      ...["validate", "stability", run, "--null-weights", "x"],
    );
    await refused(/Allowed choices are random, permuted, shuffled/, "validate", "stability", run, "--null", "zero");
    await refused(/Give an integer from 2/, "validate", "stability", run, "--seeds", "1");
  }));
