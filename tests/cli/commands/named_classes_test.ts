/** A model of the user's whose classes have names. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun } from "../../../lib/store/mod.ts";
import { inFolder } from "../../in_folder.ts";
import { floats, value, writeModel } from "../../networks/onnx/write_model.ts";
import { refused, writeQuickProfile } from "../refused.ts";
import { polysem } from "../run_main.ts";

/** The means of red, green and blue, as three classes. */
const MODEL = writeModel({
  node: [
    { opType: "Conv", name: "/body/Conv", input: ["image", "weight"], output: ["map"] },
    { opType: "GlobalAveragePool", input: ["map"], output: ["pooled"] },
    { opType: "Flatten", input: ["pooled"], output: ["flat"] },
    { opType: "Gemm", name: "/head/Gemm", input: ["flat", "identity"], output: ["scores"] },
  ],
  initializer: [
    floats("weight", [3, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1]),
    floats("identity", [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]),
  ],
  input: [value("image", ["n", 3, 32, 32])],
  output: [value("scores", [])],
});

Deno.test("classes beside a model name the units of its last layer, in the manifest and on the page", () =>
  inFolder(async (folder) => {
    const model = join(folder, "colours.onnx");
    await Deno.writeFile(model, MODEL);
    const says = (classes: unknown) =>
      Deno.writeTextFile(join(folder, "colours.json"), JSON.stringify({ classes, std: [1] }));
    const run = join(folder, "run");
    const args = [
      "score-all",
      "--no-data",
      "--profile",
      await writeQuickProfile(folder),
      "--model",
      model,
      "--run",
      run,
    ];
    await says(["rose", "leaf"]);
    await refused(
      /2 classes are named for .*colours\.onnx, and its last layer head has 3 units; name one for each unit, or none$/,
      ...args,
    );
    await says(["rose", ""]);
    await refused(/colours\.json: classes\.1: /, ...args);
    await says(["rose", "leaf", "<b>sky</b>"]);
    const { code, err } = await polysem(...args);
    assert.equal(code, 0, err);
    {
      using reader = readRun(run);
      assert.deepEqual(reader.manifest.modelClasses, { layer: "head", names: ["rose", "leaf", "<b>sky</b>"] });
    }
    const page = await Deno.readTextFile(join(run, "report.html"));
    const index = JSON.parse(/<script type="application\/json" id="index">(.*?)<\/script>/s.exec(page)![1]);
    assert.deepEqual(
      index.units.map(({ id, class: name }: { id: string; class?: string }) => [id, name]),
      [
        ...[0, 1, 2].map((unit) => [`body:${unit}`, undefined]),
        ["head:0", "rose"],
        ["head:1", "leaf"],
        ["head:2", "<b>sky</b>"],
      ],
    );
    assert.ok(!page.includes("<b>sky</b>"), "a name from a file is text, not markup");
  }));
