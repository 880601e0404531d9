import assert from "node:assert/strict";
import { join } from "node:path";
import { useBackend } from "../../../lib/engine/mod.ts";
import { usesOneDnn } from "../../../lib/engine/one_dnn.ts";
import { readPng } from "../../../lib/images/png.ts";
import { readRun } from "../../../lib/store/mod.ts";
import { assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { polysem } from "../run_main.ts";
import { json, refused, weightsOf, writeQuickProfile } from "../refused.ts";

await useBackend(); // the engine is asked once it is started

/** Images that repel each other carry last bits on, which depend on the number of images in a batch where oneDNN is not used. */
const REPELLED = usesOneDnn() ? "conv2:2-3" : "conv2:3";

for (
  const [kind, units, repulsion] of [["images by themselves", "conv2:2-3", 0], [
    "images that repel each other",
    REPELLED,
    1,
  ]] as const
) {
  Deno.test(`score-unit is the unit of a run, ${kind}: the same images, distances, activations and scores`, () =>
    inFolder(async (folder) => {
      const profile = await writeQuickProfile(folder);
      const quick = JSON.parse(await Deno.readTextFile(profile));
      await Deno.writeTextFile(profile, JSON.stringify({ ...quick, visualize: { ...quick.visualize, repulsion } }));
      const settings = ["--no-data", "--profile", profile, "--seed", "4"];
      await json("score-all", "--units", units, "--run", join(folder, "run"), ...settings);
      const out = join(folder, "made", "here");
      const result = await json("score-unit", "conv2:3", "--out", out, ...settings);
      assertDocumented("score-unit", result, ["attributions", "dataset_best", "check"]); // without a dataset
      using run = readRun(join(folder, "run"));
      const stored = run.unit("conv2", 3)!;
      for (
        const key of [
          "layer",
          "unit",
          "stopReason",
          "flags",
          "activations",
          "distances",
          "pooledDistances",
          "score",
          "scoreInterval",
          "kShares",
          "paper",
          "meanAngle",
        ] as const
      ) {
        const expected = JSON.parse(JSON.stringify(stored[key]));
        // the former name of a candidate's criterion stays for a release
        for (const candidate of expected?.candidates ?? []) candidate.bic = candidate.criterion;
        assert.deepEqual(result[key], expected, key);
      }
      // by the names of scores.csv too
      assert.equal(result.stop_reason, stored.stopReason);
      assert.equal(result.mean_angle, stored.meanAngle);
      assert.equal(result.dataset_max, null);
      const { scoreInterval, kShares } = stored;
      assert.deepEqual([result.S_low, result.S_high], [scoreInterval?.low ?? null, scoreInterval?.high ?? null]);
      assert.deepEqual([result.K1_share, result.K3_share], [kShares?.K1 ?? null, kShares?.K3 ?? null]);
      assert.equal(result.profile, "quick");
      assert.equal(result.embedder, "resnet18-cifar10");
      assert.equal(result.meanDistances[0], stored.distances[0]); // d_2 is the one distance of two images
      assert.equal(result.check, null);
      // the profile's own criterion chooses the profile's K
      assert.equal(result.k_by_criterion["sse-penalty"], stored.score!.K);
      const { I, assignments } = stored.score!;
      assert.equal(result.files.length, I + 1);
      assert.equal(result.files.at(-1), join(out, "conv2_3_sheet.png"));
      // images of 32 px twofold, 2 px around each and at most eight in a row; 12 px between clusters
      const sizes = Array.from({ length: stored.score!.K }, (_, k) => assignments.filter((each) => each === k).length);
      const heights = sizes.map((size) => 2 + Math.ceil(size / Math.min(8, Math.max(...sizes))) * 66);
      const sheet = await readPng(result.files.at(-1));
      assert.equal(sheet.height, heights.reduce((sum, height) => sum + height, 12 * (sizes.length - 1)));
      const clusters = result.files.slice(0, -1).map((file: string) => Number(/_cluster(\d+)_/.exec(file)![1]));
      assert.deepEqual(clusters, [...assignments].sort((a, b) => a - b)); // the sheet goes cluster by cluster
      const pixels = stored.images.height * stored.images.width * 3;
      for (const file of result.files.slice(0, -1)) {
        const index = Number(/conv2_3_(\d\d)_/.exec(file)![1]);
        const { data } = await readPng(file);
        assert.deepEqual(data, stored.images.data.slice(index * pixels, (index + 1) * pixels), file);
      }
    }));
}

Deno.test("score-unit shows each stage", () =>
  inFolder(async (folder) => {
    const { code, out, err } = await polysem(
      "score-unit",
      "fc3:1",
      "--no-data",
      "--profile",
      await writeQuickProfile(folder),
    );
    assert.equal(code, 0, err);
    assert.match(out, /│ quick +│/);
    assert.match(out, /│ literal \(change < 0\.02, BIC\) │/);
    assert.match(out, /^Mean LPIPS 0\.\d{3} after \d images \(stopped by: (elbow|maximum)\)\.$/m);
    assert.match(out, /^Clusters of \d.* images; mean pairwise angle 0\.\d{3} of a half turn\.$/m);
    assert.match(
      out,
      /^(90 % interval of S: .*; in random halves of its images K = 1 in|Too few images to tell how sure)/m,
    );
    assert.match(out, /^K by criterion: .*sse-penalty \d/m);
    assert.match(out, /^Without a dataset there is no check of section 3\.$/m);
    assert.match(out, /^Flags: .*noise_start/m);
    assert.match(err, /^note: without a dataset ascent starts from noise/m);
  }));

Deno.test("score-unit refuses what is not one unit of the model, and a folder that cannot be", () =>
  inFolder(async (folder) => {
    await refused(/"conv2:0-3" is several units; give one, such as conv2:3$/, "score-unit", "conv2:0-3");
    await refused(/unit fc3:10 is out of range; fc3 has 10 units/, "score-unit", "fc3:10");
    await refused(/layer "conv3" is not in the model/, "score-unit", "conv3:0");
    await refused(/unit "3" is malformed/, "score-unit", "3");
    await refused(/missing required argument 'unit'/, "score-unit");
    await refused(/there is no model "x"/, "score-unit", "conv2:3", "--model", "x");
    await Deno.writeTextFile(join(folder, "file"), "");
    await refused(
      /cannot write images to .*file: .*; choose another folder with --out$/,
      ...["score-unit", "conv2:3", "--no-data", "--out", join(folder, "file")],
    );
    await refused(
      /is it the weight file of another network\?/,
      ...["score-unit", "conv2:3", "--no-data", "--model-weights", weightsOf("lpips-alex")],
    );
  }));
