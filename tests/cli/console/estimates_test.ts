import assert from "node:assert/strict";
import { between, percent, percents, signed } from "../../../lib/cli/console/estimates.ts";

Deno.test("numbers stand with their intervals, alone where they have none, and as - where they are not defined", () => {
  assert.equal(between(0.934, 0.891, 0.96, 2), "0.93 [0.89, 0.96]");
  assert.equal(between(0.934, null, null, 1), "0.9");
  assert.equal(between(null, null, null, 2), "-");
  assert.equal(percents(0.8, 0.75, 0.852), "80 % [75, 85]");
  assert.equal(percents(0.8, null, null), "80 %");
  assert.equal(percents(null, null, null), "-");
  assert.equal(percent(0.666), "67 %");
  assert.equal(percent(null), "-");
  assert.equal(signed({ value: 0.064, low: -0.035, high: 0.0981 }), "+0.064 [-0.035, +0.098]");
  assert.equal(signed({ value: 0.5, low: null, high: null }), "+0.500 [-, -]");
  assert.equal(signed({ value: null, low: null, high: null }), "-");
});
