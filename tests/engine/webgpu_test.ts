/**
 * What is known of WebGPU without an adapter. What needs one is in tests/webgpu.
 */
import assert from "node:assert/strict";
import { imagesInATensor, useBackend } from "../../lib/engine/mod.ts";
import { describeAdapter, largestTensor } from "../../lib/engine/webgpu.ts";
import { mergePadding } from "../../lib/engine/webgpu_kernels.ts";

const INFO = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false };

Deno.test("describeAdapter() tells programs on the processor from cards, by the flag or by the name", () => {
  const software = (description: string, isFallbackAdapter = false) =>
    describeAdapter({ ...INFO, description, isFallbackAdapter }).software;
  for (
    const name of [
      "llvmpipe (LLVM 15.0.6, 256 bits)",
      "SwiftShader Device (Subzero)",
      "Google SwiftShader",
      "Microsoft Basic Render Driver",
      "softpipe",
      "Apple Software Renderer",
    ]
  ) assert.ok(software(name), name);
  for (
    const name of [
      "NVIDIA H200",
      "AMD Radeon Pro W6800 (RADV NAVI21)",
      "Intel(R) UHD Graphics 620 (KBL GT2)",
      "Apple M2 Pro",
      "Qualcomm(R) Adreno(TM) X1-85 GPU",
    ]
  ) {
    assert.ok(!software(name), name);
    assert.ok(software(name, true), `${name}, which says that it stands in`);
  }
});

Deno.test("describeAdapter() names an adapter by what it tells of itself", () => {
  const name = (info: Partial<typeof INFO>) => describeAdapter({ ...INFO, ...info }).name;
  assert.equal(name({ description: " Apple M2 Pro " }), "Apple M2 Pro");
  assert.equal(name({ vendor: "intel", architecture: "gen-12lp" }), "intel gen-12lp");
  assert.equal(name({}), "an adapter without a name");
});

Deno.test("largestTensor() and imagesInATensor() know no limit but memory on other backends", async () => {
  await useBackend("cpu");
  assert.equal(largestTensor(), Infinity);
  assert.equal(imagesInATensor({ height: 1000, width: 1000 }, 64), 64);
});

Deno.test("mergePadding() is the same padding of fewer axes, entry by entry", () => {
  // rows of 2 x 5 in [3, 4, 2, 5]: padding axis 1 by (1, 2) is padding 40 entries of each of 3 by (10, 20)
  assert.deepEqual(mergePadding([3, 4, 2, 5], [[0, 0], [1, 2], [0, 0], [0, 0]]), {
    shape: [3, 40],
    paddings: [[0, 0], [10, 20]],
  });
  assert.deepEqual(mergePadding([2, 3, 2, 4, 3], [[0, 0], [1, 0], [0, 0], [0, 2], [0, 0]]), {
    shape: [2, 6, 12],
    paddings: [[0, 0], [2, 0], [0, 6]],
  });
  assert.deepEqual(mergePadding([2, 3], [[0, 0], [0, 0]]), { shape: [6], paddings: [[0, 0]] });
});
