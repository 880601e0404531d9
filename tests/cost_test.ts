import assert from "node:assert/strict";
import { createStopwatch, JOB_PARTS, PARTS, RUN_PARTS } from "../lib/cost.ts";

/** A clock that shows these milliseconds, one after the other. */
const clockOf = (...times: number[]) => () => times.shift()!;

Deno.test("a stopwatch adds up the seconds of each part", () => {
  const watch = createStopwatch(clockOf(1000, 1250, 2000, 2500, 4000, 6000));
  assert.deepEqual(watch.seconds, {});
  assert.equal(watch.time("ascent", () => "images"), "images");
  assert.equal(watch.time("lpips", () => 3), 3);
  assert.equal(watch.time("ascent", () => null), null);
  assert.deepEqual(watch.seconds, { ascent: 0.25 + 2, lpips: 0.5 });
});

Deno.test("a stopwatch waits for a promise", async () => {
  const watch = createStopwatch(clockOf(0, 4000));
  let settle = (_: number) => {};
  const promise = watch.time("embedding", () => new Promise<number>((resolve) => settle = resolve));
  assert.deepEqual(watch.seconds, {});
  settle(7);
  assert.equal(await promise, 7);
  assert.deepEqual(watch.seconds, { embedding: 4 });
});

Deno.test("a stopwatch counts what fails too, and lets the failure through", async () => {
  const watch = createStopwatch(clockOf(0, 1000, 1000, 3000));
  const fail = () => {
    throw new RangeError("no");
  };
  assert.throws(() => watch.time("clustering", fail), RangeError);
  await assert.rejects(watch.time("clustering", () => Promise.reject(new TypeError("no"))), TypeError);
  assert.deepEqual(watch.seconds, { clustering: 1 + 2 });
});

Deno.test("the parts of a run are those of its jobs, those of no job, the dataset, and the rest", () => {
  assert.deepEqual([...PARTS].sort(), [...JOB_PARTS, ...RUN_PARTS, "dataset", "other"].sort());
});
