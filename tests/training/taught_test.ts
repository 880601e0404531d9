import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { createTaughtNetwork } from "../../lib/networks/mod.ts";
import {
  relabel,
  setLoss,
  taughtClasses,
  taughtHead,
  type TaughtModel,
  taughtName,
  type TaughtPlan,
  trainTaught,
} from "../../lib/training/taught.ts";
import { decodeSafetensors } from "../../lib/weights/mod.ts";
import { inFolder } from "../in_folder.ts";
import { DATA } from "./made_up_training.ts";

await useBackend();

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const LABELS: TaughtPlan = { architecture: "lenet5", kind: "labels", seed: 7 };

Deno.test("merged labels are of 4, 3, 2 and 1 classes and make up all ten, drawn by seed and architecture", () => {
  for (const seed of SEEDS) {
    const sets = taughtClasses({ ...LABELS, seed });
    assert.deepEqual(sets.map(({ length }) => length), [4, 3, 2, 1]);
    assert.deepEqual(sets.flat().sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.ok(sets.every((set) => set.every((label, i) => i === 0 || set[i - 1] < label)), "ascending");
    assert.deepEqual(taughtClasses({ ...LABELS, seed }), sets);
  }
  assert.ok(new Set(SEEDS.map((seed) => JSON.stringify(taughtClasses({ ...LABELS, seed })))).size > 35);
  assert.notDeepEqual(taughtClasses(LABELS), taughtClasses({ ...LABELS, architecture: "vgg" }));
});

Deno.test("14 sets are of 1 to 4 classes in turn, no two alike, and tell all classes apart", () => {
  for (const seed of SEEDS) {
    const sets = taughtClasses({ architecture: "resnet", kind: "sets", seed });
    assert.deepEqual(sets.map(({ length }) => length), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2]);
    assert.equal(new Set(sets.map((set) => set.join())).size, 14);
    assert.ok(sets.flat().every((label) => Number.isInteger(label) && label >= 0 && label <= 9));
    const codes = Array.from({ length: 10 }, (_, label) => sets.map((set) => Number(set.includes(label))).join(""));
    assert.equal(new Set(codes).size, 10);
  }
});

Deno.test("a plan has a name and a head", () => {
  assert.equal(taughtName(LABELS), "lenet5-labels-7");
  assert.deepEqual(taughtHead(LABELS), { kind: "labels", units: 4 });
  assert.deepEqual(taughtHead({ ...LABELS, kind: "sets" }), { kind: "sets", units: 14, classes: 10 });
});

Deno.test("relabel() gives each image the label that its class is merged into", () => {
  const images = { ...DATA.test, count: 4, labels: Uint8Array.of(0, 3, 9, 5) };
  const merged = relabel(images, [[1, 2, 3, 4], [5, 6, 7], [8, 9], [0]]);
  assert.deepEqual([...merged.labels], [3, 0, 2, 1]);
  assert.deepEqual([...images.labels], [0, 3, 9, 5]);
  assert.equal(merged.pixels, images.pixels);
});

Deno.test("setLoss() is the cross-entropy of each unit with membership, summed over units, mean over images", () => {
  const loss = (logits: number[][], member: number[][]) =>
    dataOf(() => setLoss(tf.tensor2d(logits), tf.tensor2d(member)))[0];
  // -ln sigmoid(2) = ln(1 + e^-2) where the class is in the set; -ln(1 - sigmoid(-1)) = ln(1 + e^-1) where it is not
  const first = Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.exp(-1));
  assert.ok(Math.abs(loss([[2, -1]], [[1, 0]]) - first) < 1e-6);
  // a second image whose units say nothing: ln 2 each
  assert.ok(Math.abs(loss([[2, -1], [0, 0]], [[1, 0], [0, 1]]) - (first + 2 * Math.log(2)) / 2) < 1e-6);
  // wrong by far: 50 and 30, finite
  assert.ok(Math.abs(loss([[-50, 30]], [[1, 0]]) - 80) < 1e-4);
});

const RECIPE = { epochs: 2, batch: 16, testEvery: 1, warmup: 1 };

/** Trains on made-up images. */
async function trained(
  plan: TaughtPlan,
  options: Parameters<typeof trainTaught>[3] = {},
): Promise<TaughtModel | null> {
  return await trainTaught(plan, DATA, null, options, RECIPE);
}

Deno.test("trainTaught() is deterministic, another seed gives other weights, and a run that was cut ends alike", async () => {
  const before = tf.memory().numTensors;
  const whole = (await trained(LABELS))!;
  assert.deepEqual((await trained(LABELS))!.bytes, whole.bytes);
  assert.notDeepEqual((await trained({ ...LABELS, seed: 8 }))!.bytes, whole.bytes);
  assert.equal(whole.parameters, 62_006);
  assert.deepEqual(whole.history.map(({ epoch, testAccuracy }) => [epoch, testAccuracy !== null]), [
    [1, true],
    [2, true],
  ]);
  await inFolder(async (folder) => {
    const checkpoint = join(folder, "one.safetensors");
    assert.equal(await trained(LABELS, { checkpoint, stopAfter: 3 }), null);
    const steps: number[] = [];
    const resumed = await trained(LABELS, { checkpoint, onStep: (step) => steps.push(step) });
    assert.deepEqual(steps, [4]); // 43 images are two batches of 16 an epoch
    assert.deepEqual(resumed!.bytes, whole.bytes);
    assert.equal(tf.memory().numTensors, before);
    await assert.rejects(trained({ ...LABELS, seed: 8 }, { checkpoint }), /checkpoint of another training run/);
  });
});

Deno.test("trainTaught() learns merged labels as labels: the greatest output is one of the first four", async () => {
  const model = (await trainTaught(LABELS, DATA, null, {}, { ...RECIPE, epochs: 10, learningRate: 0.01 }))!;
  assert.ok(model.history[9].loss < model.history[0].loss);
  const { tensors, metadata } = decodeSafetensors(model.bytes, "x");
  assert.deepEqual(metadata, { model: "lenet5-labels-7", seed: "7" });
  const network = createTaughtNetwork("lenet5", taughtHead(LABELS), tensors, "x", "x");
  const images = tf.tidy(() =>
    tf.tensor4d(Float32Array.from(DATA.train.pixels, (value) => value / 255), [43, 32, 32, 3])
  );
  const best = dataOf(() => network.activations(images, ["fc3"])[0].argMax(1));
  assert.ok(best.every((unit) => unit < 4), String(best));
  images.dispose();
  network.dispose();
});

Deno.test("trainTaught() trains sets and the classifier behind them, and refuses what cannot be taught", async () => {
  const sets: TaughtPlan = { architecture: "vgg", kind: "sets", seed: 1 };
  const one = { ...RECIPE, epochs: 1, batch: 4 };
  const few = { train: { ...DATA.train, count: 4 }, test: { ...DATA.test, count: 2 } };
  const model = (await trainTaught(sets, few, null, {}, one))!;
  const { tensors } = decodeSafetensors(model.bytes, "x");
  assert.deepEqual(tensors.get("sets.weight")!.shape, [14, 128]);
  assert.deepEqual(tensors.get("head.weight")!.shape, [10, 14]);
  // 14 units that say next to nothing, ln 2 each, and ten classes of which nothing is known, ln 10
  assert.ok(Math.abs(model.history[0].loss - 14 * Math.log(2) - Math.log(10)) < 3, String(model.history[0].loss));
  await assert.rejects(trained({ ...sets, architecture: "lenet5" }), InputError);
  await assert.rejects(trained({ ...sets, architecture: "vit" }), /weights of vit-cifar10, which were not given/);
});
