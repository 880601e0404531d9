import assert from "node:assert/strict";
import { decode } from "fast-png";
import { imageUrl } from "../../lib/report/image_url.ts";

const batch = { count: 2, height: 1, width: 2, data: Float32Array.of(0, 0, 0, 1, 1, 1, 0.5, 1, 0, 1, 0, 0.2) };

Deno.test("imageUrl() is one image as a PNG in base64, its values rounded to bytes", () => {
  const [head, body] = imageUrl(batch, 1).split(",");
  assert.equal(head, "data:image/png;base64");
  const { width, height, channels, depth, data } = decode(Uint8Array.fromBase64(body));
  assert.deepEqual([width, height, channels, depth, ...data], [2, 1, 3, 8, 128, 255, 0, 255, 0, 51]);
});

Deno.test("imageUrl() refuses an image that is not there, and values that are none of an image", () => {
  for (const index of [-1, 2, 0.5]) assert.throws(() => imageUrl(batch, index), RangeError);
  assert.throws(() => imageUrl({ ...batch, data: batch.data.with(3, 2) }, 0), /outside \[0, 1\]/);
});
