import assert from "node:assert/strict";
import { parseLabels, planGeneration, plannedImages } from "../../../lib/gan/generation/plan_generation.ts";

Deno.test("parseLabels() takes names, numbers and all", () => {
  assert.deepEqual(parseLabels("Ship, 0"), [8, 0]);
  assert.deepEqual(parseLabels("all"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("plannedImages() go by label, then mask, then latent, from any image on", async () => {
  const plan = await planGeneration({ label: "cat,0", mask: ["disk", "ring"], count: 3, seed: 7 });
  assert.deepEqual([plan.total, plan.firstLatent, plan.seed], [12, 0, 7]);
  const all = plannedImages(plan, 0, 12).map(({ label, mask, latent }) => `${label} ${mask.name} ${latent}`);
  assert.deepEqual(all.slice(0, 7), [
    "3 disk 0",
    "3 disk 1",
    "3 disk 2",
    "3 ring 0",
    "3 ring 1",
    "3 ring 2",
    "0 disk 0",
  ]);
  assert.equal(all[11], "0 ring 2");
  assert.deepEqual(plannedImages(plan, 5, 7), plannedImages(plan, 0, 12).slice(5, 7));
  const one = await planGeneration({ label: "all", mask: [], latent: 9, seed: 0 });
  assert.deepEqual(plannedImages(one, 9, 10).map(({ label, mask, latent }) => [label, mask.name, latent]), [[
    9,
    "disk",
    9,
  ]]);
});
