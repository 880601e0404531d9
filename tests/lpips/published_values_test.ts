import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { readPng } from "../../lib/images/png.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";

await useBackend();
const fixture = (name: string) => new URL(`../../fixtures/lpips/${name}`, import.meta.url).pathname;
const reference = await readPng(fixture("ex_ref.png"));
const images = { p0: await readPng(fixture("ex_p0.png")), p1: await readPng(fixture("ex_p1.png")) };

Deno.test("LPIPS with AlexNet reproduces the published distances and each layer's contribution", async () => {
  const lpips = await loadLpips("alex");
  const published = {
    p0: { distance: .7218808, layers: [.018132, .286968, .159858, .119004, .137919] },
    p1: { distance: .1375656, layers: [.011739, .029715, .03538, .034368, .026363] },
  };
  for (const key of ["p0", "p1"] as const) {
    const { distance, layers } = await lpips.distance(reference, images[key]);
    assertClose(distance, published[key].distance, 1e-5);
    assert.equal(layers.length, 5);
    for (const [layer, term] of layers.entries()) assertClose(term, published[key].layers[layer], 2e-6);
  }
  lpips.dispose();
});

const shared = new URL("../../../shared/weights/", import.meta.url).pathname;
const squeeze = {
  weights: `${shared}squeezenet1_1_features.safetensors`,
  heads: `${shared}lpips/squeeze.pth`, // the file as published
};
const missing = (await Promise.all(Object.values(squeeze).map((path) => Deno.stat(path).then(() => [], () => [path]))))
  .flat();
const official = await loadLpips("squeeze").catch(() => null);
if (missing.length > 0 && official === null) {
  console.log(
    `skipping the published distances of SqueezeNet: there is no ${missing.join(", ")}; ` +
      'run "deno task weights fetch lpips-squeeze" to test with the official files',
  );
}

Deno.test({
  name: "LPIPS with SqueezeNet reproduces the distances computed in PyTorch",
  ignore: missing.length > 0 && official === null,
  fn: async () => {
    const lpips = official ?? await loadLpips("squeeze", squeeze);
    assertClose((await lpips.distance(reference, images.p0)).distance, .7110476, 1e-5);
    assertClose((await lpips.distance(reference, images.p1)).distance, .1479016, 1e-5);
    lpips.dispose();
  },
});

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} to within ${tolerance}`);
}
