import assert from "node:assert/strict";

/** Asserts that a number is there and close to the expected one. */
export function near(actual: number | null, expected: number, within = 1e-12): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}
