import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { isAddonInstalled } from "../lib/engine/native/addon.ts";

const FACE = resolve(import.meta.dirname!, "..", "lib", "mod.ts");

/**
 * What programs build on. A name leaves this list only on purpose, and is named in the notes of the release.
 */
const VALUES = `
  CALIBRATED InputError PAPER activationCheck calibrate checkNetwork clusterEmbeddings compareCriteria createPlan createPlantedNetwork
  datasetActivations describeModel drawShape exportRun findElbow imageActivations latentOf loadContext loadEmbedder
  loadGenerator loadInstruments loadLpips loadNetwork loadProfile manifestOf meanPairwiseAngle measureGenerator mergeRuns migrateRun
  modelTools
  openDataset openRun passDataset probeMasks probeUnits readMask readRun runPlantedStudy runningMeanDistances sampleGrid
  score scoreAll scoreAllInWorkers scoreEmbeddings scoreLabelledEmbeddings scoreUnits selectUnits suggestWorkers
  summarizeStudy tf useBackend visualize
`.trim().split(/\s+/);

const TYPES = `
  ActivationCheck Backend BackendReport ClusterOptions Clustering Conditions ContextRef Dataset DatasetRef Elbow ElbowRule
  Embedder EmbedderRef ImageGenerator ImageSource Lpips LpipsSequence Mask ModelRef ModelTools Network PipelineContext Profile VisualizeOptions
`.trim().split(/\s+/);

const PLAIN_DATA = `
  AttributionDistances ClusterCandidate ClusteringRecord DatasetChunk DatasetImage DatasetRecord ImageBatch KShares LayerInfo Matrix RunManifest
  ScoreInterval ScoreParts Size StopReason UnitId UnitRecord
`.trim().split(/\s+/);

Deno.test("lib/mod.ts exports these values", async () => {
  assert.deepEqual(Object.keys(await import("../lib/mod.ts")).sort(), VALUES);
});

Deno.test("lib/mod.ts exports these types", async () => {
  const source = await Deno.readTextFile(FACE);
  const types = [...source.matchAll(/\btype (\w+)/g)].map(([, name]) => name).sort();
  assert.deepEqual(types, TYPES);
  assert.match(source, /^export type \* from "\.\/types\.ts";$/m);
  const plain = await Deno.readTextFile(join(FACE, "..", "types.ts"));
  const declared = [...plain.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name).sort();
  assert.deepEqual(declared, PLAIN_DATA);
});

Deno.test("deno task api makes a page for every value and type that lib/mod.ts exports", async () => {
  const root = join(FACE, "..", "..");
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const folder = await Deno.makeTempDir();
  try {
    const [program, ...args] = tasks.api.command.replace("docs/api", folder).split(" ");
    assert.equal(program, "deno");
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const pages = [...Deno.readDirSync(join(folder, "~"))].map(({ name }) => name);
    for (const name of [...VALUES, ...TYPES, ...PLAIN_DATA]) assert.ok(pages.includes(`${name}.html`), name);
    const front = await Deno.readTextFile(join(folder, "index.html"));
    assert.doesNotMatch(front, /@link/, "a link that leads nowhere");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Runs a program in a folder of its own, outside the repository, beside an empty package.json. */
async function runOutside(program: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "package.json"), "{}");
    await Deno.writeTextFile(join(folder, "program.ts"), program);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-remote", "--allow-all", "program.ts"],
      cwd: folder,
      env: { TF_CPP_MIN_LOG_LEVEL: "3" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a program outside the repository imports lib/mod.ts and scores embeddings", async () => {
  // two clusters of two images, centres at a right angle: C = 1/3, D = 1/2, S = 2/3
  const program = `
    import { scoreLabelledEmbeddings } from ${JSON.stringify(FACE)};
    const embeddings = { rows: 4, cols: 2, data: Float64Array.of(1, 0, 1, 0, 0, 1, 0, 1) };
    console.log(scoreLabelledEmbeddings(embeddings, [0, 0, 1, 1]).S);
  `;
  assert.ok(Math.abs(Number(await runOutside(program)) - 2 / 3) < 1e-12);
});

Deno.test({
  name: "a program outside the repository scores a unit on the native engine" +
    (isAddonInstalled() ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: !isAddonInstalled(),
  fn: async () => {
    const program = `
      import { CALIBRATED, loadContext, scoreUnits, useBackend } from ${JSON.stringify(FACE)};
      const { backend } = await useBackend();
      const profile = structuredClone(CALIBRATED);
      profile.visualize.steps = 2;
      Object.assign(profile.elbow, { minImages: 4, maxImages: 4 });
      const context = await loadContext({
        subject: { model: { kind: "shipped", name: "lenet5-cifar10" }, dataset: null },
        instruments: { profile },
        seed: 0,
      });
      const [{ score, images }] = await scoreUnits(context, "conv2", [3]);
      console.log(backend, images.count, score.I);
      Deno.exit(0);
    `;
    assert.equal(await runOutside(program), "native 4 4");
  },
});
