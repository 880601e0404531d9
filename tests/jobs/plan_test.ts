import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { createPlan, parseShard } from "../../lib/jobs/plan.ts";
import { selectUnits } from "../../lib/pipeline/units.ts";
import type { LayerInfo } from "../../lib/types.ts";

const LENET: LayerInfo[] = [
  { name: "conv1", positions: "grid", units: 6 },
  { name: "conv2", positions: "grid", units: 16 },
  { name: "fc1", positions: "none", units: 120 },
  { name: "fc2", positions: "none", units: 84 },
  { name: "fc3", positions: "none", units: 10 },
];

Deno.test("createPlan() never mixes layers and fills jobs in order", () => {
  const plan = createPlan(LENET, selectUnits(LENET, { units: "conv2:0-9,conv1:1,conv1:5" }));
  assert.deepEqual(plan, [
    { layer: "conv1", units: [1, 5] },
    { layer: "conv2", units: [0, 1, 2, 3, 4, 5, 6, 7] },
    { layer: "conv2", units: [8, 9] },
  ]);
});

Deno.test("createPlan() covers all of LeNet-5 in 31 jobs of at most 8", () => {
  const plan = createPlan(LENET, selectUnits(LENET));
  assert.equal(plan.length, 1 + 2 + 15 + 11 + 2); // ceil(6/8) + 16/8 + 120/8 + ceil(84/8) + ceil(10/8)
  assert.equal(plan.reduce((sum, job) => sum + job.units.length, 0), 236);
});

Deno.test("createPlan() does not depend on the order or repetition of the units", () => {
  const units = [{ layer: "fc3", unit: 2 }, { layer: "conv1", unit: 4 }, { layer: "fc3", unit: 1 }];
  assert.deepEqual(createPlan(LENET, [...units, ...units].reverse()), createPlan(LENET, units));
  assert.deepEqual(createPlan(LENET, units, 1), [
    { layer: "conv1", units: [4] },
    { layer: "fc3", units: [1] },
    { layer: "fc3", units: [2] },
  ]);
});

Deno.test("createPlan() rejects units that are not there and jobs of no units", () => {
  assert.throws(() => createPlan(LENET, [{ layer: "fc3", unit: 10 }]), /no unit fc3:10/);
  assert.throws(() => createPlan(LENET, [{ layer: "fc9", unit: 0 }]), RangeError);
  assert.throws(() => createPlan(LENET, [], 0), RangeError);
});

Deno.test("parseShard() reads i/n with 0 <= i < n and refuses the rest", () => {
  assert.deepEqual(parseShard("0/2"), { index: 0, count: 2 });
  assert.deepEqual(parseShard("11/12"), { index: 11, count: 12 });
  for (const text of ["2/2", "0/0", "-1/2", "1", "a/b", "1/2/3", "0.5/2", ""]) {
    assert.throws(
      () => parseShard(text),
      (error: Error) => error instanceof InputError && /0 <= i < n/.test(error.message),
    );
  }
});
