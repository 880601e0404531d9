import assert from "node:assert/strict";
import { imagesThatFit, type Pass, tf, useBackend } from "../../lib/engine/mod.ts";

await useBackend();

/** A pass of images of 100 x 100 px, 120,000 bytes each, that makes so many copies of them. */
function copies(count: number, of: object = {}, name = "copies"): Pass {
  return {
    of,
    name,
    size: { height: 100, width: 100 },
    run: (images) => Array.from({ length: count }, () => tf.add(images, 1)),
  };
}

Deno.test("imagesThatFit() is 512 MB over what one image adds to the tensors of a pass", async () => {
  const before = tf.memory().numTensors;
  // the image and nine copies of it are alive at a time: 512,000,000 / 1,200,000 = 426.7
  assert.equal(await imagesThatFit(copies(9), 1000), 426);
  assert.equal(await imagesThatFit(copies(9), 64), 64, "no more than asked for");
  // what does not grow with the number of images does not count
  const { run, ...pass } = copies(9);
  const constant = { ...pass, run: (images: tf.Tensor4D) => [tf.zeros([10_000_000]), run(images)] };
  assert.equal(await imagesThatFit(constant, 1000), 426);
  // one image of a thousand copies, 120 MB, leaves room for four
  assert.equal(await imagesThatFit(copies(999), 1000), 4);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("imagesThatFit() measures a pass of a network once", async () => {
  const network = {};
  let runs = 0;
  const counted = (name: string): Pass => ({
    ...copies(1, network, name),
    run: (images) => {
      runs++;
      return tf.add(images, 1);
    },
  });
  await imagesThatFit(counted("one"), 10);
  const first = runs;
  assert.equal(await imagesThatFit(counted("one"), 20), 20);
  assert.equal(runs, first);
  await imagesThatFit(counted("another"), 10);
  assert.ok(runs > first);
});
