import assert from "node:assert/strict";
import { join } from "node:path";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { criticScores } from "../../../lib/gan/network/critic.ts";
import { createGanState, disposeGanState, type GanRecord } from "../../../lib/gan/training/gan_state.ts";
import { type GanRecipe, PENALTY_RECIPE } from "../../../lib/gan/training/recipe.ts";
import { trainGan, type TrainGanOptions } from "../../../lib/gan/training/train_gan.ts";
import { createRandom } from "../../../lib/random.ts";
import { decodeSafetensors, type WeightArray } from "../../../lib/weights/safetensors.ts";

await useBackend();

const RECIPE: GanRecipe = { ...PENALTY_RECIPE, batch: 6, mismatched: 5, generated: 5, penaltyBatch: 4 };

/** Made-up images, labels and masks, others in each batch. */
const EXAMPLES = {
  batch: (index: number, size: number) => {
    const random = createRandom("examples", index);
    return {
      images: Float32Array.from({ length: size * 3072 }, () => 2 * random.uniform() - 1),
      labels: Int32Array.from({ length: size }, () => random.integer(0, 9)),
      masks: Float32Array.from({ length: size * 1024 }, () => random.uniform()),
    };
  },
};

const train = (recipe: GanRecipe, options: Partial<TrainGanOptions>) =>
  trainGan(EXAMPLES, recipe, { seed: 1, steps: 3, recordEvery: 1, measureEvery: 1, ...options });

Deno.test("trainGan() averages the generator: decay times the average, the first steps with a decay of 1/10, 2/11, ... at most", async () => {
  const recipe = { ...RECIPE, averageDecay: 0.2, generatorRate: 0.01, decayFrom: 1 };
  const state = createGanState(recipe, 1);
  let averaged = new Map<string, Float32Array>(
    [...state.generator].map(([name, variable]) => [name, Float32Array.from(variable.dataSync())]),
  );
  disposeGanState(state);
  const folder = await Deno.makeTempDir();
  try {
    const checkpoint = join(folder, "run.safetensors");
    const saved: Map<string, WeightArray>[] = []; // after steps 1, 2 and 3: a row of the curve comes before its checkpoint
    const onRecord = ({ step }: GanRecord) => {
      if (step > 1) saved.push(decodeSafetensors(Deno.readFileSync(checkpoint), checkpoint).tensors);
    };
    await train(recipe, { steps: 4, checkpoint, onRecord });
    assert.equal(saved.length, 3);
    for (const [step, decay] of [1 / 10, 2 / 11, 0.2].entries()) { // the third would be 3/12
      let moved = 0;
      averaged = new Map([...averaged].map(([name, before]) => {
        const generator = saved[step].get(`generator:${name}`)!.data;
        const after = saved[step].get(`averaged:${name}`)!.data;
        after.forEach((value, i) => {
          const expected = decay * before[i] + (1 - decay) * generator[i];
          assert.ok(Math.abs(value - expected) < 1e-6 * (1 + Math.abs(expected)), `step ${step}, ${name}: ${value}`);
          moved = Math.max(moved, Math.abs(generator[i] - before[i]));
        });
        return [name, after];
      }));
      assert.ok(moved > 5e-3, "the generator moves, so that decays can be told apart");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The mean score of the last true images of a step's batch, minus that of the same ones with a wrong label or mask. */
function advantageOf(seed: number, step: number, { batch: size, mismatched: count }: GanRecipe): number {
  const { images, labels, masks } = EXAMPLES.batch(step, size);
  const random = createRandom(seed, "mismatch", step);
  const half = Math.floor(count / 2);
  const wrongLabels = labels.slice();
  const wrongMasks = masks.slice();
  for (let i = 0; i < count; i++) {
    const place = size - count + i;
    if (i < half) wrongLabels[place] = (labels[place] + random.integer(1, 9)) % 10; // any other, each as often
    else wrongMasks.set(masks.subarray((place - 1) * 1024, place * 1024), place * 1024); // the neighbour's
  }
  const state = createGanState(RECIPE, seed);
  const scores = (labelsShown: Int32Array, masksShown: Float32Array) =>
    tf.tidy(() => {
      const shown = tf.tensor4d(masksShown, [size, 32, 32, 1]);
      const pictures = tf.tensor4d(images, [size, 32, 32, 3]);
      return criticScores(state.critic, pictures, tf.tensor1d(labelsShown, "int32"), shown).dataSync();
    });
  const [own, wrong] = [scores(labels, masks), scores(wrongLabels, wrongMasks)];
  disposeGanState(state);
  let sum = 0;
  for (let place = size - count; place < size; place++) sum += own[place] - wrong[place];
  return sum / count;
}

Deno.test("trainGan() shows the critic half of the last images with a wrong label and half with the mask before, drawn by seed and step", async () => {
  // networks that stand still: what the critic is shown is all that changes from step to step
  const recipe = { ...RECIPE, criticRate: 0, generatorRate: 0 };
  const seen: number[] = [];
  for (const [seed, steps] of [[1, 4], [2, 2]]) {
    const { curve } = await train(recipe, { seed, steps });
    assert.equal(curve.length, steps);
    for (const { step, advantage } of curve) {
      const expected = advantageOf(seed, step - 1, recipe);
      assert.ok(Math.abs(advantage - expected) < 1e-4, `step ${step}: ${advantage} instead of ${expected}`);
      seen.push(expected);
    }
  }
  assert.ok(Math.max(...seen) - Math.min(...seen) > 0.01, `${seen}`);
});
