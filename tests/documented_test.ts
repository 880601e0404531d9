import assert from "node:assert/strict";
import { join } from "node:path";
import { withPresentNames } from "../lib/cli/console/json_names.ts";
import { encodeNpy } from "../lib/npy.ts";
import { DATASET_HIGHER } from "../lib/run_data.ts";
import { json, writeQuickProfile } from "./cli/refused.ts";
import { polysem } from "./cli/run_main.ts";
import { assertColumns, assertDocumented, FLAGS, SECTIONS } from "./documented.ts";
import { inFolder } from "./in_folder.ts";
import { jobRecords, makeRun, MANIFEST, withDataset } from "./store/example_run.ts";
import { writeOldRun } from "./store/old_run.ts";

const ROOT = join(import.meta.dirname!, "..");
const readText = (...path: string[]) => Deno.readTextFileSync(join(ROOT, ...path));

/** Commands that print no JSON of their own. */
const WITHOUT_JSON = ["help", "lab", "validate", "weights"];

Deno.test("docs/files.md has a section for every command, and no other command", async () => {
  const commandsOf = async (...parent: string[]) =>
    [...(await polysem(...parent, "--help")).out.matchAll(/^ {2}([a-z][a-z-]+)[ |]/gm)]
      .map(([, name]) => [...parent, name].join(" ")).filter((name) => !name.endsWith("help"));
  const commands = [await commandsOf(), await commandsOf("validate"), await commandsOf("weights")].flat()
    .filter((name) => !WITHOUT_JSON.includes(name));
  const sections = [...SECTIONS.keys()].filter((title) => !title.includes(".") && title !== "train gan-cifar10");
  assert.deepEqual(sections.sort(), commands.sort());
});

Deno.test("every key that a command prints is snake_case, but for the field's symbols and the names of the data", () => {
  const word = "(?:[a-z][a-z0-9]*|[A-Z][0-9]?)"; // S, K1
  const key = new RegExp(`^${word}(?:_(?:[a-z0-9]+|[A-Z][0-9]?))*$`);
  for (const [section, names] of SECTIONS) {
    if (/\.(csv|json)$/.test(section)) continue; // the manifest in scores.json has the names of the run file
    for (const name of names) {
      if (section === "validate calibrate" && name.startsWith("cluster.")) continue; // settings of a profile
      for (const part of name.replaceAll("[]", "").split(".").filter((part) => part !== "" && part !== "*")) {
        assert.match(part, key, `${section}: ${name}`);
      }
    }
  }
});

Deno.test("docs/files.md has every flag that scoring gives, and no other", () => {
  const source = readText("lib", "pipeline", "score_units.ts");
  const given = [/unscored\([^,()]+, "(\w+)"\)/g, /\? \["(\w+)"\] : \[\]/g]
    .flatMap((each) => [...source.matchAll(each)].map(([, flag]) => flag));
  assert.ok(given.length >= 8, given.join());
  assert.deepEqual([...FLAGS].sort(), [...new Set([...given, DATASET_HIGHER])].sort());
});

Deno.test("assertDocumented() and assertColumns() tell what is not documented and what was not written", () => {
  const distance = { net: "alex", version: "0.1", distance: 0, layers: [0] };
  assertDocumented("lpips", distance);
  const found = { undocumented: ["metric"], unwritten: ["version"] };
  const differs = { actual: found, expected: { undocumented: [], unwritten: [] } };
  const { version: _, ...without } = distance;
  assert.throws(() => assertDocumented("lpips", { ...without, metric: 1 }), differs);
  assertDocumented("lpips", without, ["version"]);
  assert.throws(() => assertColumns("null_scores.csv", "layer,unit,K,S,null,null_K,null_I\n"), {
    actual: { undocumented: ["null_I"], unwritten: ["null_S"] },
  });
  // a former name needs its present one beside it
  assert.throws(() => assertDocumented("export", { file: "", format: "", units: 0, fileName: "" }), {
    actual: { undocumented: ["fileName"], unwritten: [] },
  });
});

Deno.test("the JSON of score-embeddings, layers, lpips, migrate and export is as docs/files.md says", () =>
  inFolder(async (folder) => {
    const embeddings = join(folder, "two.npy");
    const data = Float32Array.from({ length: 40 }, (_, i) => Number(i % 2 === Math.floor(i / 20)) + (i % 7) / 100);
    await Deno.writeFile(embeddings, encodeNpy({ shape: [20, 2], data }));
    assertDocumented("score-embeddings", await json("score-embeddings", embeddings));

    const onnx = join(ROOT, "fixtures", "onnx", "resnet.script.onnx");
    assertDocumented("layers", await json("layers", onnx));
    const of = (name: string) => join(ROOT, "fixtures", "lpips", name);
    assertDocumented("lpips", await json("lpips", of("ex_ref.png"), of("ex_p0.png")));

    const old = join(folder, "old");
    const jobs = new Map([[0, { units: jobRecords(0).map(withDataset), seconds: 1 }]]);
    writeOldRun(old, MANIFEST, 2, jobs);
    assertDocumented("migrate", await json("migrate", old));

    const { file } = await json("export", makeRun(join(folder, "run"), [0, 1, 2]), "--format", "json");
    const ofFiles = ["modelFormat", "embedderFormat", "modelInput", "embedderInput", "modelClasses", "priceCalibrated"];
    const absent = [...ofFiles, "dataset.kind", "kernels"].map((name) => `manifest.${name}`);
    assertDocumented("scores.json", JSON.parse(Deno.readTextFileSync(file)), absent);
  }));

Deno.test("the JSON of validate steps is as docs/files.md says", () =>
  inFolder(async (folder) => {
    const few = ["--units", "fc3:0", "--images", "1", "--most", "16", "--no-data"];
    const profile = await writeQuickProfile(folder);
    assertDocumented("validate steps", await json("validate", "steps", ...few, "--profile", profile));
  }));

Deno.test("what train and validate wrote of the committed models is as docs/files.md says", () => {
  const written = (...path: string[]) =>
    withPresentNames(JSON.parse(readText(...path))).document as Record<string, unknown>;
  assertDocumented("train gan-cifar10", written("models", "gan-cifar10", "training.json"));
  assertDocumented("validate gan", written("models", "gan-cifar10", "measures.json"));
  assertDocumented("validate planted", { ...written("docs", "data", "planted.json"), files: [] });
  const absent = ["folder", "trained"]; // of --train-only
  assertDocumented("validate trained", { ...written("docs", "data", "trained.json"), files: [] }, absent);
  const calibration = written("models", "resnet18-cifar10", "calibration.json");
  const ofFiles = ["embedder_tensor", "embedder_pool"];
  assertDocumented("validate calibrate", { file: "calibration.json", ...calibration }, ofFiles);
});
