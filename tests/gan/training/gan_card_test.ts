import assert from "node:assert/strict";
import { join } from "node:path";
import { writeGanCard } from "../../../lib/gan/training/gan_card.ts";
import type { GanRecord } from "../../../lib/gan/training/gan_state.ts";
import { CLIP_RECIPE, PENALTY_RECIPE } from "../../../lib/gan/training/recipe.ts";
import type { GanTraining } from "../../../lib/gan/training/train_gan_model.ts";

function row(step: number, seconds: number, frechet: number | null): GanRecord {
  const labelShare = frechet === null ? null : frechet / 100;
  return {
    step,
    seconds,
    distance: 1.5,
    advantage: 3.25,
    penalty: 0.25,
    criticLoss: -1,
    generatorLoss: 2,
    frechet,
    labelShare,
  };
}

const TRAINING: GanTraining = {
  command: "deno task train gan-cifar10",
  seed: 0,
  recipe: PENALTY_RECIPE,
  steps: 4000,
  seconds: 1800,
  machine: "2 threads of a processor, cpu",
  parameters: { generator: 1000, critic: 2000 },
  curve: [row(1000, 450, 40), row(2000, 900, null), row(3000, 1350, 30), row(4000, 1800, 20)],
  file: { bytes: 12345, sha256: "abc" },
};

async function cardOf(documents: Record<string, unknown>): Promise<string | null> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, document] of Object.entries(documents)) {
      await Deno.writeTextFile(join(folder, name), JSON.stringify(document));
    }
    await writeGanCard(folder);
    return await Deno.readTextFile(join(folder, "card.md")).catch(() => null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeGanCard() writes nothing without a training", async () => {
  assert.equal(await cardOf({}), null);
});

Deno.test("writeGanCard() tells command, steps, time, hash and curve", async () => {
  const card = await cardOf({ "training.json": TRAINING });
  for (
    const part of [
      "`deno task train gan-cifar10`",
      "4,000 of the generator, 1 of the critic for each, 64 images",
      "30.0 minutes of steps on 2 threads of a processor, cpu",
      "generator 1,000, critic 2,000",
      "| sha256 | abc |",
      "| 2000 | 15.0 | 1.50 | 3.25 | 0.250 | -1.00 | 2.00 |  |  |",
      "| 4000 | 30.0 | 1.50 | 3.25 | 0.250 | -1.00 | 2.00 | 20.00 | 20.0 % |",
    ]
  ) assert.ok(card!.includes(part), part);
  assert.ok(!card!.includes("The two losses"));
});

Deno.test("writeGanCard() compares the losses at the times at which the other was measured, never with a later row", async () => {
  const clip: GanTraining = {
    ...TRAINING,
    recipe: CLIP_RECIPE,
    command: "deno task train gan-cifar10 --loss clip",
    curve: [row(100, 400, 90), row(300, 1360, 80), row(400, 1400, null)],
    file: null,
  };
  const card = await cardOf({ "training.json": TRAINING, "training-clip.json": clip });
  const section = card!.slice(card!.indexOf("## The two losses"), card!.indexOf("## Curve"));
  const rows = section.split("\n").filter((line) => /^\| \d/.test(line));
  // at 400 s the penalty had not been measured yet; at 1360 s its last measure was that of step 3000
  assert.deepEqual(rows, ["| 22.7 | 3000 | 30.00 | 30.0 % | 300 | 80.00 | 80.0 % |"]);
});
