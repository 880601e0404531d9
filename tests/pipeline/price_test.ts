import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { CALIBRATED, calibrationPath, PAPER, priceFor, type Profile, withEmbedder } from "../../lib/pipeline/mod.ts";
import { MODELS_DIRECTORY } from "../../lib/weights/registry.ts";
import { sha256OfFile } from "../../lib/weights/load_weights.ts";
import { inFolder } from "../in_folder.ts";

const SHA = "ab".repeat(32);
const FOUND = { embedder_sha256: SHA, lpips: "alex", cluster: { beta: 3.25, lpipsWeight: 2, pooledWeight: 0 } };

async function withCalibration(
  document: unknown,
  use: (embedder: { kind: "onnx"; file: string }) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const file = join(folder, "mine.onnx");
    await Deno.writeTextFile(join(folder, "mine.calibration.json"), JSON.stringify(document));
    await use({ kind: "onnx", file });
  });
}

Deno.test("priceFor() takes the price that was found for an embedder from the file beside it", async () => {
  await withCalibration(FOUND, async (embedder) => {
    const profile = withEmbedder(CALIBRATED, embedder);
    assert.deepEqual(profile.embed, { embedder: "mine" });
    const { profile: priced, file, calibrated } = await priceFor(profile, embedder, SHA);
    assert.equal(file, await calibrationPath(embedder));
    assert.equal(calibrated, true);
    assert.deepEqual(priced, { ...profile, cluster: { ...CALIBRATED.cluster, ...FOUND.cluster } });
  });
});

Deno.test("priceFor() says that a price is not calibrated where none was found for these weights, this tensor and LPIPS", async () => {
  const uncalibrated = { profile: CALIBRATED, file: null, calibrated: false };
  await withCalibration(FOUND, async (embedder) => {
    assert.deepEqual(await priceFor(CALIBRATED, embedder, "cd".repeat(32)), uncalibrated);
    assert.deepEqual(await priceFor(CALIBRATED, { ...embedder, file: `${embedder.file}x` }, SHA), uncalibrated);
    const other = { ...embedder, options: { tensor: "blocks.1" } };
    assert.deepEqual(await priceFor(CALIBRATED, other, SHA), uncalibrated);
    assert.deepEqual(await priceFor(CALIBRATED, { ...embedder, options: { pool: "class-token" } }, SHA), uncalibrated);
    const squeeze: Profile = { ...CALIBRATED, lpips: { ...CALIBRATED.lpips, net: "squeeze" } };
    assert.equal((await priceFor(squeeze, embedder, SHA)).calibrated, false);
  });
  await withCalibration({ ...FOUND, embedder_tensor: "blocks.1" }, async (embedder) => {
    assert.equal((await priceFor(CALIBRATED, embedder, SHA)).calibrated, false);
    const same = { ...embedder, options: { tensor: "blocks.1", pool: "mean" } } as const;
    assert.equal((await priceFor(CALIBRATED, same, SHA)).calibrated, true);
  });
});

Deno.test("priceFor() leaves a price that a profile sets itself, and profiles without one", async () => {
  await withCalibration(FOUND, async (embedder) => {
    const own: Profile = { ...CALIBRATED, cluster: { ...CALIBRATED.cluster, beta: 5 } };
    for (const profile of [own, PAPER]) {
      assert.deepEqual(await priceFor(profile, embedder, SHA), { profile, file: null, calibrated: true });
    }
  });
});

Deno.test("priceFor() finds the shipped profile calibrated for the shipped embedder", async () => {
  const sha256 = await sha256OfFile(join(MODELS_DIRECTORY, "resnet18-cifar10", "weights.safetensors"));
  const embedder = { kind: "shipped", name: "resnet18-cifar10" } as const;
  assert.deepEqual(await priceFor(CALIBRATED, embedder, sha256), {
    profile: CALIBRATED,
    file: null,
    calibrated: true,
  });
});

Deno.test("priceFor() refuses a calibration that is none, withEmbedder() an embedder that nobody knows", async () => {
  await withCalibration({ ...FOUND, cluster: { beta: "much" } }, async (embedder) => {
    await assert.rejects(priceFor(CALIBRATED, embedder, SHA), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /mine.calibration.json is not a calibration; make it by .*, or remove it$/);
      return true;
    });
  });
  assert.throws(
    () => withEmbedder(CALIBRATED, { kind: "shipped", name: "clip" }),
    /there is no embedder "clip"; choose/,
  );
});
