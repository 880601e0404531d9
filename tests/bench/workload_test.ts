import assert from "node:assert/strict";
import { LENET5_LAYERS } from "../../lib/networks/lenet5.ts";
import { sampleUnits } from "./workload.ts";

Deno.test("sampleUnits() gives each layer its share by largest remainder", () => {
  // 72 of 236: shares 1.83, 4.88, 36.61, 25.63, 3.05; floors make 69, and the three largest remainders get one more each
  const counts = new Map<string, number>();
  for (const { layer } of sampleUnits(LENET5_LAYERS, 72)) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  assert.deepEqual([...counts], [["conv1", 2], ["conv2", 5], ["fc1", 36], ["fc2", 26], ["fc3", 3]]);
});

Deno.test("sampleUnits() spaces units evenly, and takes every unit once when asked for all or more", () => {
  const layers = [{ name: "a", positions: "none", units: 8 }] as const;
  assert.deepEqual(sampleUnits(layers, 2).map(({ unit }) => unit), [2, 6]);
  assert.deepEqual(sampleUnits(layers, 9).map(({ unit }) => unit), [0, 1, 2, 3, 4, 5, 6, 7]);
});
