import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { loadNetwork } from "../../lib/networks/mod.ts";
import { parseProfile } from "../../lib/pipeline/mod.ts";
import { makeFirstImages, nextLength } from "../../lib/pipeline/sequence.ts";

await useBackend();

Deno.test("nextLength() grows a sequence from its first part by eight, and no further than the most", () => {
  const rule = { minImages: 32, maxImages: 48 };
  assert.deepEqual([0, 32, 40, 48].map((made) => nextLength(made, rule)), [32, 40, 48, 48]);
  assert.equal(nextLength(0, { minImages: 1, maxImages: 48 }), 4, "at least four");
  assert.equal(nextLength(0, { minImages: 8, maxImages: 6 }), 6);
});

Deno.test("makeFirstImages() makes the same images whatever their number, where they repel each other", async () => {
  const profile = parseProfile({
    extends: "calibrated-2",
    visualize: { steps: 4, start: "noise" },
    elbow: { minImages: 6, maxImages: 6 },
  }, "test");
  assert.ok(profile.visualize.repulsion! > 0);
  const { network } = await loadNetwork({ kind: "shipped", name: "lenet5-cifar10" });
  const make = (count: number) => makeFirstImages(network, "fc1", 3, count, profile, { seed: 0, dataset: null });
  const [two, five] = [await make(2), await make(5)];
  network.dispose();
  assert.deepEqual([two.images.count, five.images.count], [2, 5]);
  assert.deepEqual(two.images.data, five.images.data.slice(0, 2 * 3072));
  assert.deepEqual(two.activations, five.activations.slice(0, 2));
  assert.deepEqual([two.gradientless.length, five.exploded.length], [2, 5]);
});
