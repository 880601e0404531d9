import assert from "node:assert/strict";
import { join } from "node:path";
import { writeCardWithCurve } from "../../../lib/gan/training/gan_card.ts";
import type { GanRecord } from "../../../lib/gan/training/gan_state.ts";
import { CLIP_RECIPE, PENALTY_RECIPE } from "../../../lib/gan/training/recipe.ts";
import { inFolder } from "../../in_folder.ts";

const row = (step: number, frechet: number | null): GanRecord => ({
  step,
  seconds: 60 * step,
  distance: 1,
  advantage: 1,
  penalty: 0,
  criticLoss: 0,
  generatorLoss: 0,
  frechet,
  labelShare: frechet === null ? null : 0.25,
});
const training = {
  command: "train",
  seed: 0,
  recipe: PENALTY_RECIPE,
  steps: 3,
  seconds: 180,
  machine: "a machine",
  parameters: { generator: 1, critic: 1 },
  curve: [row(1, 40), row(2, null), row(3, 20)],
  file: null,
};

Deno.test("writeCardWithCurve() draws a point for each measurement, by loss, and the card shows it", () =>
  inFolder(async (folder) => {
    const clip = { ...training, recipe: CLIP_RECIPE, curve: [row(1, 60), row(2, 50)] };
    await Deno.writeTextFile(join(folder, "training.json"), JSON.stringify(training));
    await Deno.writeTextFile(join(folder, "training-clip.json"), JSON.stringify(clip));
    await writeCardWithCurve(folder);
    const svg = await Deno.readTextFile(join(folder, "curve.svg"));
    for (const text of ["gradient penalty", "clipped weights", "minutes of training steps"]) {
      assert.ok(svg.includes(text));
    }
    assert.ok((await Deno.readTextFile(join(folder, "card.md"))).includes("](curve.svg)"));
  }));
