import assert from "node:assert/strict";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import type { Network } from "../../lib/networks/mod.ts";
import { equalParts, imagesThatFit } from "../../lib/visualize/images_that_fit.ts";

await useBackend();

/** A network of images of 100 x 100 px: 120,000 bytes each. */
function network(): Network {
  return {
    name: "made up",
    input: { height: 100, width: 100 },
    layers: [{ name: "all", positions: "grid", units: 3 }],
    activations: (images) => [images],
    dispose: () => {},
  };
}

Deno.test("imagesThatFit() is 512 MB over what one image adds to the tensors of a pass", async () => {
  const before = tf.memory().numTensors;
  // the image and nine copies of it are alive at a time: 512,000,000 / 1,200,000 = 426.7
  const copies = (images: tf.Tensor4D) => Array.from({ length: 9 }, () => tf.add(images, 1));
  assert.equal(await imagesThatFit(network(), "copies", 1000, copies), 426);
  assert.equal(await imagesThatFit(network(), "copies", 64, copies), 64, "no more than asked for");
  // what does not grow with the number of images does not count
  const constant = (images: tf.Tensor4D) => [tf.zeros([10_000_000]), ...copies(images)];
  assert.equal(await imagesThatFit(network(), "constant", 1000, constant), 426);
  // one image of a thousand copies, 120 MB, leaves room for four
  const many = (images: tf.Tensor4D) => Array.from({ length: 999 }, () => tf.add(images, 1));
  assert.equal(await imagesThatFit(network(), "many", 1000, many), 4);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("imagesThatFit() measures a pass once", async () => {
  const one = network();
  let runs = 0;
  const count = (images: tf.Tensor4D) => {
    runs++;
    return tf.add(images, 1);
  };
  await imagesThatFit(one, "pass", 10, count);
  const first = runs;
  assert.equal(await imagesThatFit(one, "pass", 20, count), 20);
  assert.equal(runs, first);
  await imagesThatFit(one, "another", 10, count);
  assert.ok(runs > first);
});

Deno.test("equalParts() are as equal as may be, and none is larger than the most", () => {
  assert.deepEqual(equalParts(10, 4), [0, 3, 7, 10]);
  assert.deepEqual(equalParts(8, 4), [0, 4, 8]);
  assert.deepEqual(equalParts(3, 512), [0, 3]);
  assert.deepEqual(equalParts(0, 4), [0, 0]);
});
