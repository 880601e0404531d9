import assert from "node:assert/strict";
import { normalizeColours } from "../../lib/networks/normalize.ts";

Deno.test("normalizeColours() takes each colour's mean away and divides by its deviation", () => {
  const pixels = Float32Array.of(0, 0.5, 1, 1, 0.25, 0.75);
  // red (x - 1/2) / (1/4), green (x - 1/4) / (1/2), blue (x - 1) / 2: powers of two, so exact
  const normalized = normalizeColours(pixels, [0.5, 0.25, 1], [0.25, 0.5, 2]);
  assert.deepEqual([...normalized], [-2, 0.5, 0, 2, 0, -0.125]);
  assert.deepEqual([...pixels], [0, 0.5, 1, 1, 0.25, 0.75], "the pixels stay as they are");
});

Deno.test("normalizeColours() rounds once, at the end", () => {
  const x = Math.fround(0.3);
  const [value] = normalizeColours(Float32Array.of(x, 0, 0), [0.485, 0, 0], [0.229, 1, 1]);
  // in single precision throughout the last bit differs here: fround(fround(x - m) / s)
  const [m, s] = [Math.fround(0.485), Math.fround(0.229)];
  assert.equal(value, Math.fround((x - 0.485) / 0.229));
  assert.notEqual(value, Math.fround(Math.fround(x - m) / s));
});

Deno.test("normalizeColours() of no pixels has none", () => {
  assert.equal(normalizeColours(new Float32Array(0), [0, 0, 0], [1, 1, 1]).length, 0);
});
