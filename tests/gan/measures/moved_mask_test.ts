import assert from "node:assert/strict";
import type { ImageGenerator } from "../../../lib/gan/network/image_generator.ts";
import { measureMovedMask } from "../../../lib/gan/measures/moved_mask.ts";
import { createRandom } from "../../../lib/random.ts";
import { collapsedOn, maskAsBrightness } from "./toy_generators.ts";

const PIXELS = 32 * 32;
const options = { latents: 30, seed: 1 };

/** The generator as it is with other masks than it was asked for. */
function withMasks(change: (mask: Float32Array) => Float32Array): ImageGenerator {
  const inner = maskAsBrightness();
  return {
    ...inner,
    generate: (conditions) => {
      const masks = conditions.masks.slice();
      for (let start = 0; start < masks.length; start += PIXELS) {
        masks.set(change(masks.slice(start, start + PIXELS)), start);
      }
      return inner.generate({ ...conditions, masks });
    },
  };
}

Deno.test("measureMovedMask() finds changes and contours of a generator that paints the mask where the mask is", () => {
  let images = 0;
  const found = measureMovedMask(maskAsBrightness(), { ...options, onImages: (count) => images += count });
  assert.equal(images, 240);
  assert.deepEqual([found.latents, found.places], [30, 8]);
  // only soft pixels of the disk's edge change outside the difference of the masks
  assert.ok(found.change!.found.low > 0.97, `${found.change!.found.low}`);
  assert.ok(found.change!.difference.low > 0.1);
  for (const motion of [found.foreground!, found.edges!]) {
    assert.ok(motion.found.low > 0.95, `${motion.found.low}`);
    assert.ok(Math.abs(motion.shuffled.value) < 0.3, `${motion.shuffled.value}`);
    assert.ok(motion.difference.low > 0.5);
  }
});

Deno.test("measureMovedMask() finds the opposite motion of a generator that turns the mask by half a turn", () => {
  const found = measureMovedMask(withMasks((mask) => mask.reverse()), options);
  assert.ok(found.edges!.found.high < -0.95, `${found.edges!.found.high}`);
  assert.ok(found.foreground!.found.high < -0.95);
});

Deno.test("measureMovedMask() finds no more than by shuffled places where images change without regard to the mask", () => {
  let drawn = 0;
  const speckles = withMasks(() => {
    const random = createRandom(7, drawn++);
    return Float32Array.from({ length: PIXELS }, () => random.uniform());
  });
  const { change, edges } = measureMovedMask(speckles, options);
  assert.ok(Math.abs(change!.found.value - 0.5) < 0.02, `${change!.found.value}`);
  assert.ok(Math.abs(change!.difference.value) < 0.02);
  assert.ok(Math.abs(edges!.found.value) < 0.3, `${edges!.found.value}`);
});

Deno.test("measureMovedMask() is null for a generator that ignores the mask", () => {
  const image = Float32Array.from({ length: 3 * PIXELS }, (_, i) => (i % 97) / 97);
  const { change, foreground, edges } = measureMovedMask(collapsedOn(image), options);
  assert.deepEqual([change, foreground, edges], [null, null, null]);
});

Deno.test("measureMovedMask() depends on the seed alone", () => {
  const few = { latents: 3, seed: 5 };
  assert.deepEqual(measureMovedMask(maskAsBrightness(), few), measureMovedMask(maskAsBrightness(), few));
});
