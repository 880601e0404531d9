import assert from "node:assert/strict";
import { groupJobs, partsOfJobs, pendingGroups } from "../../lib/jobs/group_jobs.ts";
import { createPlan } from "../../lib/jobs/plan.ts";

/** Three jobs of `a`, of 8, 8 and 4 units, and two of `b`, of 8 and 1. */
const JOBS = createPlan(
  [{ name: "a", positions: "grid", units: 20 }, { name: "b", positions: "none", units: 9 }],
  [...Array(20).keys()].map((unit) => ({ layer: "a", unit })).concat(
    [...Array(9).keys()].map((unit) => ({ layer: "b", unit })),
  ),
);
const ALL = [0, 1, 2, 3, 4];

Deno.test("groupJobs() puts jobs of a layer together up to so many units", () => {
  assert.deepEqual(groupJobs(JOBS, ALL, () => 1000, 1), [[0, 1, 2], [3, 4]]);
  assert.deepEqual(groupJobs(JOBS, ALL, (layer) => layer === "a" ? 16 : 8, 1), [[0, 1], [2], [3], [4]]);
  assert.deepEqual(groupJobs(JOBS, ALL, () => 0, 1), [[0], [1], [2], [3], [4]], "a job alone may have more");
  assert.deepEqual(groupJobs(JOBS, [1, 2, 4], () => 1000, 1), [[1, 2], [4]], "only what is pending");
  assert.deepEqual(groupJobs(JOBS, [], () => 1000, 4), []);
});

Deno.test("groupJobs() leaves two tasks for each worker", () => {
  // 29 units over 2 x 2 tasks: no more than 8 a task
  assert.deepEqual(groupJobs(JOBS, ALL, () => 1000, 2), [[0], [1], [2], [3], [4]]);
  const many = Array.from({ length: 16 }, () => ({ layer: "a", units: [...Array(8).keys()] }));
  const numbers = [...many.keys()];
  // 128 units over 2 x 2 tasks: 32 units, four jobs each
  assert.deepEqual(groupJobs(many, numbers, () => 1000, 2).map(({ length }) => length), [4, 4, 4, 4]);
  assert.deepEqual(groupJobs(many, numbers, () => 1000, 2).flat(), numbers);
});

Deno.test("pendingGroups() leaves out what is done, and has what is in no group by itself", () => {
  assert.deepEqual(pendingGroups([[0, 1, 2], [3, 4]], ALL), [[0, 1, 2], [3, 4]]);
  assert.deepEqual(pendingGroups([[0, 1, 2], [3, 4]], [1, 2]), [[1, 2]]);
  assert.deepEqual(pendingGroups([[1, 2]], [0, 2, 4]), [[2], [0], [4]]);
  assert.deepEqual(pendingGroups([], ALL), [[0], [1], [2], [3], [4]]);
});

Deno.test("partsOfJobs() cuts few jobs so that no worker is idle for long", () => {
  assert.equal(partsOfJobs(1, 1), 1);
  assert.equal(partsOfJobs(1, 2), 2);
  assert.equal(partsOfJobs(1, 16), 16);
  assert.equal(partsOfJobs(2, 2), 1);
  assert.equal(partsOfJobs(3, 2), 2, "six halves rather than three jobs");
  assert.equal(partsOfJobs(5, 4), 2, "ten halves: no worker does more than three");
  assert.equal(partsOfJobs(17, 4), 1);
});
