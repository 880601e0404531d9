import assert from "node:assert/strict";
import { onNote, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { createLpips, loadLpips, type Lpips } from "../../lib/lpips/mod.ts";
import { createAlexNetFeatures } from "../../lib/networks/alexnet.ts";
import { recordCalls } from "../engine/record_calls.ts";
import { CONVOLUTIONS, madeUpHeads, madeUpImages, madeUpWeights } from "./made_up.ts";

const { backend } = await useBackend();

/** The farthest that two lists of numbers are apart. */
function farthest(a: readonly number[], b: readonly number[]): number {
  assert.equal(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

const part = (images: ReturnType<typeof madeUpImages>, from: number, to: number) => {
  const length = images.height * images.width * 3;
  return { ...images, count: to - from, data: images.data.slice(from * length, to * length) };
};

Deno.test("a sequence on the device has the distances of the one in JavaScript, to 1e-6", async () => {
  const inJavaScript = await loadLpips("alex", { onDevice: false });
  const onDevice = await loadLpips("alex", { onDevice: true });
  const images = madeUpImages(1, 7, 64);
  images.data.copyWithin(6 * 64 * 64 * 3, 2 * 64 * 64 * 3, 3 * 64 * 64 * 3); // the last is the third
  images.data.fill(0.5, 4 * 64 * 64 * 3, 5 * 64 * 64 * 3); // the fifth is grey
  const before = tf.memory().numTensors;
  const [expected, sequence] = [inJavaScript.createSequence(), onDevice.createSequence()];
  const distances: number[][] = [[], []];
  for (const [from, to] of [[0, 4], [4, 5], [5, 7]]) {
    distances[0].push(...await expected.add(part(images, from, to)));
    distances[1].push(...await sequence.add(part(images, from, to)));
    assert.equal(sequence.count, to);
  }
  assert.equal(distances[1].length, 7 * 6 / 2);
  assert.ok(Math.max(...distances[0]) > 0.1);
  assert.ok(farthest(distances[1], distances[0]) < 1e-6, String(farthest(distances[1], distances[0])));
  assert.ok(distances[1].every((distance) => distance >= 0));
  const equal = distances[1][6 * 5 / 2 + 2];
  assert.ok(equal < 1e-6, `${equal} between equal images`);
  const pooled = [expected.pooledDistances(), sequence.pooledDistances()];
  assert.ok(Math.max(...pooled[0]) > 0.01);
  assert.ok(farthest(pooled[1], pooled[0]) < 1e-6, String(farthest(pooled[1], pooled[0])));
  sequence.dispose();
  expected.dispose();
  assert.equal(tf.memory().numTensors, before);
  inJavaScript.dispose();
  onDevice.dispose();
});

Deno.test("a sequence on the device checks images as the other does, and resizes them", async () => {
  const network = () => createAlexNetFeatures(madeUpWeights(CONVOLUTIONS.alex), "made up");
  const heads = madeUpHeads(network().channels);
  const make = (onDevice: boolean): Lpips => createLpips(network(), heads, { resize: 40, onDevice });
  const [a, b] = [make(false), make(true)].map((lpips) => ({ lpips, sequence: lpips.createSequence() }));
  const images = madeUpImages(3, 3, 50, 45);
  assert.ok(farthest(await b.sequence.add(images), await a.sequence.add(images)) < 1e-6);
  await assert.rejects(b.sequence.add(madeUpImages(1, 1, 50)), InputError);
  await assert.rejects(b.sequence.add({ ...images, data: images.data.map(() => 2) }), InputError);
  // vectors of 40 x 40 px: AlexNet's maps have 9 x 9, 4 x 4 and three times 1 x 1 positions
  const positions = [81, 16, 1, 1, 1];
  const channels = [64, 192, 384, 256, 256];
  const numbers = channels.reduce((sum, each, i) => sum + each * positions[i] + each, 0);
  assert.equal(b.lpips.bytesPerImage!({ height: 50, width: 45 }), 4 * numbers);
  for (const { lpips, sequence } of [a, b]) {
    sequence.dispose();
    lpips.dispose();
  }
});

Deno.test({
  name: "a sequence on the device reads distances alone, once a call" +
    (backend === "native" ? "" : " (skipped: the native engine is not built; run `deno task setup`)"),
  ignore: backend !== "native",
  fn: async () => {
    const lpips = await loadLpips("alex", { onDevice: true });
    const sequence = lpips.createSequence();
    const images = madeUpImages(1, 8, 64);
    await sequence.add(part(images, 0, 3));
    const calls = await recordCalls(() => sequence.add(part(images, 3, 8)));
    // five images by eight, of features with and without positions
    assert.deepEqual(calls.filter(({ name }) => name === "read").map(({ bytes }) => bytes), [2 * 5 * 8 * 4]);
    assert.equal(calls.filter(({ name }) => name === "BatchMatMulV2" || name === "MatMul").length, 1);
    sequence.dispose();
    lpips.dispose();
  },
});

Deno.test("a sequence on the device goes on in halves where memory does not suffice, to the same distances", async () => {
  const network = createAlexNetFeatures(madeUpWeights(CONVOLUTIONS.alex), "made up");
  let most = Infinity;
  const watched: typeof network = {
    ...network,
    features: (images) => {
      if (images.shape[0] > most) throw new Error("Invalid TF_Status: 8\nMessage: OOM when allocating tensor");
      return network.features(images);
    },
  };
  const lpips = createLpips(watched, madeUpHeads(network.channels), { onDevice: true });
  const images = madeUpImages(5, 6, 32);
  const whole = await lpips.createSequence().add(images);
  most = 2;
  const notes: string[] = [];
  onNote((about) => notes.push(about));
  const apart = farthest(await lpips.createSequence().add(images), whole);
  assert.ok(apart < 1e-5, `${apart} of ${Math.max(...whole)}`);
  assert.deepEqual(notes, ["memory"]);
  lpips.dispose();
});
