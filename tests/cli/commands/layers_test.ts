import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../../in_folder.ts";
import { polysem } from "../run_main.ts";
import { json, refused, writeQuickProfile } from "../refused.ts";

const RESNET = new URL("../../../fixtures/onnx/resnet.script.onnx", import.meta.url).pathname;

Deno.test("layers lists the layers of a model that comes with polysem", async () => {
  const { layers, input } = await json("layers", "lenet5-cifar10");
  assert.deepEqual(input, { height: 32, width: 32 });
  assert.deepEqual(layers.map(({ name, units }: { name: string; units: number }) => [name, units]), [
    ["conv1", 6],
    ["conv2", 16],
    ["fc1", 120],
    ["fc2", 84],
    ["fc3", 10],
  ]);
  assert.match((await polysem("layers")).out, /conv2.*16.*grid/);
});

Deno.test("layers lists ResNet-18's layers and AlexNet's, whose images have the size that is said", async () => {
  const resnet = await polysem("layers", "resnet18-cifar10");
  assert.match(resnet.out, /layer2\.0\.downsample\.0 +│ +128 │ grid/);
  const { input, layers } = await json("layers", "alexnet-imagenet", "--input-size", "96x224");
  assert.deepEqual(input, { height: 96, width: 224 });
  assert.deepEqual(layers.map(({ name, units }: { name: string; units: number }) => [name, units]), [
    ["features.0", 64],
    ["features.3", 192],
    ["features.6", 384],
    ["features.8", 256],
    ["features.10", 256],
  ]);
});

Deno.test("score-all draws units of a layer, and its run states the size of AlexNet's images", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const settings = [
      ...["--model", "alexnet-imagenet", "--layers", "features.6", "--sample", "2", "--no-data", "--no-report"],
      ...["--profile", await writeQuickProfile(folder), "--run", run],
    ];
    const scored = await json("score-all", ...settings);
    assert.equal(scored.layers[0].units, 2);
    const exported = JSON.parse(
      await Deno.readTextFile((await json("export", run, "--format", "json", "--out", join(folder, "e.json"))).file),
    );
    assert.equal(exported.manifest.modelFormat, undefined);
    assert.deepEqual(exported.manifest.modelInput, { size: { height: 64, width: 64 } });
    // the same size, said, goes on with the run; another does not
    await json("score-all", ...settings, "--input-size", "64");
    await refused(/made with other settings: modelInput\.size/, "score-all", ...settings, "--input-size", "96");
    await refused(/both a sample and a limit/, "score-all", ...settings, "--limit", "1");
    await refused(/both a sample and units/, "score-all", "--units", "fc3:0", "--sample", "2");
  }));

Deno.test("layers lists an .onnx file's layers by module names, and says why some cannot be scored", async () => {
  const { code, out, err } = await polysem("layers", RESNET);
  assert.equal(code, 0, err);
  assert.match(out, /conv1 +│ Conv .*│ yes/);
  assert.match(out, /Relu.*after a nonlinearity; score conv1/);
  await refused(
    /layer Relu cannot be scored: its values are after a nonlinearity; score conv1/,
    "score-unit",
    "Relu:0",
    "--model",
    RESNET,
  );
  await refused(/layer Relu cannot be scored/, "score-all", "--layers", "conv1,Relu", "--model", RESNET);
  assert.match(err, /note: .*pixels from 0 to 1 as they are: neither --mean and --std/);
});

Deno.test("an .onnx model is scored into a run that knows how it takes its images", () =>
  inFolder(async (folder) => {
    const profile = await writeQuickProfile(folder);
    const model = join(folder, "mine.onnx");
    await Deno.copyFile(RESNET, model);
    await Deno.writeTextFile(join(folder, "mine.json"), JSON.stringify({ mean: 0.5, std: [0.25] })); // one number for all
    const { layers } = await json("layers", model);
    const { name } = layers.find(({ reason }: { reason: string | null }) => reason === null);
    const run = join(folder, "run");
    const settings = ["--model", model, "--no-data", "--profile", profile];
    const scored = await json("score-all", ...settings, "--units", `${name}:0-1`, "--run", run);
    assert.equal(scored.layers[0].units, 2);
    const exported = JSON.parse(
      await Deno.readTextFile((await json("export", run, "--format", "json", "--out", join(folder, "e.json"))).file),
    );
    assert.equal(exported.manifest.model, "mine");
    assert.equal(exported.manifest.modelFormat, "onnx");
    assert.deepEqual(exported.manifest.modelInput, { mean: [0.5], std: [0.25] });
    assert.match(exported.manifest.modelSha256, /^[0-9a-f]{64}$/);
    assert.ok(!JSON.stringify(exported.manifest).includes(folder), "a run says nothing of where the file was");

    // another mean is another run
    await refused(
      /made with other settings: modelInput\.mean/,
      ...["score-all", ...settings, "--units", `${name}:0-1`, "--run", run, "--mean", "0.4"],
    );
  }));

Deno.test("options of models and of .onnx files do not mix, and wrong ones are refused", () =>
  inFolder(async (folder) => {
    await refused(/--mean, --std, .* are for \.onnx files/, "layers", "lenet5-cifar10", "--mean", "0.5");
    await refused(/takes images of 32 x 32 px, and no others/, "layers", "resnet18-cifar10", "--input-size", "64");
    await refused(/alexnet-imagenet takes images of 64 to 224 px/, "layers", "alexnet-imagenet", "--input-size", "32");
    await refused(/resnet\.pth is no \.onnx file; export the network by torch\.onnx\.export/, "layers", "resnet.pth");
    const bytes = await polysem("layers", RESNET, "--mean", "123.7", "--std", "58");
    assert.match(bytes.err, /note: .*mean 123\.7 and std 58 are for pixels from 0 to 255, .* say --input-range 0,255/);
    await refused(/an \.onnx file has its weights with it/, "layers", RESNET, "--model-weights", "w.pth");
    await refused(/Give one number, or one for each of three colours/, "layers", RESNET, "--mean", "0.5,0.5");
    await refused(/Give a number of pixels/, "layers", RESNET, "--input-size", "0");
    await refused(/Give two numbers/, "layers", RESNET, "--input-range", "1,1");
    await refused(
      /there is no model "resnet19"; choose lenet5-cifar10.*, or give an \.onnx or \.ts file$/,
      "layers",
      "resnet19",
    );
    await refused(/^error: there is no file .*missing\.onnx; check the path$/, "layers", join(folder, "missing.onnx"));
    await refused(/^error: there is no file .*missing\.ts; check the path$/, "layers", join(folder, "missing.ts"));
    await refused(
      /^error: there is no file .*; check the path$/,
      "score-unit",
      "a:0",
      "--model",
      join(folder, "no.js"),
    );
    const program = join(folder, "mine.ts");
    await Deno.writeTextFile(program, "\nthrow 1;");
    for (const flag of [["--mean", ".5"], ["--input-size", "64"], ["--model-weights", "w.pth"]]) {
      await refused(
        /mine\.ts reads its own weights and takes its images as it says: leave/,
        "layers",
        program,
        ...flag,
      );
    }
    await refused(/^error: mine\.ts cannot be loaded: 1$/, "score-all", "--model", program);
    const model = join(folder, "mine.onnx");
    await Deno.copyFile(RESNET, model);
    await Deno.writeTextFile(join(folder, "mine.json"), `{"average": 1}`);
    await refused(/mine\.json: .*average.*it takes size, mean, std, range, colours and classes/, "layers", model);
    await Deno.writeTextFile(join(folder, "mine.json"), "{");
    await refused(/mine\.json is not JSON/, "layers", model);
  }));
