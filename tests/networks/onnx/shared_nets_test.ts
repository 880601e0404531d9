/**
 * Two networks of real size that were made elsewhere: a ResNet and a VGG for CIFAR-10, beside onnxruntime
 * (`fixtures/onnx/make_expected.py`).
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { CIFAR10_COLOURS } from "../../../lib/networks/normalize.ts";
import { createOnnxNetwork } from "../../../lib/networks/onnx/mod.ts";
import expected from "../../../fixtures/onnx/shared_nets.json" with { type: "json" };
import { madeUpImages } from "./made_up_images.ts";

await useBackend();

const FOLDER = join(import.meta.dirname!, "..", "..", "..", "..", "shared", "nets");
const ignore = !existsSync(FOLDER);
const note = ignore ? ` (skipped: needs the networks in ${FOLDER})` : "";

/** The layer whose units' classes are known, and the one that gives the outputs. */
const NETWORKS = [
  { name: "resnet", layers: ["fc"], units: 4 },
  { name: "vgg_hidden", layers: ["hidden", "head"], units: 12 },
] as const;

for (const { name, layers, units } of NETWORKS) {
  Deno.test({
    name: `createOnnxNetwork() gives onnxruntime's outputs: ${name}${note}`,
    ignore,
    fn: async () => {
      const network = await createOnnxNetwork(join(FOLDER, `${name}.ts.onnx`), CIFAR10_COLOURS);
      assert.equal(network.layers.find((layer) => layer.name === layers[0])!.units, units);
      const images = madeUpImages(2, 32);
      const logits = dataOf(() => network.activations(images, layers).at(-1)!);
      expected[name].forEach((value, i) =>
        assert.ok(Math.abs(logits[i] - value) < 1e-4, `${logits[i]} is not ${value}`)
      );
      // the file fixes two images; five run as well, and each as it runs alone
      const five = dataOf(() => network.activations(tf.concat([images, images, images.slice(0, 1)]), layers).at(-1)!);
      const third = five.subarray(logits.length, 2 * logits.length);
      third.forEach((value, i) => assert.ok(Math.abs(value - logits[i]) < 1e-5));
      const gradient = dataOf(() =>
        tf.grad((x) => network.activations(x as tf.Tensor4D, [layers[0]])[0].sum())(images)
      );
      assert.ok(gradient.some((value) => Math.abs(value) > 1e-6));
      images.dispose();
      network.dispose();
    },
  });
}
