import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadEmbedder } from "../../lib/embed/mod.ts";
import { useBackend } from "../../lib/engine/mod.ts";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import { CALIBRATED } from "../../lib/pipeline/mod.ts";

await useBackend();

Deno.test("the calibrated profile is what the calibration beside its embedder found", async () => {
  const { embedder: name } = CALIBRATED.embed;
  const calibration = JSON.parse(readFileSync(join(MODELS_DIRECTORY, name, "calibration.json"), "utf8"));
  const { beta, lpipsWeight, pooledWeight } = CALIBRATED.cluster;
  assert.deepEqual(calibration.cluster, { beta, lpipsWeight, pooledWeight });
  assert.equal(calibration.lpips, CALIBRATED.lpips.net);
  const embedder = await loadEmbedder(name);
  embedder.dispose();
  assert.equal(calibration.embedder_sha256, embedder.sha256); // it holds for these weights alone
});
