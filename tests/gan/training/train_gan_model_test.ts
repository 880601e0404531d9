import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { useBackend } from "../../../lib/engine/mod.ts";
import { loadGenerator } from "../../../lib/gan/network/generator.ts";
import { LABEL_NAMES, latentOf } from "../../../lib/gan/network/image_generator.ts";
import { CLIP_RECIPE, type GanRecipe, PENALTY_RECIPE } from "../../../lib/gan/training/recipe.ts";
import { type GanTraining, trainGanModel } from "../../../lib/gan/training/train_gan_model.ts";
import type { Dataset, PixelSet } from "../../../lib/data/mod.ts";
import { isForPeople } from "../../../lib/images/mod.ts";
import { readPng } from "../../../lib/images/png.ts";
import { createRandom } from "../../../lib/random.ts";
import { madeUpDataset, plainPixels, sourceOf } from "../../data/made_up_dataset.ts";

await useBackend();

/** Images of noise about a brighter square. */
function someImages(name: string, count: number): PixelSet {
  const random = createRandom(name);
  const pixels = new Uint8Array(count * 3072);
  for (let i = 0; i < pixels.length; i++) {
    const place = Math.floor(i / 3) % 1024;
    const inside = Math.abs((place >> 5) - 15) < 8 && Math.abs((place & 31) - 12) < 6;
    pixels[i] = (inside ? 180 : 60) + random.integer(-20, 20);
  }
  return { count, height: 32, width: 32, pixels, labels: Uint8Array.from({ length: count }, (_, i) => i % 10) };
}

const DATA: Dataset = {
  ...madeUpDataset(sourceOf(someImages("train", 40)), sourceOf(someImages("test", 40))),
  classes: LABEL_NAMES,
};
const SMALL = { batch: 6, generated: 5, mismatched: 2 };

async function train(folder: string, recipe: GanRecipe, steps: number): Promise<GanTraining> {
  return await trainGanModel(DATA, {
    seed: 3,
    recipe,
    steps,
    directory: join(folder, "models"),
    checkpoints: join(folder, "checkpoints"),
    command: "the command",
    machine: "this machine",
    recordEvery: 1,
    measured: 20,
  });
}

Deno.test("trainGanModel() writes the generator, its training, sheets and the index; the other loss only stands beside", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const model = join(folder, "models", "gan-cifar10");
    const training = await train(folder, { ...PENALTY_RECIPE, ...SMALL, penaltyBatch: 4 }, 2);
    const weights = join(model, "weights.safetensors");
    const bytes = await Deno.readFile(weights);
    assert.deepEqual(training.file, { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(model, "training.json"))), training);
    assert.deepEqual(training.curve.map(({ step, frechet }) => [step, frechet === null]), [[1, true], [2, false]]);
    const index = JSON.parse(await Deno.readTextFile(join(folder, "models", "index.json")));
    assert.equal(index["gan-cifar10"].sha256, training.file!.sha256);
    // 12 columns and 11 rows of 64 pixels and 2 between them
    for (const sheet of ["labels.png", "masks.png"]) {
      const { width, height } = await readPng(join(model, sheet));
      assert.deepEqual([width, height], [12 * 66 + 2, 11 * 66 + 2], sheet);
      assert.ok(isForPeople(await Deno.readFile(join(model, sheet))), sheet);
    }
    const samples = [...Deno.readDirSync(join(folder, "checkpoints", "gan-cifar10-samples"))].map(({ name }) => name);
    assert.deepEqual(samples.sort(), ["labels-000002.png", "masks-000002.png"]);
    for (const name of samples) {
      assert.ok(isForPeople(await Deno.readFile(join(folder, "checkpoints", "gan-cifar10-samples", name))), name);
    }

    const generator = await loadGenerator({ weights });
    const { data } = generator.generate({
      latents: latentOf(0, 0),
      labels: [4],
      masks: new Float32Array(1024).fill(0.5),
    });
    generator.dispose();
    assert.ok(data.every((value) => value >= 0 && value <= 1));

    const clip = await train(folder, { ...CLIP_RECIPE, ...SMALL, criticSteps: 2 }, 1);
    assert.equal(clip.file, null);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(model, "training-clip.json"))), clip);
    assert.deepEqual(await Deno.readFile(weights), bytes);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(model, "training.json"))), training);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("trainGanModel() refuses a dataset of other labels or another size of images", async () => {
  const options = {
    seed: 0,
    recipe: PENALTY_RECIPE,
    steps: 1,
    directory: "/nowhere",
    checkpoints: "/nowhere",
    command: "",
    machine: "",
  };
  await assert.rejects(
    trainGanModel({ ...DATA, classes: ["cat", "dog"] }, options),
    /the generator has the labels airplane, .*truck, and made up has cat, dog; give a dataset of the same labels/,
  );
  const large = sourceOf(plainPixels(10, { height: 64, width: 48 }, () => 0));
  await assert.rejects(
    trainGanModel({ ...DATA, test: large }, options),
    /images of 32x32 px, and those of made up are 48x64; give a dataset of 32x32 px/,
  );
});
