import assert from "node:assert/strict";
import { fitGrowth, fitLine } from "./fit.ts";

const near = (a: number, b: number) =>
  assert.ok(Math.abs(a - b) < 1e-12 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

Deno.test("fitLine() is the line of least squares, with the standard error of its slope", () => {
  // means 2.5 and 5; Sxx = 2.25 + .25 + .25 + 2.25 = 5, Sxy = 1.5 * 3 + .5 * 0 + .5 * 1 + 1.5 * 2 = 8, so the slope is 1.6,
  // the intercept 5 - 1.6 * 2.5 = 1; left over are -.6, .8, .2, -.4, whose squares sum to 1.2: the error is
  // sqrt(1.2 / 2 / 5) = sqrt(.12)
  const { intercept, slope, slopeError } = fitLine([1, 2, 3, 4], [2, 5, 6, 7]);
  near(slope, 1.6);
  near(intercept, 1);
  near(slopeError!, Math.sqrt(0.12));
});

Deno.test("fitLine() through two points leaves nothing over, and through one there is none", () => {
  assert.deepEqual(fitLine([1, 3], [2, 8]), { intercept: -1, slope: 3, slopeError: null });
  assert.throws(() => fitLine([2, 2], [1, 3]), RangeError);
  assert.throws(() => fitLine([2], [1]), RangeError);
  assert.throws(() => fitLine([1, 2], [1]), RangeError);
});

Deno.test("fitGrowth() tells the exponent of a power, and a line with what is there at nothing", () => {
  const x = [1, 2, 4, 8];
  const square = fitGrowth(x, x.map((value) => 3 * value ** 2));
  near(square.exponent, 2);
  assert.ok(square.exponentError! < 1e-12);
  const flat = fitGrowth(x, [5, 5, 5, 5]);
  near(flat.exponent, 0);
  near(flat.linear.intercept, 5);
  near(flat.linear.slope, 0);
  const offset = fitGrowth(x, x.map((value) => 10 + 2 * value));
  near(offset.linear.intercept, 10);
  near(offset.linear.slope, 2);
  // in units of log 2: x at 0, 1, 2 and y at 0, 1, 0, so no slope; 2/3, squared and summed, is left over: error
  // sqrt((1/9 + 4/9 + 1/9) / 1 / 2) = sqrt(1/3)
  const bent = fitGrowth([1, 2, 4], [1, 2, 1]);
  near(bent.exponent, 0);
  near(bent.exponentError!, Math.sqrt(1 / 3));
});

Deno.test("fitGrowth() refuses what has no logarithm", () => {
  assert.throws(() => fitGrowth([0, 1], [1, 1]), /0 has no logarithm/);
  assert.throws(() => fitGrowth([1, 2], [1, -1]), /-1 has no logarithm/);
});
