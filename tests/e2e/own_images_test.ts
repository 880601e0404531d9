import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeNpy } from "../../lib/npy.ts";
import { createRandom } from "../../lib/random.ts";
import { readRun } from "../../lib/store/mod.ts";
import { json, refused, writeQuickProfile } from "../cli/refused.ts";
import { polysem } from "../cli/run_main.ts";
import { randomPng, writeFiles } from "../data/image_files.ts";
import { finish } from "./command.ts";

const JPEG = Deno.readFileSync(new URL("../../fixtures/jpeg/colour.jpg", import.meta.url));

/** 60 images of 24 x 24 pixels in three classes, three of them JPEG; they become squares of 32, the smallest side. */
async function writeImages(folder: string): Promise<void> {
  for (const name of ["cross", "ring", "wave"]) {
    await writeFiles(
      folder,
      Object.fromEntries(Array.from({ length: 19 }, (_, i) => [`${name}/${i}.png`, randomPng(24, 24, name, i)])),
    );
    await writeFiles(folder, { [`${name}/photo.jpg`]: JPEG });
  }
}

Deno.test("own images end to end: one worker and two give the same scores.csv to the byte, and the run knows its images", async (test) => {
  const folder = await Deno.makeTempDir();
  const images = join(folder, "shapes");
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  try {
    await writeImages(images);
    const profile = await writeQuickProfile(folder);
    const settings = ["--units", "conv1:0,conv2:3,fc3:9", "--profile", profile, "--data", images];
    await test.step("score-all, under the least permissions", async () => {
      for (const [run, workers] of [[one, "1"], [two, "2"]]) {
        const { code, out, err } = await finish(folder, "score-all", "--run", run, "--workers", workers, ...settings);
        assert.equal(code, 0, err);
        assert.match(
          err,
          /^note: shapes: 50 images to start from and 10 to compare with, of 3 classes, as squares of 32 px$/m,
        );
        assert.doesNotMatch(err, /warn|error/i);
        assert.match(out, /^report: /m);
      }
      assert.equal(readFileSync(join(one, "scores.csv"), "utf8"), readFileSync(join(two, "scores.csv"), "utf8"));
      using run = readRun(one);
      const { name, kind, images: count, sha256 } = run.manifest.dataset!;
      assert.deepEqual([name, kind, count], ["shapes", "images", 10]);
      assert.match(sha256, /^[0-9a-f]{64}$/);
      const best = run.unit("conv2", 3)!.datasetBest;
      assert.deepEqual([best.length, new Set(best.map(({ index }) => index)).size], [9, 9]);
      assert.ok(best.every(({ index }) => index >= 0 && index < 10));
    });

    await test.step("report shows the images where it is told where they are", async () => {
      const block = (html: string) => /"bestPictured":(true|false)/.exec(html)![1];
      const made = await json("report", one, "--data", images, "--out", join(folder, "with.html"));
      assert.equal(block(readFileSync(made.file, "utf8")), "true");
      const without = await json("report", one, "--out", join(folder, "without.html"));
      assert.equal(block(readFileSync(without.file, "utf8")), "false");
    });

    await test.step("figures and validate take the images", async () => {
      const { files } = await json("figures", one, "--data", images, "--out", join(folder, "figures"));
      assert.ok(files.length > 0);
      await refused(/was made with images of a folder named shapes; give --data DIR/, "validate", "metrics", one);
      const metrics = await json("validate", "metrics", one, "--data", images);
      assert.equal(metrics.units.length, 3);
      assert.ok(metrics.units.every((unit: Record<string, unknown>) => unit.class_entropy !== null));
      const stability = await polysem("validate", "stability", one, "--seeds", "2", "--data", images);
      assert.equal(stability.code, 0, stability.err);
    });

    await test.step("score-unit and visualize start from them", async () => {
      const unit = await json("score-unit", "conv1:0", "--profile", profile, "--data", images);
      assert.equal(typeof unit.datasetMax, "number");
      const { code, err } = await polysem(
        "visualize",
        "conv1:0",
        "--count",
        "2",
        "--data",
        images,
        "--out",
        join(folder, "v"),
      );
      assert.equal(code, 0, err);
    });

    await test.step("other images are refused, and so is another run into the same folder", async () => {
      await Deno.writeFile(join(images, "wave", "0.png"), randomPng(24, 24, "other"));
      await refused(/another dataset shapes .*; give --data the folder as it was/, "report", one, "--data", images);
      await refused(/dataset\.sha256/, "score-all", "--run", one, ...settings);
      const nowhere = join(folder, "nowhere");
      await refused(/nowhere: there is no such folder|cannot be listed/, "report", one, "--data", nowhere);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("images in .npy files end to end: one worker and two give the same scores.csv to the byte", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const random = createRandom("arrays");
    const data = Float32Array.from({ length: 48 * 20 * 16 }, () => random.uniform());
    const labels = Float32Array.from({ length: 48 }, (_, i) => i % 3);
    await writeFiles(join(folder, "digits"), {
      "images.npy": encodeNpy({ shape: [48, 20, 16], data }), // grey, and not square
      "labels.npy": encodeNpy({ shape: [48], data: labels }),
    });
    const settings = ["--profile", await writeQuickProfile(folder), "--data", join(folder, "digits")];
    for (const workers of ["1", "2"]) {
      const run = ["--run", join(folder, workers), "--workers", workers];
      const { code, err } = await finish(folder, "score-all", "--units", "conv2:1,fc3:2", ...run, ...settings);
      assert.equal(code, 0, err);
      assert.match(
        err,
        /^note: digits: 40 images to start from and 8 to compare with, with labels 0 to 2, of 16 x 20 px$/m,
      );
    }
    const scores = (run: string) => readFileSync(join(folder, run, "scores.csv"), "utf8");
    assert.equal(scores("1"), scores("2"));
    using run = readRun(join(folder, "1"));
    const { name, kind, images } = run.manifest.dataset!;
    assert.deepEqual([name, kind, images], ["digits", "arrays", 8]);
    await json("report", join(folder, "1"), "--data", join(folder, "digits"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("images of another size than the network's go through it, and one that is broken ends the run by its name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const images = join(folder, "large");
    const names = Array.from({ length: 30 }, (_, i) => `${i}.png`);
    await writeFiles(images, Object.fromEntries(names.map((name, i) => [name, randomPng(50, 60, i)])));
    const profile = await writeQuickProfile(folder);
    const unit = await json("score-unit", "conv1:0", "--profile", profile, "--data", images);
    assert.ok(unit.score.I >= 5);
    await Deno.writeTextFile(join(images, "7.png"), "no image");
    await refused(/7\.png is no image/, "score-unit", "conv1:0", "--profile", profile, "--data", images);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
