/**
 * That a scored unit stays on the device that computes it: on a card, whatever JavaScript reads or writes meanwhile is waited for.
 * Counted on the processor, where TensorFlow's operations are the same.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { loadEmbedder } from "../../lib/embed/mod.ts";
import { loadLpips } from "../../lib/lpips/mod.ts";
import { createAlexNet } from "../../lib/networks/alexnet.ts";
import { CIFAR10_COLOURS, loadNetwork, type ModelRef, type Network } from "../../lib/networks/mod.ts";
import { parseProfile, scoreUnits } from "../../lib/pipeline/mod.ts";
import { type Call, recordCalls } from "../engine/record_calls.ts";
import { CONVOLUTIONS, madeUpWeights } from "../lpips/made_up.ts";

const { backend } = await useBackend();
const ignore = backend !== "native";
const skipped = ignore ? " (skipped: the native engine is not built; run `deno task setup`)" : "";

/**
 * Kernels of TensorFlow.js that JavaScript computes a part of in tfjs-node, or that no card has: `Step`, whose ones are
 * written by JavaScript, 212 ms where ReluGrad takes .64 (`docs/card.md`); what counts entries before it knows its shape; what
 * sorts out boxes; and checks of every number.
 */
const FORBIDDEN = ["Step", "Unique", "Where", "SparseToDense", "NonMaxSuppressionV3", "Bincount", "StringSplit"];

/** A unit's 4 images by steps of ascent in which they repel each other; the interval and K are computed as ever. */
const profileOf = (steps: number, images: number) =>
  parseProfile({
    extends: "calibrated",
    visualize: { steps, start: "noise", repulsionShare: 1 },
    lpips: { resize: 64 },
    elbow: { minImages: images, maxImages: images },
    cluster: { restarts: 1 },
  }, "test");

const shipped = async (ref: ModelRef) => (await loadNetwork(ref)).network;
const onnx = (name: string) =>
  shipped({ kind: "onnx", file: join(import.meta.dirname!, "..", "..", "fixtures", "onnx", name) });

const NETWORKS: readonly (readonly [title: string, layer: string, unit: number, load: () => Promise<Network>])[] = [
  ["LeNet-5", "conv2", 3, () => shipped({ kind: "shipped", name: "lenet5-cifar10" })],
  ["ResNet-18", "layer2.0.conv1", 5, () => shipped({ kind: "shipped", name: "resnet18-cifar10" })],
  ["a ViT", "blocks.1.attn.qkv", 7, () => shipped({ kind: "shipped", name: "vit-cifar10" })],
  ["AlexNet", "features.6", 9, () => {
    const weights = madeUpWeights(CONVOLUTIONS.alex);
    return Promise.resolve(
      createAlexNet(weights, "made up", "alexnet", CIFAR10_COLOURS, { height: 64, width: 64 }),
    );
  }],
  ["a ResNet from a file", "layer1.1", 1, () => onnx("resnet.script.onnx")],
  ["a MobileNet from a file", "classifier.3", 1, () => onnx("mobilenet.script.onnx")],
];

const count = (calls: readonly Call[], name: string) => calls.filter((call) => call.name === name).length;
const bytes = (calls: readonly Call[], name: string) =>
  calls.filter((call) => call.name === name).reduce((sum, call) => sum + call.bytes, 0);

for (const [title, layer, unit, load] of NETWORKS) {
  Deno.test({
    name: `a unit of ${title} is read from the device once a stage, and never at a step${skipped}`,
    ignore,
    fn: async () => {
      const network = await load();
      const lpips = await loadLpips("alex", { resize: 64, onDevice: true });
      const embedder = await loadEmbedder("alexnet-imagenet");
      const score = (steps: number, images: number) =>
        scoreUnits(
          {
            network,
            lpips,
            embedder,
            profile: profileOf(steps, images),
            seed: 0,
            dataset: null,
            meanEmbedding: null,
          },
          layer,
          [unit],
        );
      await score(1, 4); // what is measured or made once
      const { kernels } = await tf.profile(async () => {
        await score(1, 4);
        return tf.scalar(0);
      });
      const names = new Set(kernels.map(({ name }) => name));
      assert.ok(names.size > 10);
      assert.deepEqual(FORBIDDEN.filter((name) => names.has(name)), []);

      const record = (steps: number, images: number) => recordCalls(() => score(steps, images));
      const [one, three] = [await record(1, 4), await record(3, 4)];
      assert.equal(count(three, "read"), count(one, "read"), "no step reads");
      // the largest gradient at the start and the features' scale, the images, their activations, LPIPS, five layers of the
      // embedder
      assert.ok(count(one, "read") <= 10, `${count(one, "read")} reads`);
      const images = 4 * network.input.height * network.input.width * 3 * 4;
      assert.ok(bytes(one, "read") < images + 30_000, `${bytes(one, "read")} bytes are read`);

      const ofStep = (bytes(three, "upload") - bytes(one, "upload")) / 2;
      const [oneOfMany, threeOfMany] = [await record(1, 12), await record(3, 12)];
      const ofLargeStep = (bytes(threeOfMany, "upload") - bytes(oneOfMany, "upload")) / 2;
      // who repels whom: ones on the diagonal of 12 x 12 in place of 4 x 4, twice at most; a pixel of each image would be more
      assert.ok(ofLargeStep - ofStep <= 2 * 4 * (12 * 12 - 4 * 4), `a step writes ${ofStep} and ${ofLargeStep} bytes`);
      network.dispose();
      lpips.dispose();
      embedder.dispose();
    },
  });
}
