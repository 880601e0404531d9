import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { createLpips } from "../../lib/lpips/mod.ts";
import { pooledFeatures, squaredDistance } from "../../lib/lpips/pooled_features.ts";
import { createHead, unitVector } from "../../lib/lpips/unit_features.ts";
import { createAlexNetFeatures } from "../../lib/networks/alexnet.ts";
import type { ImageBatch } from "../../lib/types.ts";
import { CONVOLUTIONS, madeUp, madeUpHeads, madeUpImages, madeUpWeights } from "./made_up.ts";

await useBackend();

/** Each layer's channels summed over positions. */
function sums(maps: readonly Float32Array[], channels: readonly number[]): Float64Array[] {
  const found = channels.map((count) => new Float64Array(count));
  // a weight of zero leaves a channel out of the vector, not out of the sums
  const heads = channels.map((count) => createHead(Float32Array.from({ length: count }, (_, c) => c % 2)));
  unitVector(maps, heads, found);
  return found;
}

Deno.test("pooledFeatures() averages each layer over its positions and makes it of unit length", () => {
  // (1, 6) and (5, 2): means 3 and 4, norm 5.   (2, 1, 2): norm 3
  const pooled = pooledFeatures(sums([Float32Array.of(1, 6, 5, 2), Float32Array.of(2, 1, 2)], [2, 3]));
  assert.deepEqual(pooled, Float32Array.of(0.6, 0.8, 2 / 3, 1 / 3, 2 / 3));
});

Deno.test("pooledFeatures() leaves a silent layer at zero, beside one that is not", () => {
  const pooled = pooledFeatures(sums([new Float32Array(6), Float32Array.of(0, 2, 0, 0)], [3, 2]));
  assert.deepEqual(pooled, Float32Array.of(0, 0, 0, 0, 1));
});

Deno.test("pooledFeatures() does not depend on where a feature is, nor on how strong a layer is as a whole", () => {
  const [positions, channels] = [30, 7];
  const map = madeUp(900, positions * channels);
  const plain = pooledFeatures(sums([map], [channels]));
  const position = (p: number) => map.subarray(p * channels, (p + 1) * channels);
  const moved = new Float32Array(map.length);
  for (let p = 0; p < positions; p++) moved.set(position((11 * p + 4) % positions), p * channels); // 11 and 30 are coprime
  assert.notDeepEqual(moved, map);
  for (const other of [moved, map.map((value) => 8 * value)]) {
    pooledFeatures(sums([other], [channels])).forEach((value, c) => assert.ok(Math.abs(value - plain[c]) < 1e-6));
  }
});

Deno.test("squaredDistance() of pooled features is 2 a layer for other channels, and 0 for the same", () => {
  const one = pooledFeatures([Float64Array.of(3, 0), Float64Array.of(1, 0)]);
  const other = pooledFeatures([Float64Array.of(0, 1), Float64Array.of(5, 0)]);
  assert.equal(squaredDistance(one, other), 2);
  assert.equal(squaredDistance(one, one), 0);
  assert.equal(squaredDistance(Float32Array.of(1, 2), Float32Array.of(4, -2)), 25);
});

function part(images: ImageBatch, start: number, end: number): ImageBatch {
  const length = images.height * images.width * 3;
  return { ...images, count: end - start, data: images.data.subarray(start * length, end * length) };
}

Deno.test("pooledDistances() gives each image's distances to all earlier ones, in the order of add()", async () => {
  const network = createAlexNetFeatures(madeUpWeights(CONVOLUTIONS.alex), "made up");
  const lpips = createLpips(network, madeUpHeads(network.channels));
  const images = madeUpImages(1, 4, 40);
  const sequence = lpips.createSequence();
  assert.deepEqual(sequence.pooledDistances(), []);
  assert.equal((await sequence.add(images)).length, 6);
  const pooled = sequence.pooledDistances();
  const expected: number[] = [];
  for (const [j, i] of [[1, 0], [2, 0], [2, 1], [3, 0], [3, 1], [3, 2]]) {
    const pair = lpips.createSequence();
    await pair.add(part(images, j, j + 1));
    await pair.add(part(images, i, i + 1));
    expected.push(...pair.pooledDistances());
  }
  assert.equal(pooled.length, 6);
  pooled.forEach((distance, k) => assert.ok(Math.abs(distance - expected[k]) < 1e-6, `pair ${k}: ${distance}`));
  assert.equal(new Set(expected).size, 6, "all differ, so the order is told");
  assert.ok(pooled.every((distance) => distance > 1e-5 && distance <= 10), "at most 2 in each of five layers");

  const grown = lpips.createSequence();
  await grown.add(part(images, 0, 1));
  assert.deepEqual(grown.pooledDistances(), []);
  await grown.add(part(images, 1, 3));
  assert.deepEqual(grown.pooledDistances(), pooled.slice(0, 3));
  await grown.add(part(images, 3, 4));
  assert.deepEqual(grown.pooledDistances(), pooled);
  sequence.dispose();
  assert.deepEqual(sequence.pooledDistances(), []);
  lpips.dispose();
});

Deno.test("pooledDistances() of an image and itself is 0", async () => {
  const network = createAlexNetFeatures(madeUpWeights(CONVOLUTIONS.alex), "made up");
  const lpips = createLpips(network, madeUpHeads(network.channels));
  const sequence = lpips.createSequence();
  await sequence.add(madeUpImages(3, 1, 40));
  await sequence.add(madeUpImages(3, 1, 40));
  assert.deepEqual(sequence.pooledDistances(), [0]);
  lpips.dispose();
});
