import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { createLpips } from "../../lib/lpips/mod.ts";
import { createAlexNetFeatures } from "../../lib/networks/alexnet.ts";
import { maxPool } from "../../lib/networks/perceptual.ts";
import { createSqueezeNetFeatures } from "../../lib/networks/squeezenet.ts";
import { createVgg16Features } from "../../lib/networks/vgg16.ts";
import { CONVOLUTIONS, madeUpHeads, madeUpImages, madeUpWeights } from "../lpips/made_up.ts";
import fixture from "../../fixtures/lpips/made_up_networks.json" with { type: "json" };

await useBackend();

const NETWORKS = { alex: createAlexNetFeatures, squeeze: createSqueezeNetFeatures, vgg: createVgg16Features };

for (const [name, create] of Object.entries(NETWORKS)) {
  Deno.test(`${name}: features and distances agree with NumPy's on made-up weights, at sizes that round both ways`, async () => {
    const before = tf.memory().numTensors;
    const network = create(madeUpWeights(CONVOLUTIONS[name]), "made up");
    const lpips = createLpips(network, madeUpHeads(network.channels));
    const cases = fixture.cases.filter((each) => each.net === name);
    assert.ok(cases.length >= 2);
    for (const { height, width, shapes, means, layers, distance } of cases) {
      const [a, b] = [madeUpImages(1, 1, height, width), madeUpImages(2, 1, height, width)];
      const maps = tf.tidy(() => {
        const pixels = tf.tensor4d(a.data, [1, height, width, 3]).mul(2).sub(1);
        return network.features(pixels.sub([-.030, -.088, -.188]).div([.458, .448, .450]) as tf.Tensor4D);
      });
      assert.deepEqual(maps.map((map) => [map.shape[3], map.shape[1], map.shape[2]]), shapes);
      for (const [layer, map] of maps.entries()) {
        const data = map.dataSync() as Float32Array;
        assertClose(data.reduce((sum, value) => sum + value, 0) / data.length, means[layer], 1e-4 * means[layer]);
      }
      tf.dispose(maps);
      const measured = await lpips.distance(a, b);
      assertClose(measured.distance, distance, 1e-5);
      for (const [layer, term] of measured.layers.entries()) assertClose(term, layers[layer], 1e-5);
    }
    lpips.dispose();
    assert.equal(tf.memory().numTensors, before);
  });

  Deno.test(`${name}: images of the smallest size work and those one pixel smaller are refused`, async () => {
    const network = create(madeUpWeights(CONVOLUTIONS[name]), "made up");
    const lpips = createLpips(network, madeUpHeads(network.channels));
    const pair = (size: number) => [madeUpImages(1, 1, size), madeUpImages(2, 1, size)] as const;
    assert.ok((await lpips.distance(...pair(network.minimumSize))).distance > 0);
    await assert.rejects(lpips.distance(...pair(network.minimumSize - 1)), InputError);
    lpips.dispose();
  });
}

Deno.test("maxPool() rounding up pools the rows and columns that a window reaches past the edge", () => {
  // 1 .. 16 negated, row by row: the maximum of a window is its first entry
  const image = tf.tensor4d(Array.from({ length: 16 }, (_, i) => -1 - i), [1, 4, 4, 1]);
  const values = (rounding: "floor" | "ceil") => {
    const pooled = tf.tidy(() => maxPool(image, 3, 2, rounding));
    const result = { shape: pooled.shape, data: [...pooled.dataSync()] };
    pooled.dispose();
    return result;
  };
  assert.deepEqual(values("floor"), { shape: [1, 1, 1, 1], data: [-1] });
  // windows start at rows and columns 0 and 2: entries (0, 0), (0, 2), (2, 0), (2, 2)
  assert.deepEqual(values("ceil"), { shape: [1, 2, 2, 1], data: [-1, -3, -9, -11] });
  image.dispose();
});

Deno.test("createAlexNetFeatures() names the file and the tensor that is missing, superfluous or of another shape", () => {
  const before = tf.memory().numTensors;
  const refused = (change: (weights: Map<string, { shape: readonly number[]; data: Float32Array }>) => void) => {
    const weights = new Map(madeUpWeights(CONVOLUTIONS.alex));
    change(weights);
    try {
      createAlexNetFeatures(weights, "some.pth");
    } catch (error) {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /some\.pth/);
      assert.doesNotMatch(error.message, /\n/);
      return error.message;
    }
    assert.fail("it was accepted");
  };
  assert.match(refused((weights) => weights.delete("features.6.bias")), /features\.6\.bias/);
  assert.match(
    refused((weights) => weights.set("features.12.weight", weights.get("features.0.weight")!)),
    /features\.12/,
  );
  assert.match(
    refused((weights) => weights.set("features.3.bias", { shape: [191], data: new Float32Array(191) })),
    /features\.3\.bias.*\[191\].*\[192\]/,
  );
  assert.match(refused((weights) => (weights.get("features.8.weight")!.data[5] = NaN)), /features\.8\.weight.*finite/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("createAlexNetFeatures() accepts the classifier that the official file holds", () => {
  const weights = new Map(madeUpWeights(CONVOLUTIONS.alex));
  weights.set("classifier.6.bias", { shape: [1000], data: new Float32Array(1000) });
  createAlexNetFeatures(weights, "official").dispose();
});

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} to within ${tolerance}`);
}
