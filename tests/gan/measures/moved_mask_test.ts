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

Deno.test("measureMovedMask() asks for a disk of half the side at eight places of a circle of .4, each latent with its label", async () => {
  const asked: { latent: string; label: number; mask: Float32Array }[] = [];
  const inner = maskAsBrightness();
  const generator: ImageGenerator = {
    ...inner,
    generate: (conditions) => {
      const { latents, labels, masks } = conditions;
      for (let i = 0; i < labels.length; i++) {
        const latent = latents.slice(i * 128, (i + 1) * 128).join();
        asked.push({ latent, label: labels[i], mask: masks.slice(i * PIXELS, (i + 1) * PIXELS) });
      }
      return inner.generate(conditions);
    },
  };
  await measureMovedMask(generator, { latents: 12, seed: 1 });
  assert.equal(asked.length, 96);
  asked.forEach(({ latent, label, mask }, i) => {
    const [number, place] = [Math.floor(i / 8), i % 8];
    assert.equal(label, number % 10);
    assert.equal(latent, asked[8 * number].latent);
    // a disk of diameter 16 has 64 pi pixels; a fifth of a pixel for its soft rim
    const area = mask.reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(area / (64 * Math.PI) - 1) < 0.02, `${area} pixels`);
    const centre = (of: (pixel: number) => number) =>
      mask.reduce((sum, value, pixel) => sum + value * of(pixel), 0) / area;
    const angle = 2 * Math.PI * place / 8; // .4 of half of 32 pixels about the middle, and upwards is up
    assert.ok(Math.abs(centre((pixel) => pixel % 32) - (15.5 + 6.4 * Math.cos(angle))) < 0.1, `place ${place}`);
    assert.ok(Math.abs(centre((pixel) => Math.floor(pixel / 32)) - (15.5 - 6.4 * Math.sin(angle))) < 0.1);
  });
  assert.equal(new Set(asked.map(({ latent }) => latent)).size, 12);
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
