/**
 * The engine on an adapter. Run by webgpu_test.ts, in a process of its own.
 */
import assert from "node:assert/strict";
import {
  AdapterError,
  imagesInATensor,
  imagesThatFit,
  readData,
  surviveAdapter,
  tf,
  useBackend,
} from "../../lib/engine/mod.ts";
import { largestTensor, onHost } from "../../lib/engine/webgpu.ts";

await useBackend("webgpu");

Deno.test("onHost() reads at once what was made of plain numbers, also where the card has it", async () => {
  const before = tf.memory().numTensors;
  const constant = tf.tensor1d([1, 2, 3]);
  assert.deepEqual(await readData(() => tf.exp(constant).log().round()), Float32Array.of(1, 2, 3)); // on the card
  assert.deepEqual([...onHost(() => tf.tidy(() => constant.mul(2).reverse()).dataSync())], [6, 4, 2]);
  assert.equal(tf.getBackend(), "webgpu");
  assert.deepEqual(await readData(() => constant.add(1)), Float32Array.of(2, 3, 4));
  constant.dispose();
  assert.equal(tf.memory().numTensors, before + 1, "but for what onHost returned from a tidy");
});

Deno.test("a batch is so small that none of its tensors is larger than the adapter's kernels take", async () => {
  const limit = largestTensor();
  assert.ok(limit >= 128 * 2 ** 20, "which every adapter takes");
  // an image of 100 x 100 x 3 x 4 bytes, put side by side: no more of them than one tensor holds
  const copies = Math.ceil(limit / 4 / 120_000);
  const pass = {
    of: {},
    name: "wide",
    size: { height: 100, width: 100 },
    run: (images: tf.Tensor4D) => tf.tile(images, [1, 1, copies, 1]),
  };
  assert.equal(await imagesThatFit(pass, 64), Math.floor(limit / (copies * 120_000)));
  assert.equal(imagesInATensor({ height: 1000, width: 1000 }, 1e9), Math.floor(limit / 12e6));
  assert.equal(imagesInATensor({ height: 1e5, width: 1e5 }, 8), 1);
});

Deno.test("a tensor that is too large for the adapter is refused in words, and what follows is computed", async () => {
  const entries = largestTensor() / 4 + 4;
  await assert.rejects(readData(() => tf.ones([entries]).add(1).max()), (error: Error) => {
    assert.ok(error instanceof AdapterError);
    assert.match(error.message, /^a tensor of \d+ MB is too large for .+, whose kernels take up to \d+ MB; take /);
    return true;
  });
  assert.deepEqual(await readData(() => tf.tensor1d([1, 2]).exp().log().round()), Float32Array.of(1, 2));
});

Deno.test("reading from the card at once is refused in words, and work that needs it takes another backend", async () => {
  const card = tf.ones([2000]).exp();
  assert.throws(() => card.dataSync(), /^AdapterError: this is not done on WebGPU, .*; set POLYSEM_BACKEND=wasm/);
  card.dispose();
  const { backend, skipped } = await useBackend(undefined, { readsAtOnce: true });
  assert.notEqual(backend, "webgpu");
  assert.ok(skipped.every((each) => each.backend !== "webgpu"));
  await useBackend("webgpu");
});

// the last: it leaves the adapter for good
Deno.test("what WebGPU tells by an event alone makes reading fail, and the work is done on the next backend, once said", async () => {
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const said: string[] = [];
  const results = await surviveAdapter(async (instead) => {
    if (instead === null) {
      device.createBuffer({ size: 8, usage: 0 }); // no buffer may be of no use
      await assert.rejects(readData(() => tf.ones([2000]).add(1)), AdapterError);
    } else {
      said.push(instead.failure.message);
      assert.equal(tf.getBackend(), instead.backend.backend);
      assert.equal(instead.backend.skipped[0].backend, "webgpu");
    }
    return await readData(() => tf.tensor1d([1, 2]).add(1));
  });
  assert.deepEqual(results, Float32Array.of(2, 3));
  assert.equal(said.length, 1);
  assert.match(said[0], /^the graphics adapter .+ failed: .+; POLYSEM_BACKEND=wasm does without it$/);
  assert.equal((await useBackend()).backend, "wasm");
  await assert.rejects(surviveAdapter(() => Promise.reject(new RangeError("mine"))), RangeError);
});
