import assert from "node:assert/strict";
import { decode } from "fast-png";
import { imagePng, imageUrl } from "../../lib/report/image_url.ts";

const batch = { count: 2, height: 1, width: 2, data: Float32Array.of(0, 0, 0, 1, 1, 1, 0.5, 2, -1, 1, 0, 0.2) };

Deno.test("imagePng() rounds to bytes and holds values in range", () => {
  const { width, height, channels, data } = decode(imagePng(batch, 1));
  assert.deepEqual([width, height, channels, ...data], [2, 1, 3, 128, 255, 0, 255, 0, 51]);
});

Deno.test("imageUrl() is the PNG in base64", () => {
  const [head, body] = imageUrl(batch, 0).split(",");
  assert.equal(head, "data:image/png;base64");
  assert.deepEqual(Uint8Array.fromBase64(body), imagePng(batch, 0));
});

Deno.test("imagePng() refuses an image that is not there", () => {
  for (const index of [-1, 2, 0.5]) assert.throws(() => imagePng(batch, index), RangeError);
});
