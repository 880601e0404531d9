import assert from "node:assert/strict";
import { join } from "node:path";
import { tf, useBackend } from "../../../lib/engine/mod.ts";
import { InputError } from "../../../lib/errors.ts";
import type { ExampleSource } from "../../../lib/gan/training/examples.ts";
import { CLIP_RECIPE, type GanRecipe, PENALTY_RECIPE, rateFactor } from "../../../lib/gan/training/recipe.ts";
import { trainGan, type TrainGanOptions } from "../../../lib/gan/training/train_gan.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../lib/weights/safetensors.ts";
import { createRandom } from "../../../lib/random.ts";
import { inFolder } from "../../in_folder.ts";

await useBackend();

const RECIPE: GanRecipe = { ...PENALTY_RECIPE, batch: 6, mismatched: 2, generated: 5, penaltyBatch: 4 };
const CLIP: GanRecipe = { ...CLIP_RECIPE, batch: 6, mismatched: 2, generated: 5, criticSteps: 2 };

/** Grey images with a brighter square, which is the mask; the grey is the label's. */
const EXAMPLES: ExampleSource = {
  batch: (index, size) => {
    const random = createRandom("squares", index);
    const images = new Float32Array(size * 3072);
    const masks = new Float32Array(size * 1024);
    const labels = Int32Array.from({ length: size }, () => random.integer(0, 9));
    labels.forEach((label, n) => {
      const [top, left] = [random.integer(0, 16), random.integer(0, 16)];
      for (let i = 0; i < 1024; i++) {
        const [row, column] = [i >> 5, i & 31];
        const inside = row >= top && row < top + 16 && column >= left && column < left + 16;
        masks[n * 1024 + i] = Number(inside);
        images.fill(label / 10 - 0.8 + (inside ? 0.7 : 0), n * 3072 + 3 * i, n * 3072 + 3 * i + 3);
      }
    });
    return { images, labels, masks };
  },
};

async function trained(options: Partial<TrainGanOptions> = {}, recipe = RECIPE) {
  const { curve, weights, steps } = await trainGan(EXAMPLES, recipe, {
    seed: 1,
    steps: 4,
    recordEvery: 2,
    measureEvery: 1,
    ...options,
  });
  return { curve: curve.map(({ seconds: _, ...rest }) => rest), weights, steps };
}

Deno.test("trainGan() is reproducible, leaves no tensor behind, and another seed gives other weights", async () => {
  await trained(); // TensorFlow.js keeps some constants of its own
  const before = tf.memory().numTensors;
  const first = await trained();
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(await trained(), first);
  assert.notDeepEqual((await trained({ seed: 2 })).weights, first.weights);
});

Deno.test("trainGan() writes a row of the curve every so many steps, and measures when it is due and at the end", async () => {
  const measured: number[] = [];
  const { curve, steps } = await trained({
    steps: 5,
    measureEvery: 2,
    measure: (generator, step) => {
      measured.push(step);
      assert.equal(
        generator.generate({ latents: new Float32Array(128), labels: [0], masks: new Float32Array(1024) }).count,
        1,
      );
      return { frechet: step, labelShare: 0.5 };
    },
  });
  assert.equal(steps, 5);
  assert.deepEqual(curve.map(({ step }) => step), [2, 4, 5]);
  assert.deepEqual(measured, [4, 5]);
  assert.deepEqual(curve.map(({ frechet }) => frechet), [null, 4, 5]);
});

for (const [name, recipe] of [["a gradient penalty", RECIPE], ["clipped weights", CLIP]] as const) {
  Deno.test(`trainGan() with ${name} goes on from a checkpoint as if it had not been cut`, () =>
    inFolder(async (folder) => {
      const whole = await trained({}, recipe);
      const checkpoint = join(folder, "run.safetensors");
      await trained({ checkpoint, stopAfter: 2 }, recipe);
      const seen: number[] = [];
      const resumed = await trained({ checkpoint, onStep: (step) => seen.push(step) }, recipe);
      assert.deepEqual(seen, [3, 4]);
      assert.deepEqual(resumed.curve, whole.curve);
      for (const [tensor, { data }] of whole.weights) {
        // powers of Adam's decays are multiplied up in one run and raised at once in the other
        const other = resumed.weights.get(tensor)!.data;
        data.forEach((value, i) => assert.ok(Math.abs(value - other[i]) <= 2e-3 * (1 + Math.abs(value)), tensor));
      }
    }));
}

Deno.test("rateFactor() is 1, then falls linearly to what is left of the last step", () => {
  const factors = (decayFrom: number) => [0, 3, 4, 7, 9].map((step) => rateFactor({ decayFrom }, step, 10));
  assert.deepEqual(factors(1), [1, 1, 1, 1, 1]);
  const expected = [1, 1, 1, 0.5, 1 / 6];
  factors(0.4).forEach((factor, i) => assert.ok(Math.abs(factor - expected[i]) < 1e-12, `${factor}`));
});

Deno.test("trainGan() lets the generator's rate fall: the same until it does, others after", async () => {
  const until = (stopAfter: number, decayFrom: number) => trained({ steps: 4, stopAfter }, { ...RECIPE, decayFrom });
  assert.deepEqual((await until(2, 0.5)).weights, (await until(2, 1)).weights); // steps 0, 1 and 2 have the whole rate
  assert.notDeepEqual((await until(4, 0.5)).weights, (await until(4, 1)).weights);
});

Deno.test("trainGan() with clipped weights keeps the critic within its bound", () =>
  inFolder(async (folder) => {
    const checkpoint = join(folder, "run.safetensors");
    await trained({ checkpoint }, CLIP);
    const { tensors } = decodeSafetensors(await Deno.readFile(checkpoint), checkpoint);
    const critic = [...tensors].filter(([name]) => name.startsWith("critic:"));
    assert.equal(critic.length, 10);
    for (const [name, { data }] of critic) {
      assert.ok(data.every((value) => Math.abs(value) <= Math.fround(CLIP.clip)), name);
    }
  }));

Deno.test("trainGan() with a gradient penalty raises the score of true images above that of generated ones", async () => {
  const { curve } = await trained({ steps: 30, recordEvery: 15 });
  assert.ok(curve[1].distance > 0.1, `Wasserstein estimate ${curve[1].distance}`);
});

Deno.test("trainGan() uses the checkpoint before the last when that was cut short, and says so", () =>
  inFolder(async (folder) => {
    const checkpoint = join(folder, "run.safetensors");
    await trained({ checkpoint }); // saved after steps 2 and 4
    const bytes = await Deno.readFile(checkpoint);
    await Deno.writeFile(checkpoint, bytes.subarray(0, bytes.length >> 1));
    const seen: number[] = [];
    const notes: string[] = [];
    await trained({ checkpoint, onStep: (step) => seen.push(step), onNote: (note) => notes.push(note) });
    assert.deepEqual(seen, [3, 4]);
    assert.equal(notes.length, 1);
    assert.match(notes[0], /is not a whole checkpoint .*; going on from .*\.previous$/);

    await Deno.writeFile(checkpoint, bytes.subarray(0, 100));
    await Deno.writeFile(`${checkpoint}.previous`, bytes.subarray(0, 200));
    await assert.rejects(trained({ checkpoint }), (error: Error) => {
      return error instanceof InputError && /delete what is there to start anew$/.test(error.message);
    });
  }));

Deno.test("trainGan() refuses a checkpoint of another run or another architecture", () =>
  inFolder(async (folder) => {
    const checkpoint = join(folder, "run.safetensors");
    await trained({ checkpoint, steps: 2 });
    await assert.rejects(trained({ checkpoint, seed: 9 }), /is the checkpoint of another training run/);
    await assert.rejects(trained({ checkpoint }, { ...RECIPE, criticRate: 1 }), InputError);

    const { tensors, metadata } = decodeSafetensors(await Deno.readFile(checkpoint), checkpoint);
    const other = new Map([...tensors, ["critic:conv2.weight", { shape: [2], data: Float32Array.of(1, 2) }] as const]);
    await Deno.writeFile(checkpoint, encodeSafetensors(other, { key: metadata.key, progress: metadata.progress }));
    await assert.rejects(trained({ checkpoint }), (error: Error) => {
      return error instanceof InputError &&
        /is of another architecture: it does not fit at critic:conv2.weight/.test(error.message);
    });
  }));

Deno.test("trainGan() stops when a loss is not finite, keeps the last good state and says what to lower", () =>
  inFolder(async (folder) => {
    const checkpoint = join(folder, "run.safetensors");
    await trained({ checkpoint, steps: 2 });
    const good = await Deno.readFile(checkpoint);
    const broken: ExampleSource = {
      batch: (index, size) => {
        const batch = EXAMPLES.batch(index, size);
        if (index >= 3) batch.images.fill(NaN);
        return batch;
      },
    };
    await assert.rejects(
      trainGan(broken, RECIPE, { seed: 1, steps: 8, recordEvery: 2, measureEvery: 1, checkpoint }),
      /stopped at step 3: a loss is no longer finite; lower the learning rates \(critic 0.0003, generator 0.0002\) or the penalty's weight \(10\); the last checkpoint is kept$/,
    );
    assert.deepEqual(await Deno.readFile(checkpoint), good);
    assert.equal((await trained({ checkpoint })).steps, 4);
  }));

Deno.test("trainGan() does not save parameters that are no longer finite", () =>
  inFolder(async (folder) => {
    const checkpoint = join(folder, "run.safetensors");
    // the losses of the first step are finite, what it makes of the critic is not
    const wild = { ...RECIPE, criticRate: 3.4e38, generatorRate: 3.4e38 };
    await assert.rejects(
      trainGan(EXAMPLES, wild, { seed: 1, steps: 1, recordEvery: 1, measureEvery: 1, checkpoint }),
      /is no longer finite|is not finite/,
    );
    await assert.rejects(Deno.stat(checkpoint), Deno.errors.NotFound);
  }));
