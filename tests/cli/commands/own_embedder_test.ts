/** A run whose embedder is a network of the user's, from the first note to its studies. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun } from "../../../lib/store/mod.ts";
import { inFolder } from "../../in_folder.ts";
import { floats, value, writeModel } from "../../networks/onnx/write_model.ts";
import { json, refused, writeQuickProfile } from "../refused.ts";
import { polysem } from "../run_main.ts";

/** Eight filters of 4 x 4 pixels of noise, then the mean over positions. */
const embedderOf = (prime: number) =>
  writeModel({
    node: [
      { opType: "Conv", name: "/body/Conv", input: ["image", "weight"], output: ["map"] },
      { opType: "GlobalAveragePool", input: ["map"], output: ["pooled"] },
      { opType: "Flatten", input: ["pooled"], output: ["embedding"] },
    ],
    initializer: [
      floats("weight", [8, 3, 4, 4], Array.from({ length: 384 }, (_, i) => ((i * prime) % 101 - 50) / 50)),
    ],
    input: [value("image", ["n", 3, 16, 16])],
    output: [value("embedding", [])],
  });
const EMBEDDER = embedderOf(7919);

Deno.test("score-all with an embedder from a file says what is not known of it, and studies ask where it is", () =>
  inFolder(async (folder) => {
    const file = join(folder, "mine.onnx");
    await Deno.writeFile(file, EMBEDDER);
    const run = join(folder, "run");
    const profile = await writeQuickProfile(folder);
    const args = ["score-all", "--no-data", "--no-report", "--profile", profile, "--units", "fc3:0-1", "--run", run];
    const { code, err } = await polysem(
      ...args,
      "--embedder",
      file,
      "--embedder-tensor",
      "body",
      "--embedder-pool",
      "mean",
    );
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^note: the embedder .*mine\.onnx is given pixels from 0 to 1 as they are: there is no .*mine\.json/m,
    );
    assert.match(err, /^note: embeddings are not centred: mine's weights come without a mean embedding/m);
    assert.match(
      err,
      /^note: the price of a cluster, beta 6\.56, is not calibrated for mine, .*validate calibrate --embedder .*mine\.onnx --embedder-tensor body --embedder-pool mean` finds it/m,
    );
    {
      using reader = readRun(run);
      const { embedder, embedderFormat, embedderInput, priceCalibrated, profile } = reader.manifest;
      assert.deepEqual({ embedder, embedderFormat, embedderInput, priceCalibrated, embed: profile.embed }, {
        embedder: "mine",
        embedderFormat: "onnx",
        embedderInput: { tensor: "body", pool: "mean" },
        priceCalibrated: false,
        embed: { embedder: "mine" },
      });
      assert.equal(reader.unit("fc3", 0)!.embeddings.cols, 8);
    }
    // the same command resumes, another tensor is another run
    const same = [...args, "--embedder", file, "--embedder-pool", "mean", "--embedder-tensor"];
    assert.match((await polysem(...same, "body")).err, /has 1 finished job; 0 to go/);
    await refused(/embedderInput\.tensor "body" there, "embedding" asked/, ...same, "embedding");
    // studies
    await refused(
      /run .* was made with the embedder in mine\.onnx; give --embedder-weights FILE to say where that is$/,
      ...["validate", "stability", run],
    );
    const study = await json("validate", "stability", run, "--embedder-weights", file, "--seeds", "2");
    assert.equal(study.reproduced, 1);
    assert.deepEqual(study.embedders[0], { ...study.embedders[0], name: "mine", own: true });
    await Deno.writeFile(file, embedderOf(6007));
    await refused(/made with another embedder mine/, "validate", "stability", run, "--embedder-weights", file);
  }));

Deno.test("score-unit takes the price that was found for an embedder, and how it takes images, from the files beside it", () =>
  inFolder(async (folder) => {
    const file = join(folder, "mine.onnx");
    await Deno.writeFile(file, EMBEDDER);
    await Deno.writeTextFile(join(folder, "mine.json"), JSON.stringify({ mean: [.5], std: [.25], tensor: "map" }));
    const out = join(folder, "out.npy");
    const images = join(folder, "images");
    const quick = await writeQuickProfile(folder);
    const unit = ["fc3:0", "--no-data", "--profile", quick];
    const { files } = await json("visualize", ...unit, "--out", images, "--count", "1");
    assert.ok(files === undefined || files.length > 0);
    const { sha256, embedder, shape } = await json(
      ...["embed", join(images, "fc3_0_00.png"), "--out", out, "--embedder", file],
    );
    assert.deepEqual([embedder, shape], ["mine", [1, 8]]);
    const calibration = {
      embedder_sha256: sha256,
      embedder_tensor: "map",
      lpips: "alex",
      cluster: { beta: 1.5, lpipsWeight: 0, pooledWeight: 0 },
    };
    await Deno.writeTextFile(join(folder, "mine.calibration.json"), JSON.stringify(calibration));
    const { code, err, out: text } = await polysem("score-unit", ...unit, "--embedder", file);
    assert.equal(code, 0, err);
    assert.match(err, /^note: the price of a cluster, beta 1\.5, is that of .*mine\.calibration\.json$/m);
    assert.doesNotMatch(err, /not calibrated|as they are/);
    assert.match(text, /quick/);
  }));

Deno.test("commands refuse options of an embedder that do not go together", () =>
  inFolder(async (folder) => {
    const unit = ["score-unit", "fc3:0", "--no-data"];
    await refused(
      /there is no embedder "clip"; choose resnet18-cifar10, resnet18-imagenet or alexnet-imagenet, or/,
      ...unit,
      "--embedder",
      "clip",
    );
    await refused(/there is no file .*none\.onnx; check the path/, ...unit, "--embedder", join(folder, "none.onnx"));
    await refused(
      /--embedder-tensor and --embedder-pool are for --embedder FILE\.onnx/,
      ...unit,
      "--embedder-tensor",
      "x",
    );
    const file = join(folder, "mine.onnx");
    await Deno.writeFile(file, EMBEDDER);
    await refused(
      /--embedder-weights is for an embedder that has a name/,
      ...unit,
      "--embedder",
      file,
      "--embedder-weights",
      file,
    );
    await refused(
      /mine\.onnx has no layer and no value nope; its outputs are embedding/,
      ...unit,
      "--embedder",
      file,
      "--embedder-tensor",
      "nope",
    );
    await Deno.writeTextFile(join(folder, "mine.json"), JSON.stringify({ pool: "max" }));
    await refused(
      /mine\.json: pool: .*; it takes size, mean, .* tensor and pool for an embedder/,
      ...unit,
      "--embedder",
      file,
    );
    await Deno.writeTextFile(join(folder, "mine.json"), "{");
    await refused(/mine\.json is not JSON/, ...unit, "--embedder", file);
    await Deno.writeTextFile(join(folder, "mine.json"), "{}");
    await Deno.writeFile(file, EMBEDDER.subarray(0, 200));
    await refused(/mine\.onnx/, ...unit, "--embedder", file);
  }));
