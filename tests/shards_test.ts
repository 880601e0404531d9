import assert from "node:assert/strict";
import { isInShard, jobsOfShard } from "../lib/shards.ts";

Deno.test("jobsOfShard() takes every n-th job, from the i-th on", () => {
  assert.deepEqual(jobsOfShard(7, { index: 0, count: 3 }), [0, 3, 6]);
  assert.deepEqual(jobsOfShard(7, { index: 1, count: 3 }), [1, 4]);
  assert.deepEqual(jobsOfShard(7, { index: 2, count: 3 }), [2, 5]);
});

Deno.test("jobsOfShard() of the one shard is the whole plan, and of more shards than jobs may be empty", () => {
  assert.deepEqual(jobsOfShard(3, { index: 0, count: 1 }), [0, 1, 2]);
  assert.deepEqual(jobsOfShard(2, { index: 2, count: 4 }), []);
  assert.deepEqual(jobsOfShard(0, { index: 0, count: 1 }), []);
});

Deno.test("isInShard() puts each job into exactly one shard, whatever their number", () => {
  for (const count of [1, 2, 3, 7, 31]) {
    for (let job = 0; job < 40; job++) {
      const shards = Array.from({ length: count }, (_, index) => index).filter((index) =>
        isInShard(job, { index, count })
      );
      assert.equal(shards.length, 1, `job ${job} is of ${shards.length} of ${count} shards`);
    }
  }
});
