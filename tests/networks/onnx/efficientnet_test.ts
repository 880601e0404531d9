/**
 * ImageNet's EfficientNet-Lite0 in files of both exporters: onnxruntime's outputs and PyTorch's gradients
 * (`fixtures/onnx/efficientnet_lite0.py`).
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../../../lib/cache.ts";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { createOnnxNetwork } from "../../../lib/networks/onnx/mod.ts";
import expected from "../../../fixtures/onnx/efficientnet_lite0.json" with { type: "json" };
import { madeUpImages } from "./made_up_images.ts";

await useBackend();

const EXPORTERS = ["script", "dynamo"] as const;
const CLASSES = 1000;
/** Entries that the fixture holds. */
const LOGIT_STEP = 7;
const GRADIENT_STEP = 4999;
/** Relative to the largest entry. */
const LOGIT_TOLERANCE = 1e-4;
const GRADIENT_TOLERANCE = 1e-3;

function errorOf(actual: ArrayLike<number>, expected: readonly number[]): number {
  assert.equal(actual.length, expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0) / scale;
}

for (const exporter of EXPORTERS) {
  const path = join(cacheDirectory(), "onnx", `efficientnet-lite0.${exporter}.onnx`);
  const ignore = !existsSync(path);
  const command = `python fixtures/onnx/efficientnet_lite0.py ${path} --exporter ${exporter}`;
  Deno.test({
    name: `createOnnxNetwork() gives onnxruntime's outputs: EfficientNet-Lite0 by the ${exporter} exporter${
      ignore ? ` (skipped: needs ${command})` : ""
    }`,
    ignore,
    fn: async () => {
      const network = await createOnnxNetwork(path, { range: [0, 255], mean: [127], std: [128] });
      const images = madeUpImages(2, 224);
      const logitsOf = (images: tf.Tensor) => network.activations(images as tf.Tensor4D, ["_fc"])[0];
      const logits = dataOf(() => logitsOf(images));
      expected.logits.forEach((some, image) => {
        const ours = logits.slice(image * CLASSES, (image + 1) * CLASSES).filter((_, i) => i % LOGIT_STEP === 0);
        const error = errorOf(ours, some);
        assert.ok(error <= LOGIT_TOLERANCE, `logits of image ${image} are off by ${error} of the largest`);
      });
      const gradient = dataOf(() =>
        tf.grad((images) => tf.sum(tf.mul(logitsOf(images), tf.range(1, CLASSES + 1))))(images)
      );
      const error = errorOf(gradient.filter((_, i) => i % GRADIENT_STEP === 0), expected.gradient);
      assert.ok(error <= GRADIENT_TOLERANCE, `the gradient is off by ${error} of its largest entry`);
      images.dispose();
      network.dispose();
    },
  });
}
