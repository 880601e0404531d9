import assert from "node:assert/strict";
import { equalParts } from "../lib/equal_parts.ts";

Deno.test("equalParts() are as equal as may be, and none is larger than the most", () => {
  assert.deepEqual(equalParts(10, 4), [0, 3, 7, 10]);
  assert.deepEqual(equalParts(8, 4), [0, 4, 8]);
  assert.deepEqual(equalParts(3, 512), [0, 3]);
  assert.deepEqual(equalParts(0, 4), [0]);
});
