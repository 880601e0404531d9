/** Models whose weights are downloaded, at the command line, with made-up weights in a file of one's own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeSafetensors } from "../../../lib/weights/mod.ts";
import { inFolder } from "../../in_folder.ts";
import { type MadeUpTensor, madeUpTensors } from "../../networks/made_up_resnet.ts";
import fixture from "../../../fixtures/networks/torchvision_networks.json" with { type: "json" };
import { json, refused, writeQuickProfile } from "../refused.ts";
import { polysem } from "../run_main.ts";

const MODEL = ["--model", "squeezenet1_1-imagenet", "--input-size", "64"];

async function writeWeights(folder: string): Promise<string[]> {
  const { tensors } = fixture.networks.find(({ name }) => name === "squeezenet1_1-imagenet")!;
  const file = join(folder, "mine.safetensors");
  await Deno.writeFile(file, encodeSafetensors(madeUpTensors(tensors as unknown as MadeUpTensor[])));
  return ["--model-weights", file];
}

Deno.test("layers lists torchvision's networks without their weights", async () => {
  const { out, code } = await polysem("layers", "resnet50-imagenet");
  assert.equal(code, 0);
  assert.match(out, /layer4\.0\.downsample\.0 +│ +2048 │ grid/);
  assert.match(out, /fc +│ +1000 │ none/);
});

Deno.test("score-unit and visualize take a fetched model with weights of one's own", () =>
  inFolder(async (folder) => {
    const model = [...MODEL, ...await writeWeights(folder)];
    const quick = ["--profile", await writeQuickProfile(folder), "--no-data"];
    const scored = await json("score-unit", "features.4.expand3x3:5", ...model, ...quick);
    assert.ok(Number.isFinite(scored.score.S));
    const seen = join(folder, "seen");
    const visualized = ["features.0:1", "--count", "2", "--out", seen];
    assert.equal((await polysem("visualize", ...visualized, ...model, ...quick)).code, 0);
    assert.ok([...Deno.readDirSync(seen)].length > 0);
  }));

Deno.test("score-all scores a fetched model with weights of one's own, and its run states the size of the images", () =>
  inFolder(async (folder) => {
    const model = [...MODEL, ...await writeWeights(folder)];
    const quick = ["--profile", await writeQuickProfile(folder), "--no-data"];
    const run = join(folder, "run");
    const settings = ["--layers", "features.3.squeeze", "--sample", "2", "--no-report", "--run", run];
    const all = await json("score-all", ...model, ...quick, ...settings);
    assert.equal(all.layers[0].units, 2);
    const file = join(folder, "e.json");
    await json("export", run, "--format", "json", "--out", file);
    const { manifest } = JSON.parse(await Deno.readTextFile(file));
    assert.equal(manifest.model, "squeezenet1_1-imagenet");
    assert.deepEqual(manifest.modelInput, { size: { height: 64, width: 64 } });
  }));

Deno.test("commands say in one line how to fetch weights that are not there", () =>
  inFolder(async (folder) => {
    const kept = Deno.env.get("POLYSEM_CACHE");
    Deno.env.set("POLYSEM_CACHE", folder);
    try {
      await refused(
        /`deno task weights fetch squeezenet1_1-imagenet`/,
        "score-unit",
        "features.0:1",
        ...MODEL,
        "--no-data",
      );
    } finally {
      if (kept === undefined) Deno.env.delete("POLYSEM_CACHE");
      else Deno.env.set("POLYSEM_CACHE", kept);
    }
  }));
