import assert from "node:assert/strict";
import { join } from "node:path";
import { readPng } from "../../../lib/images/png.ts";
import { readRun } from "../../../lib/store/mod.ts";
import { assertDocumented } from "../../documented.ts";
import { MOUNTING, onSmallDisk } from "../../faults/small_disk.ts";
import { inFolder } from "../../in_folder.ts";
import { polysem } from "../run_main.ts";
import { json, refused, writeLargeWeights, writeQuickProfile } from "../refused.ts";
import { COMPANY_KEEPS_BITS } from "../../same_bits.ts";

Deno.test("visualize makes the first images of the sequence that a run scores, with their activations", {
  ignore: !COMPANY_KEEPS_BITS,
}, () =>
  inFolder(async (folder) => {
    const settings = ["--no-data", "--profile", await writeQuickProfile(folder), "--seed", "4"];
    await json("score-all", "--units", "fc1:17", "--run", join(folder, "run"), ...settings);
    const out = join(folder, "images");
    const result = await json("visualize", "fc1:17", "--count", "3", "--out", out, ...settings);
    using run = readRun(join(folder, "run"));
    const { images, activations } = run.unit("fc1", 17)!;
    assert.deepEqual([result.layer, result.unit, result.seed], ["fc1", 17, 4]);
    assert.deepEqual(
      result.images.map(({ activation }: { activation: number }) => activation),
      activations.slice(0, 3),
    );
    for (const [i, { file }] of result.images.entries()) {
      assert.equal(file, join(out, `fc1_17_0${i}.png`));
      const made = await readPng(file);
      assert.deepEqual([made.height, made.width], [32, 32]);
      assert.deepEqual(made.data, images.data.slice(i * 3072, (i + 1) * 3072));
    }
    const sheet = await readPng(result.sheet);
    assert.ok(sheet.width > 3 * 64 && sheet.height > 64); // three images at twice their size, and what is between them
  }));

Deno.test("visualize prints a table, and says what is missing only where it matters", () =>
  inFolder(async (folder) => {
    const profile = await writeQuickProfile(folder);
    const args = ["visualize", "conv1:0", "--count", "2", "--out", folder, "--no-data"];
    const calibrated = await polysem(...args, "--profile", profile);
    assert.equal(calibrated.code, 0, calibrated.err);
    assert.match(calibrated.out, /│ .*conv1_0_01\.png │ +-?\d+\.\d{3} │/);
    assert.match(calibrated.out, /^sheet: .*conv1_0_sheet\.png$/m);
    assert.match(calibrated.err, /^note: without a dataset ascent starts from noise$/m);
    const own = join(folder, "own.json");
    await Deno.writeTextFile(own, '{"extends": "paper", "visualize": {"steps": 2}}');
    const paper = await polysem(...args, "--profile", own);
    assert.equal(paper.code, 0, paper.err);
    assert.doesNotMatch(paper.err, /note/); // the paper's starts are noise anyway
  }));

Deno.test("visualize refuses what it cannot do", () =>
  inFolder(async (folder) => {
    await refused(/required option '--out <dir>' not specified/, "visualize", "conv2:3");
    await refused(/unit conv2:99 is out of range/, "visualize", "conv2:99", "--out", folder);
    for (const count of ["0", "-1", "two", "10001"]) {
      await refused(
        /'--count <n>' .*Give an integer from 1 to 10000\./,
        "visualize",
        "conv2:3",
        "--out",
        folder,
        `--count=${count}`,
      );
    }
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await refused(/cannot write images to .*file: /, "visualize", "conv2:3", "--no-data", "--out", file);
    await refused(
      /cannot write images to \/sys\/polysem: /,
      "visualize",
      "conv2:3",
      "--no-data",
      "--out",
      "/sys/polysem",
    );
    await refused(/profile "none" cannot be read/, "visualize", "conv2:3", "--out", folder, "--profile", "none");
  }));

Deno.test("visualize says of a unit whose numbers are not finite that it explodes", () =>
  inFolder(async (folder) => {
    const weights = await writeLargeWeights(join(folder, "large.safetensors"), "lenet5-cifar10", "conv2.weight", 1e30);
    const args = [
      "--count",
      "1",
      "--no-data",
      "--profile",
      await writeQuickProfile(folder),
      "--out",
      join(folder, "out"),
    ];
    await refused(
      /^error: conv2:3 explodes: .*; choose another unit/,
      "visualize",
      "conv2:3",
      "--model-weights",
      weights,
      ...args,
    );
  }));

Deno.test({
  name: `visualize on a full disk exits with 1, says so, and leaves no half image${MOUNTING.skipped}`,
  ignore: MOUNTING.ignore,
  fn: () =>
    inFolder((folder) =>
      onSmallDisk(4096, async (disk) => { // a page: the first image fits, the second does not
        const profile = await writeQuickProfile(folder);
        const args = ["visualize", "conv1:0", "--count", "2", "--out", disk.folder, "--no-data", "--profile", profile];
        const { code, err } = await polysem(...args);
        assert.equal(code, 1, err);
        assert.match(
          err,
          /^error: .*conv1_0_01\.png cannot be written: .*; free space and run the same command again$/m,
        );
        assert.deepEqual([...Deno.readDirSync(disk.folder)].map(({ name }) => name), ["conv1_0_00.png"]);
      })
    ),
});

Deno.test("embed takes the images that visualize wrote and leaves out their sheet, with a note; a dataset refuses it", () =>
  inFolder(async (folder) => {
    const out = join(folder, "images");
    const profile = await writeQuickProfile(folder);
    const made = await json("visualize", "conv1:0", "--count", "2", "--out", out, "--no-data", "--profile", profile);
    assertDocumented("visualize", made);
    const files = [...Deno.readDirSync(out)].map(({ name }) => join(out, name)).sort();
    assert.deepEqual(files.map((file) => file.slice(out.length + 1)), [
      "conv1_0_00.png",
      "conv1_0_01.png",
      "conv1_0_sheet.png",
    ]);
    const { code, out: text, err } = await polysem("embed", ...files, "--out", join(folder, "x.npy"), "--json");
    assert.equal(code, 0, err);
    assert.match(err, /^note: .*conv1_0_sheet\.png is left out: it is a sheet/m);
    assert.deepEqual([JSON.parse(text).shape, JSON.parse(text).images], [[2, 512], files.slice(0, 2)]);
    await refused(/there is no image to embed/, "embed", files[2], "--out", join(folder, "x.npy"));
    for (let i = 0; i < 40; i++) await Deno.copyFile(files[0], join(out, `copy${i}.png`)); // enough for a dataset
    await refused(/conv1_0_sheet\.png is a sheet or figure that polysem made/, "score-unit", "conv1:0", "--data", out);
  }));
