import assert from "node:assert/strict";
import { inBatches, inHalves, onNote } from "../../lib/engine/mod.ts";
import { isOutOfMemory } from "../../lib/errors.ts";

/** What TensorFlow says where its own allocator, and where oneDNN on a processor, gets no memory. */
const WORDS = [
  "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[64,64,32,32]",
  "Invalid TF_Status: 10\nMessage: Operation received an exception:Status: 1, message: could not create a primitive, in file " +
  "tensorflow/core/kernels/mkl/mkl_conv_ops.cc:1112",
];

Deno.test("isOutOfMemory() knows TensorFlow's and oneDNN's words for it, and no others", () => {
  for (const words of WORDS) assert.ok(isOutOfMemory(new Error(words)), words);
  // oneDNN's status 2 is a wrong argument, 3 what it cannot do, 16 none at all
  for (const status of [2, 3, 16]) {
    assert.ok(!isOutOfMemory(new Error(WORDS[1].replace("Status: 1,", `Status: ${status},`))));
  }
  assert.ok(!isOutOfMemory(new Error("Invalid TF_Status: 3\nMessage: shapes differ")));
});

for (const words of WORDS) {
  Deno.test(`inBatches() halves what memory does not suffice for, in order, and says so once (${words.slice(0, 21)})`, async () => {
    const notes: string[] = [];
    onNote((_about, text) => notes.push(text));
    const done: [number, number][] = [];
    let failed = 0;
    await inBatches(10, 8, (from, to) => {
      if (to - from > 3) {
        failed++;
        return Promise.reject(new Error(words));
      }
      done.push([from, to]);
      return Promise.resolve();
    });
    // 8 do not fit, nor do its halves of 4; the last batch has two entries
    assert.deepEqual(done, [[0, 2], [2, 4], [4, 6], [6, 8], [8, 10]]);
    assert.equal(failed, 3);
    assert.ok(notes.length <= 1 && notes.every((note) => /halved/.test(note)));
  });
}

Deno.test("inHalves() throws what memory does not suffice for alone, and every other error at once", async () => {
  const tried: [number, number][] = [];
  const failing = (message: string) => (from: number, to: number) => {
    tried.push([from, to]);
    return Promise.reject(new Error(message));
  };
  await assert.rejects(inHalves(0, 4, failing(WORDS[1])), /could not create a primitive/);
  assert.deepEqual(tried.splice(0), [[0, 4], [0, 2], [0, 1]]);
  await assert.rejects(inHalves(0, 4, failing("shapes differ")), /shapes differ/);
  assert.deepEqual(tried, [[0, 4]]);
});
