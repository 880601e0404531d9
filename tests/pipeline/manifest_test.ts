import assert from "node:assert/strict";
import { join } from "node:path";
import { CIFAR10_SHA256 } from "../../lib/data/mod.ts";
import { useBackend } from "../../lib/engine/mod.ts";
import { CALIBRATED, loadContext, manifestOf } from "../../lib/pipeline/mod.ts";
import { openRun, readRun } from "../../lib/store/mod.ts";
import { findWeightSet, sha256OfFile } from "../../lib/weights/mod.ts";
import { sharedRef } from "../data/made_up_dataset.ts";
import { randomImages } from "./stand_ins.ts";
import config from "../../deno.json" with { type: "json" };

const report = await useBackend();

const PLAN = {
  profileName: "mine",
  jobs: [{ layer: "conv1", units: [0, 3] }, { layer: "fc3", units: [9] }],
  shard: { index: 1, count: 2 },
};

Deno.test("manifestOf() states what a run is made with, and a run stores just that", async () => {
  const context = await loadContext({
    subject: {
      model: { kind: "shipped", name: "lenet5-cifar10" },
      dataset: sharedRef(randomImages(3, "train"), randomImages(7, "test")),
    },
    instruments: { profile: CALIBRATED },
    seed: 11,
  });
  const folder = await Deno.makeTempDir();
  try {
    const engine = { backend: report.backend, versions: { tfjs: "1.2.3", tensorflow: "2.3.0" } };
    const manifest = manifestOf(context, PLAN, engine);
    const committed = async (name: string) => await sha256OfFile((await findWeightSet(name)).files[0].path);
    assert.deepEqual(manifest, {
      schema: 4,
      version: config.version,
      model: "lenet5-cifar10",
      modelSha256: await committed("lenet5-cifar10"),
      seed: 11,
      profileName: "mine",
      profile: CALIBRATED,
      embedder: "resnet18-cifar10",
      embedderSha256: await committed("resnet18-cifar10"),
      lpips: "alex",
      lpipsSha256: await committed("lpips-alex"),
      dataset: { name: "cifar10", sha256: CIFAR10_SHA256, images: 7 },
      jobs: PLAN.jobs,
      shard: { index: 1, count: 2 },
      engine: `${report.backend}, tfjs 1.2.3, tensorflow 2.3.0`,
    });
    openRun(join(folder, "run"), manifest).close();
    using run = readRun(join(folder, "run"));
    assert.deepEqual(run.manifest, manifest);
    // the same again resumes the run
    openRun(join(folder, "run"), manifestOf(context, PLAN, engine)).close();
    const kernels = "AVX2, oneDNN off";
    assert.deepEqual(manifestOf(context, PLAN, engine, kernels), { ...manifest, kernels: [kernels] });
    assert.equal(manifestOf({ ...context, dataset: null }, PLAN, report).dataset, null);
  } finally {
    context.dispose();
    await Deno.remove(folder, { recursive: true });
  }
});
