import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "../../../../lib/engine/mod.ts";
import { isCifar10Present } from "../../../../lib/data/mod.ts";
import { assertColumns, assertDocumented } from "../../../documented.ts";
import { inFolder } from "../../../in_folder.ts";
import { recordMerged, recordUntrained } from "../../../validate/made_up_taught.ts";
import { refused } from "../../refused.ts";
import { polysem } from "../../run_main.ts";

Deno.test("validate trained refuses what cannot be trained or scored, before any work", () =>
  inFolder(async (folder) => {
    const trained = (...args: string[]) => ["validate", "trained", "--networks", folder, ...args];
    await refused(/there are no taught networks in .*; train some with --train/, ...trained());
    const train = (...args: string[]) => trained("--train", ...args);
    await refused(/lenet5 has no layer that could be taught sets/, ...train("lenet5-sets", "--seeds", "1"));
    await refused(/no taught network "alexnet-sets" to train/, ...train("alexnet-sets", "--seeds", "1"));
    await refused(/--train needs the seeds of the networks; add --seeds/, ...train("vgg-sets"));
    await refused(/Give each seed once/, ...train("vgg-sets", "--seeds", "1,1"));
    await refused(/--seeds is for --train; leave it out/, ...trained("--seeds", "1"));
    await refused(/--train-only is for --train; leave it out/, ...trained("--train-only"));
    await refused(/profile "none" cannot be read/, ...trained("--profiles", "calibrated,none"));
    await refused(/two settings would be called "paper"/, ...trained("--profiles", "paper,paper"));
    const real = join(folder, "real images.json");
    await Deno.writeTextFile(real, JSON.stringify({ extends: "paper" }));
    await refused(/two settings would be called "real images"/, ...trained("--profiles", real));
    await useBackend();
    await recordUntrained(folder, 1);
    await refused(/no taught network "vgg-sets-1".*choose from lenet5-labels-1$/, ...trained("--only", "vgg-sets-1"));
  }));

Deno.test("validate trained refuses a network that has learned nothing as truth, and says so", {
  ignore: !isCifar10Present(),
}, () =>
  inFolder(async (folder) => {
    await useBackend();
    await recordUntrained(folder, 1);
    await refused(
      /0 units of one class and 0 of several.*\(lenet5-labels-1 is refused as truth, with \d+\.\d % test accuracy where 65\.0 % are asked for\)/,
      ...["validate", "trained", "--quiet", "--networks", folder],
    );
  }));

Deno.test("validate trained writes its table, its units and a figure; an untrained network is left out and named", {
  ignore: !isCifar10Present(),
}, () =>
  inFolder(async (folder) => {
    await useBackend();
    await recordMerged(folder, 1);
    await recordUntrained(folder, 2);
    const quick = join(folder, "quick.json");
    await Deno.writeTextFile(
      quick,
      JSON.stringify({ extends: "calibrated", visualize: { steps: 4 }, elbow: { minImages: 8, maxImages: 8 } }),
    );
    const run = (...args: string[]) =>
      polysem("--quiet", "validate", "trained", "--networks", folder, "--profiles", quick, ...args);
    const out = join(folder, "out");
    const { code, out: text, err } = await run("--json", "--seed", "3", "--out", out);
    assert.equal(code, 0, err);
    const document = JSON.parse(text);
    const absent = ["folder", "trained", "refused_units"]; // of --train-only; there is none
    assertDocumented("validate trained", document, absent);
    assertColumns("trained.csv", readFileSync(join(out, "trained.csv"), "utf8"));
    assert.deepEqual([document.seed, document.reference, document.networks, document.units], [3, "quick", 1, 6]);
    assert.deepEqual(document.embedders, { quick: "resnet18-cifar10" });
    const [merged, untrained] = document.checked_networks;
    assert.deepEqual([merged.name, merged.refused, merged.units], ["lenet5-labels-1", false, 6]);
    assert.ok(merged.test_accuracy > 0.7, String(merged.test_accuracy));
    assert.deepEqual([untrained.name, untrained.refused, untrained.units], ["lenet5-labels-2", true, 0]);
    assert.deepEqual(document.refused_units, []);
    assert.deepEqual(document.groups.map(({ name }: { name: string }) => name), ["all", "lenet5"]);
    const [{ settings, paired }] = document.groups;
    assert.deepEqual(settings.map(({ name }: { name: string }) => name), [
      "quick",
      "control",
      "mean LPIPS",
      "real images",
      "known K",
    ]);
    assert.deepEqual([settings.at(-1).exact_k, settings.at(-1).spearman_k], [1, 1]);
    for (const { units, auroc, units_by_k } of settings) {
      assert.ok(units === 6 && auroc >= 0 && auroc <= 1);
      assert.deepEqual(units_by_k, [2, 4, 0, 0]);
    }
    assert.deepEqual([paired[0].name, paired[0].against], ["quick", "control"]);
    const lines = readFileSync(join(out, "trained.csv"), "utf8").trim().split("\n");
    assert.equal(
      lines[0],
      "network,architecture,kind,seed,unit,k,classes,I_quick,K_quick,S_quick,I_control,K_control,S_control," +
        "I_mean_LPIPS,K_mean_LPIPS,S_mean_LPIPS,I_real_images,K_real_images,S_real_images,I_known_K,K_known_K,S_known_K",
    );
    assert.equal(lines.length, 1 + 6);
    assert.match(lines[3], /^lenet5-labels-1,lenet5,labels,1,2,2,1 9,8,\d,/);
    assert.deepEqual(document.files, ["json", "csv", "svg", "png"].map((ending) => join(out, `trained.${ending}`)));
    // what the terminal says; the same scores again
    const { out: said } = await run("--seed", "3", "--out", `${out}2`, "--workers", "1");
    assert.match(said, /^6 units of 1 networks, trained towards known classes/);
    assert.match(
      said,
      /Networks refused as truth for their test accuracy: lenet5-labels-2 \d+\.\d % \(65 % asked for\)\./,
    );
    assert.doesNotMatch(said, /NaN/);
    for (const file of ["trained.json", "trained.csv", "trained.svg", "trained.png"]) {
      assert.deepEqual(readFileSync(join(`${out}2`, file)), readFileSync(join(out, file)), file);
    }
  }));
