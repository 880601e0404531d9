import assert from "node:assert/strict";
import { benjaminiHochberg, studentTail } from "../../lib/statistics/significance.ts";
import { near } from "./near.ts";

Deno.test("studentTail() is the upper tail of Student's distribution", () => {
  near(studentTail(1, 1), 1 / 4); // Cauchy: 1/2 - atan(1) / pi
  near(studentTail(Math.SQRT2, 2), 1 / 2 - 1 / (2 * Math.SQRT2), 1e-10); // 1/2 - t / (2 sqrt(2 + t^2))
  near(studentTail(2.228139, 10), 0.025, 1e-7); // tabulated
  near(studentTail(1.959964, 1e6), 0.025, 1e-6); // nearly normal
  near(studentTail(-1, 1), 3 / 4);
  assert.equal(studentTail(0, 7), 1 / 2);
  assert.equal(studentTail(Infinity, 7), 0);
});

Deno.test("benjaminiHochberg() rejects up to the last p-value under its line, also what lies above its own", () => {
  // lines .0125 .025 .0375 .05: .03 is over the second, .035 under the third
  assert.deepEqual(benjaminiHochberg([0.035, 0.001, 0.2, 0.03], 0.05), [0, 1, 3]);
  assert.deepEqual(benjaminiHochberg([0.02, 0.03], 0.01), []);
  assert.deepEqual(benjaminiHochberg([0.05, 0.05], 0.05), [0, 1]);
});
