import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { resizeBilinear } from "../../lib/images/mod.ts";
import {
  createLpips,
  loadHeads,
  loadLpips,
  type Lpips,
  squaredDistances,
  type UnitVector,
} from "../../lib/lpips/mod.ts";
import { createAlexNetFeatures } from "../../lib/networks/alexnet.ts";
import type { ImageBatch } from "../../lib/types.ts";
import { CONVOLUTIONS, madeUp, madeUpHeads, madeUpImages, madeUpWeights } from "./made_up.ts";
import { COMPANY_KEEPS_BITS } from "../same_bits.ts";

await useBackend();
const madeUpLpips = (resize?: number): Lpips => {
  const network = createAlexNetFeatures(madeUpWeights(CONVOLUTIONS.alex), "made up");
  return createLpips(network, madeUpHeads(network.channels), { resize });
};

Deno.test("distance() is 0 for equal images and the same in both directions", async () => {
  using lpips = disposable(await loadLpips("alex"));
  const [a, b] = [madeUpImages(1, 1, 64), madeUpImages(2, 1, 64)];
  const none = await lpips.distance(a, a); // of two equal images one is second, which may change last bits
  for (const value of [none.distance, ...none.layers]) {
    assert.ok(value >= 0 && value <= (COMPANY_KEEPS_BITS ? 0 : 1e-9), String(value));
  }
  const between = await lpips.distance(a, b);
  const back = await lpips.distance(b, a); // which of two images is first may change last bits (`COMPANY_KEEPS_BITS`)
  [back.distance, ...back.layers].forEach((value, i) => {
    const there = [between.distance, ...between.layers][i];
    assert.ok(Math.abs(value - there) <= (COMPANY_KEEPS_BITS ? 0 : 1e-6 * there), `${value} and ${there}`);
  });
  assert.ok(between.distance > .01);
});

Deno.test("createLpips() refuses sizes that memory does not hold", async () => {
  assert.throws(() => madeUpLpips(5000), (error) => {
    return error instanceof InputError &&
      /cannot resize to 5000 px: .* a whole number from 31 to 4096$/.test(error.message);
  });
  const network = createAlexNetFeatures(madeUpWeights(CONVOLUTIONS.alex), "made up");
  using lpips = disposable(createLpips({ ...network, name: "vgg" }, madeUpHeads(network.channels)));
  const large = madeUpImages(1, 1, 1449); // 1448 x 1448 is the last below 2^21
  await assert.rejects(
    lpips.distance(large, large),
    /images of 1449x1449 px are too large for LPIPS with vgg, which takes up to 2097152 pixels; let them be resized/,
  );
});

Deno.test("createSequence() gives each image's distances to all earlier ones, as distance() does", async () => {
  using lpips = disposable(await loadLpips("alex"));
  const images = madeUpImages(1, 5, 64, 48);
  const sequence = lpips.createSequence();
  const distances = await sequence.add(images);
  assert.equal(sequence.count, 5);
  assert.equal(distances.length, 10);
  let k = 0;
  for (let j = 1; j < 5; j++) {
    for (let i = 0; i < j; i++, k++) {
      const { distance } = await lpips.distance(part(images, j, j + 1), part(images, i, i + 1));
      assertClose(distances[k], distance, 1e-6);
    }
  }
});

Deno.test("createSequence() gives the same bits whether it grows 32, 40, 48, one by one, unevenly, or at once", {
  ignore: !COMPANY_KEEPS_BITS,
}, async () => {
  using lpips = disposable(await loadLpips("alex", { resize: 64 }));
  const images = madeUpImages(1, 48, 32);
  const cut = async (...ends: number[]) => {
    const sequence = lpips.createSequence();
    const distances: number[] = [];
    for (const [i, end] of ends.entries()) {
      distances.push(...await sequence.add(part(images, i === 0 ? 0 : ends[i - 1], end)));
    }
    sequence.dispose();
    return distances;
  };
  const whole = await cut(48);
  assert.equal(whole.length, 48 * 47 / 2);
  assert.deepEqual(await cut(32, 40, 48), whole);
  assert.deepEqual(await cut(2, 3, 4, 5, 11, 29, 48), whole);
  assert.deepEqual(await cut(...Array.from({ length: 20 }, (_, i) => i + 1)), whole.slice(0, 190));
});

Deno.test("createSequence() does not mix up two sequences that grow side by side", async () => {
  using lpips = disposable(madeUpLpips());
  const images = madeUpImages(1, 6, 40);
  const [one, other] = [lpips.createSequence(), lpips.createSequence()];
  await one.add(part(images, 0, 2));
  await other.add(part(images, 4, 6));
  const grown = await one.add(part(images, 2, 3));
  assert.deepEqual(grown, (await lpips.createSequence().add(part(images, 0, 3))).slice(1));
});

Deno.test("features() are vectors whose squared distances are LPIPS: those that a sequence gives, to the bit", {
  ignore: !COMPANY_KEEPS_BITS,
}, async () => {
  using lpips = disposable(await loadLpips("alex", { resize: 64 }));
  const before = tf.memory().numTensors;
  const images = madeUpImages(1, 40, 32);
  const distances = await lpips.createSequence().add(images);
  const whole = await lpips.features(images);
  assert.equal(whole.length, 40);
  const between = (vectors: readonly UnitVector[]) =>
    vectors.flatMap((vector, j) => squaredDistances(vector, vectors.slice(0, j)));
  assert.deepEqual(between(whole), distances);
  const cut = [...await lpips.features(part(images, 0, 3)), ...await lpips.features(part(images, 3, 40))];
  between(cut).forEach((distance, i) => assertClose(distance, distances[i], 1e-6));
  assert.deepEqual(await lpips.features(part(images, 0, 0)), []);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("features() of images of two sizes compare where the metric resizes", async () => {
  using lpips = disposable(await loadLpips("alex", { resize: 64 }));
  const small = madeUpImages(1, 1, 32);
  const [one] = await lpips.features(small);
  const [other] = await lpips.features(resizeBilinear(small, 64, 64));
  // the same picture, but for what two ways of resizing round differently
  assert.ok(squaredDistances(one, [other])[0] < 1e-6);
  await assert.rejects(lpips.features({ ...small, data: small.data.map(() => 2) }), InputError);
});

Deno.test("resize is bilinear with pixel centres at one half: a linear ramp stays one", async () => {
  // Doubling a ramp v(x) = x / 64 puts samples at (x + .5) / 2 - .5; at the edges the nearest pixel is repeated.
  using resizing = disposable(madeUpLpips(64));
  using plain = disposable(madeUpLpips());
  const ramp = (size: number, value: (x: number) => number): ImageBatch => ({
    count: 1,
    height: size,
    width: size,
    data: Float32Array.from({ length: size * size * 3 }, (_, i) => value(Math.floor(i / 3) % size)),
  });
  const small = ramp(32, (x) => x / 64);
  const large = ramp(64, (x) => Math.min(31, Math.max(0, (x + .5) / 2 - .5)) / 64);
  const [otherSmall, otherLarge] = [ramp(32, () => .25), ramp(64, () => .25)];
  const expected = (await plain.distance(large, otherLarge)).distance;
  assertClose((await resizing.distance(small, otherSmall)).distance, expected, 1e-6);
  assert.ok(expected > .01);
});

Deno.test("LPIPS leaks no tensor", async () => {
  const before = tf.memory().numTensors;
  const lpips = await loadLpips("alex", { resize: 64 });
  const loaded = tf.memory().numTensors;
  const images = madeUpImages(1, 20, 32);
  for (let run = 0; run < 3; run++) {
    const sequence = lpips.createSequence();
    await sequence.add(images);
    await lpips.distance(part(images, 0, 1), part(images, 1, 2));
    assert.equal(tf.memory().numTensors, loaded);
    sequence.dispose();
    assert.equal(sequence.count, 0);
  }
  lpips.dispose();
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("LPIPS refuses images of another size, several for one, pixels outside [0, 1], and a wrong resize", async () => {
  using lpips = disposable(madeUpLpips());
  const image = madeUpImages(1, 1, 40);
  const says = (message: RegExp) => (error: unknown) =>
    error instanceof InputError && message.test(error.message) && !/\n/.test(error.message);
  const refused = (call: () => Promise<unknown>, message: RegExp) => assert.rejects(call, says(message));
  await refused(() => lpips.distance(image, madeUpImages(1, 1, 40, 41)), /40x40 with 41x40/);
  await refused(() => lpips.distance(image, madeUpImages(1, 2, 40)), /one image with one/);
  await refused(() => lpips.distance(image, { ...image, data: image.data.map((value) => value * 255) }), /\[0, 1\]/);
  await refused(() => lpips.distance(image, { ...image, data: image.data.with(7, NaN) }), /NaN/);
  await refused(() => lpips.distance(image, { ...image, width: 39 }), /39x40/);
  const sequence = lpips.createSequence();
  await sequence.add(image);
  await refused(() => sequence.add(madeUpImages(1, 1, 41)), /40x40 with 41x41/);
  assert.equal(sequence.count, 1);
  for (const resize of [30, 64.5, NaN, -64]) {
    assert.throws(() => madeUpLpips(resize), says(new RegExp(String(resize))));
  }
});

Deno.test("loadHeads() takes our names and the published ones, and refuses what is not the network's", () => {
  const array = (count: number) => ({ shape: [1, count, 1, 1], data: madeUp(count, count) });
  const ours = new Map([["lin0.weight", array(3)], ["lin1.weight", array(5)]]);
  const published = new Map([["lin0.model.1.weight", array(3)], ["lin1.model.1.weight", array(5)]]);
  assert.deepEqual(loadHeads(ours, [3, 5], "f"), [madeUp(3, 3), madeUp(5, 5)]);
  assert.deepEqual(loadHeads(published, [3, 5], "f"), [madeUp(3, 3), madeUp(5, 5)]);
  assert.throws(() => loadHeads(ours, [3, 5, 7], "f"), /f has no tensor lin2\.weight/);
  assert.throws(() => loadHeads(ours, [3], "f"), /f has a tensor lin1\.weight/);
  assert.throws(() => loadHeads(ours, [3, 4], "f"), /lin1\.weight has shape \[1,5,1,1\] instead of \[1,4,1,1\]/);
  const negative = new Map([["lin0.weight", { shape: [1, 2, 1, 1], data: Float32Array.of(1, -1) }]]);
  assert.throws(() => loadHeads(negative, [2], "f"), /negative/);
});

Deno.test("loadLpips() refuses an unknown network, a missing file and another network's weights", async () => {
  const before = tf.memory().numTensors;
  await assert.rejects(loadLpips("resnet"), { name: "InputError", message: /"resnet".*alex, squeeze, vgg/ });
  await assert.rejects(loadLpips("alex", { weights: "no/such.pth" }), { name: "InputError", message: /no\/such\.pth/ });
  await assert.rejects(loadLpips("alex", { heads: "no/such.pth" }), { name: "InputError", message: /no\/such\.pth/ });
  const alex = new URL("../../models/lpips-alex/weights.safetensors", import.meta.url).pathname;
  await assert.rejects(loadLpips("squeeze", { weights: alex }), { name: "InputError", message: /features\.0\.weight/ });
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("loadLpips() says which official file is missing and how to get it", async () => {
  const cache = await Deno.makeTempDir();
  const own = Deno.env.get("POLYSEM_CACHE");
  Deno.env.set("POLYSEM_CACHE", cache);
  try {
    await assert.rejects(loadLpips("squeeze"), {
      name: "InputError",
      message: /squeezenet1_1-b8a52dc0\.pth.*deno task weights fetch lpips-squeeze.*https:/,
    });
    await Deno.mkdir(`${cache}/weights`);
    await Deno.writeTextFile(`${cache}/weights/squeezenet1_1-b8a52dc0.pth`, "altered");
    await assert.rejects(loadLpips("squeeze"), { name: "InputError", message: /squeezenet1_1-b8a52dc0\.pth.*sha256/ });
  } finally {
    if (own === undefined) Deno.env.delete("POLYSEM_CACHE");
    else Deno.env.set("POLYSEM_CACHE", own);
    await Deno.remove(cache, { recursive: true });
  }
});

function part(images: ImageBatch, start: number, end: number): ImageBatch {
  const length = images.height * images.width * 3;
  return { ...images, count: end - start, data: images.data.subarray(start * length, end * length) };
}

function disposable(lpips: Lpips): Lpips & Disposable {
  return { ...lpips, [Symbol.dispose]: () => lpips.dispose() };
}

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} to within ${tolerance}`);
}
