import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isCifar10Present } from "../../../../lib/data/mod.ts";
import { assertColumns, assertDocumented } from "../../../documented.ts";
import { inFolder } from "../../../in_folder.ts";
import { refused } from "../../refused.ts";
import { polysem } from "../../run_main.ts";

Deno.test("validate planted refuses unknown families, profiles and seeds", async () => {
  await refused(/no family "templates".*template, patch/, "validate", "planted", "--families", "templates");
  await refused(/profile "none" cannot be read/, "validate", "planted", "--profiles", "calibrated,none");
  await refused(/two settings would be called "paper"/, "validate", "planted", "--profiles", "paper,paper");
  await refused(/Give each seed once/, "validate", "planted", "--seeds", "1,1");
  await refused(/Give an integer/, "validate", "planted", "--seeds", "x");
  const sized = (family: string, size: string) => ["validate", "planted", "--families", family, "--size", size];
  await refused(/patches are of 12 px, which images of 10 px cannot hold/, ...sized("patch", "10"));
  await refused(/textures are cut from squares of 9 px, which images of 8 px/, ...sized("texture", "8"));
  await refused(/resnet is of a network that takes images of 32 px, not 48/, ...sized("resnet", "48"));
  await refused(/full or small/, "validate", "planted", "--units", "many");
  await refused(/there is no embedder "vgg"/, "validate", "calibrate", "--embedder", "vgg");
});

Deno.test("validate planted writes its table, its units and a figure, and the same again", {
  ignore: !isCifar10Present(),
}, async () => {
  await inFolder(async (folder) => {
    const quick = join(folder, "quick.json");
    await Deno.writeTextFile(quick, JSON.stringify({ extends: "calibrated", visualize: { steps: 4 } }));
    const run = (out: string) =>
      polysem(
        "--json",
        "--quiet",
        ...["validate", "planted", "--seeds", "3", "--families", "template", "--units", "small"],
        ...["--profiles", quick, "--out", join(folder, out)],
      );
    const { code, out, err } = await run("a");
    assert.equal(code, 0, err);
    const document = JSON.parse(out);
    assertDocumented("validate planted", document, ["metrics", "correlations"]); // without --metrics
    for (const table of ["planted.csv", "random_weights.csv"]) {
      assertColumns(table, readFileSync(join(folder, "a", table), "utf8"));
    }
    assert.equal(document.seed, 3);
    assert.equal(document.units, 8);
    assert.deepEqual(document.settings.map(({ name }: { name: string }) => name), ["quick", "control", "oracle"]);
    for (
      const key of [
        ...["name", "auroc", "auroc_low", "auroc_high", "spearman", "exact_k"],
        ...["mono_called_poly", "near_duplicate_called_poly", "poly_called_mono"],
      ]
    ) assert.ok(key in document.settings[0], key);
    assert.deepEqual(Object.keys(document.sums_called_mono), ["quick", "control", "oracle"]);
    const [sums] = document.sums;
    assert.deepEqual([sums.name, sums.units], ["quick", 1]);
    for (const key of ["called_mono", "mean_k_by_k", "features_reached", "features_active"]) {
      assert.ok(key in sums, key);
    }
    const [fooled] = document.fooling.settings;
    assert.deepEqual([fooled.name, fooled.units], ["quick", 1]);
    for (const key of ["called_mono", "called_two", "mean_k", "disagrees", "images_fooled"]) {
      assert.ok(key in fooled, key);
    }
    assert.deepEqual([document.fooling.fooling.units, document.fooling.others.units], [1, 8]);
    const [random] = document.random_weights;
    assert.deepEqual([random.name, random.model, random.units + random.dead], ["quick", "lenet5-cifar10", 4]);
    assert.equal((await run("b")).code, 0);
    for (const file of ["planted.json", "planted.csv", "random_weights.csv", "planted.svg", "planted.png"]) {
      assert.deepEqual(readFileSync(join(folder, "a", file)), readFileSync(join(folder, "b", file)), file);
    }
    const lines = readFileSync(join(folder, "a", "planted.csv"), "utf8").trim().split("\n");
    assert.equal(lines.length, 1 + 10); // the sum and the fooling unit are lines too
    assert.match(lines[0], /^seed,family,kind,k,unit,I_quick,K_quick,S_quick,/);
    assert.match(lines[0], /,reached_quick,active_quick,fooled_quick,.*,photograph_features,photograph_exceeds,/);
    assert.match(lines[9], /^3,template,sum,2,8,/);
    assert.match(lines[10], /^3,template,fooling,2,9,/);
    const randomLines = readFileSync(join(folder, "a", "random_weights.csv"), "utf8").trim().split("\n");
    assert.equal(randomLines[0], "seed,model,layer,unit,K_quick,S_quick");
    assert.deepEqual(randomLines.slice(1).map((line) => line.split(",").slice(0, 3).join()), [
      "3,lenet5-cifar10,conv1",
      "3,lenet5-cifar10,conv2",
      "3,lenet5-cifar10,fc1",
      "3,lenet5-cifar10,fc2",
    ]);
  });
});
