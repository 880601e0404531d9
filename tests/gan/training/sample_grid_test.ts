import assert from "node:assert/strict";
import { latentOf } from "../../../lib/gan/network/image_generator.ts";
import { sampleGrid } from "../../../lib/gan/training/sample_grid.ts";
import { drawShape } from "../../../lib/gan/masks/shapes.ts";
import { blueOf, toyGenerator } from "../toy_generator.ts";

Deno.test("sampleGrid() has labels down, and masks and latents across", () => {
  const columns = [
    { name: "disk", mask: drawShape("disk"), latent: 4 },
    { name: "left", mask: drawShape("half-left"), latent: 4 },
    { name: "other", mask: drawShape("half-left"), latent: 9 },
  ];
  const grid = sampleGrid(toyGenerator(), [8, 0], columns, 7);
  assert.deepEqual(grid.labels, ["ship", "airplane"]);
  assert.equal(grid.images.count, 6);
  const pixel = (
    image: number,
    row: number,
    column: number,
  ) => [...grid.images.data.subarray(((image * 32 + row) * 32 + column) * 3).subarray(0, 3)];
  const blue = (latent: number) => Math.fround(blueOf(latentOf(7, latent), 0));
  assert.deepEqual(pixel(0, 16, 16), [Math.fround(0.8), 1, blue(4)]); // ship, inside the disk
  assert.deepEqual(pixel(1, 16, 16), [Math.fround(0.8), 0, blue(4)]); // the right half
  assert.deepEqual(pixel(5, 16, 15), [0, 1, blue(9)]); // airplane
  assert.notEqual(blue(4), blue(9));
  assert.equal(grid.masks.count, 3);
  const maskPixel = (column: number) => [...grid.masks.data.subarray(((1 * 32 + 16) * 32 + column) * 3).subarray(0, 3)];
  assert.deepEqual([maskPixel(15), maskPixel(16)], [[1, 1, 1], [0, 0, 0]]); // the second mask
});
