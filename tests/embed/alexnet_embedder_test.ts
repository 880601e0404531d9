import assert from "node:assert/strict";
import { loadEmbedder } from "../../lib/embed/mod.ts";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";
import { createRandom } from "../../lib/random.ts";

await useBackend();

/** Random images. */
function images(count: number, size: number) {
  const random = createRandom("alexnet embedder");
  const data = Float32Array.from({ length: count * size * size * 3 }, () => random.uniform());
  return { count, height: size, width: size, data };
}

Deno.test("alexnet-imagenet: squared distances of embeddings are LPIPS's pooled distances; five parts have unit length each", async () => {
  const before = tf.memory().numTensors;
  const embedder = await loadEmbedder("alexnet-imagenet");
  assert.deepEqual([embedder.name, embedder.dimensions, embedder.mean], ["alexnet-imagenet", 1152, null]);
  const batch = images(5, 32);
  const { rows, cols, data } = await embedder.embed(batch);
  assert.deepEqual([rows, cols], [5, 1152]);
  for (let i = 0; i < rows; i++) {
    let at = i * cols;
    for (const channels of [64, 192, 384, 256, 256]) { // of AlexNet's five convolutions
      assert.ok(Math.abs(Math.hypot(...data.subarray(at, at + channels)) - 1) < 1e-6);
      at += channels;
    }
  }
  const lpips = await loadLpips("alex", { resize: 64 });
  const sequence = lpips.createSequence();
  await sequence.add(batch);
  const pooled = sequence.pooledDistances();
  let pair = 0;
  for (let j = 1; j < rows; j++) {
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let d = 0; d < cols; d++) sum += (data[j * cols + d] - data[i * cols + d]) ** 2;
      const told = pooled[pair++];
      assert.ok(Math.abs(sum - told) < 1e-4 * told, `${sum} and ${told}`);
    }
  }
  sequence.dispose();
  lpips.dispose();
  embedder.dispose();
  assert.equal(tf.memory().numTensors, before);
});
