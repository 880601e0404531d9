import assert from "node:assert/strict";
import { decode } from "fast-png";
import { encodePng, isForPeople, markForPeople } from "../../lib/images/mod.ts";
import { decodePng } from "../../lib/images/png.ts";

Deno.test("markForPeople() adds a text chunk that another decoder reads, and leaves the pixels", () => {
  const images = { count: 1, height: 2, width: 3, data: Float32Array.from({ length: 18 }, (_, i) => i / 255) };
  const plain = encodePng(images);
  const marked = markForPeople(plain);
  assert.deepEqual([isForPeople(plain), isForPeople(marked), isForPeople(new Uint8Array())], [false, true, false]);
  assert.deepEqual({ ...decode(marked, { checkCrc: true }).text }, { Comment: "polysem: made to be looked at" });
  assert.deepEqual(decodePng(marked, "marked"), images);
});
