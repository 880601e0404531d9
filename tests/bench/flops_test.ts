import assert from "node:assert/strict";
import { alexNetFlops, ascentStepFlops, resNet18Flops } from "./flops.ts";

Deno.test("resNet18Flops() is what torchvision publishes, less the classifier", () => {
  // "GFLOPS 1.81" of ResNet18_Weights counts multiplications with their additions once, and the classifier's 512 x 1000
  assert.equal(((resNet18Flops(224) / 2 + 512 * 1000) / 1e9).toFixed(2), "1.81");
});

Deno.test("alexNetFlops() is what torchvision publishes, less the classifier", () => {
  // "GFLOPS 0.71" of AlexNet_Weights, with 9216 x 4096 + 4096 x 4096 + 4096 x 1000 of the classifier
  assert.equal(((alexNetFlops(224) / 2 + 9216 * 4096 + 4096 * 4096 + 4096 * 1000) / 1e9).toFixed(2), "0.71");
});

Deno.test("ascentStepFlops() counts the layers as far as the one that is maximized, there and back", () => {
  // 28 x 28 x 6 outputs of 75 products each; two operations a product; forward and back
  assert.equal(ascentStepFlops("conv1"), 4 * 28 * 28 * 6 * 75);
  // all of them: 352,800 + 240,000 + 48,000 + 10,080 + 840 products
  assert.equal(ascentStepFlops("fc3"), 4 * 651_720);
});
