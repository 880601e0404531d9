import assert from "node:assert/strict";
import { labelFidelity } from "../../../lib/gan/measures/label_fidelity.ts";
import { createRandom } from "../../../lib/random.ts";

Deno.test("labelFidelity() counts what was asked against what is seen", () => {
  const asked = Uint8Array.of(0, 0, 0, 0, 1, 1, 9, 9);
  const judged = Uint8Array.of(0, 0, 3, 0, 1, 9, 9, 9);
  const { count, share, byLabel, confusion } = labelFidelity(asked, judged, createRandom(0));
  assert.equal(count, 8);
  assert.equal(share.value, 6 / 8);
  assert.ok(share.low < 6 / 8 && share.high > 6 / 8);
  assert.deepEqual(byLabel, [3 / 4, 1 / 2, null, null, null, null, null, null, null, 1]);
  assert.deepEqual(confusion[0], [3, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(confusion[1], [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(confusion[9], [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  assert.equal(confusion.flat().reduce((sum, images) => sum + images), 8);
});

Deno.test("labelFidelity() of a perfect generator is 1, and about a tenth with the labels shuffled", () => {
  const asked = Uint8Array.from({ length: 2000 }, (_, i) => i % 10);
  const { share, shuffled } = labelFidelity(asked, asked, createRandom(1));
  assert.deepEqual(share, { value: 1, low: 1, high: 1 });
  assert.ok(Math.abs(shuffled.value - 0.1) < 0.02, `${shuffled.value}`); // three deviations of sqrt(.09 / 2000)
});

Deno.test("labelFidelity() of what ignores the label is no better than shuffled labels", () => {
  const asked = Uint8Array.from({ length: 2000 }, (_, i) => i % 10);
  const { share, shuffled } = labelFidelity(asked, new Uint8Array(2000).fill(4), createRandom(1));
  assert.equal(share.value, 0.1);
  assert.equal(shuffled.value, 0.1);
});

Deno.test("labelFidelity() refuses labels of different numbers", () => {
  assert.throws(() => labelFidelity(new Uint8Array(3), new Uint8Array(2), createRandom(0)), /3 labels stand beside 2/);
  assert.throws(() => labelFidelity(new Uint8Array(0), new Uint8Array(0), createRandom(0)), /mean of no value/);
});
