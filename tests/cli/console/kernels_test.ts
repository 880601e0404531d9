import assert from "node:assert/strict";
import { otherKernelsNote } from "../../../lib/cli/console/kernels.ts";

Deno.test("otherKernelsNote() is one line on what other kernels computed, and none where they are the same or unknown", () => {
  const note = otherKernelsNote("runs/a", ["AVX2, oneDNN off"], ["AVX512_CORE_VNNI, oneDNN on"])!;
  assert.match(
    note,
    /^note: runs\/a holds results that other kernels computed \(AVX2, oneDNN off\) than now \(AVX512_CORE_/,
  );
  assert.match(note, /--run/);
  assert.ok(!note.includes("\n"));
  assert.match(otherKernelsNote("a", ["X", "Y"], ["Y"])!, /computed \(X\) than now \(Y\)/);
  assert.equal(otherKernelsNote("a", ["X"], ["X"]), null);
  assert.equal(otherKernelsNote("a", undefined, ["X"]), null);
  assert.equal(otherKernelsNote("a", ["X"], undefined), null);
});
