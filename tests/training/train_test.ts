import assert from "node:assert/strict";
import { join } from "node:path";
import { tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import { createTrainableLeNet5 } from "../../lib/networks/lenet5.ts";
import type { TrainableClassifier } from "../../lib/networks/network.ts";
import { createRandom } from "../../lib/random.ts";
import type { EpochRecord } from "../../lib/training/checkpoint.ts";
import { accuracy, trainClassifier, type TrainOptions } from "../../lib/training/train.ts";
import { inFolder } from "../in_folder.ts";
import { createSmallClassifier, DATA, RECIPE, stateOf } from "./made_up_training.ts";

await useBackend();

/** Trains a fresh small classifier and returns all its numbers and the curve, but for the seconds. */
async function trained(options: Partial<TrainOptions> = {}, recipe = RECIPE, create = () => createSmallClassifier(4)) {
  const classifier = create();
  try {
    const history = await trainClassifier(classifier, DATA, recipe, { seed: 1, key: "small", ...options });
    return { state: stateOf(classifier), curve: history.map(({ seconds: _, ...rest }) => rest) };
  } finally {
    classifier.dispose();
  }
}

Deno.test("trainClassifier() is reproducible bit for bit, and another seed gives other weights", async () => {
  const before = tf.memory().numTensors;
  const first = await trained();
  assert.deepEqual(await trained(), first);
  assert.notDeepEqual((await trained({ seed: 2 })).state, first.state);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("trainClassifier() trains a LeNet-5 reproducibly, bit for bit", async () => {
  const create = () => createTrainableLeNet5(createRandom(6));
  const first = await trained({ stopAfter: 4 }, RECIPE, create);
  assert.deepEqual(await trained({ stopAfter: 4 }, RECIPE, create), first);
});

Deno.test("trainClassifier() learns: the loss falls from epoch to epoch and the curve says when it was tested", async () => {
  const epochs: EpochRecord[] = [];
  const steps: number[] = [];
  const { curve } = await trained(
    {
      onEpoch: (record) => epochs.push(record),
      onStep: (step, total, loss) => {
        assert.equal(total, 15); // 3 epochs of floor(43 / 8) steps
        assert.ok(loss > 0);
        steps.push(step);
      },
    },
  );
  assert.deepEqual(steps, Array.from({ length: 15 }, (_, i) => i + 1));
  assert.deepEqual(epochs.map(({ seconds: _, ...rest }) => rest), curve);
  assert.deepEqual(curve.map(({ epoch }) => epoch), [1, 2, 3]);
  // tested every second epoch, and always after the last
  assert.deepEqual(curve.map(({ testAccuracy }) => testAccuracy === null), [true, false, false]);
  assert.ok(curve[2].loss < curve[1].loss && curve[1].loss < curve[0].loss);
  assert.ok(curve[2].testAccuracy! > 0.1, "better than chance");
});

Deno.test("trainClassifier() cut at any moment and resumed equals an uninterrupted run", async () => {
  const whole = await trained();
  // within the first epoch, at its end, within the second; and twice
  for (const cuts of [[3], [5], [7], [2, 11]]) {
    await inFolder(async (folder) => {
      const checkpoint = join(folder, "deep", "small.safetensors");
      for (const stopAfter of cuts) await trained({ checkpoint, stopAfter });
      const steps: number[] = [];
      const resumed = await trained({ checkpoint, onStep: (step) => steps.push(step) });
      assert.equal(steps[0], cuts.at(-1)! + 1);
      assert.deepEqual(resumed, whole, `cut after ${cuts}`);
      // a finished run is only read
      assert.deepEqual(await trained({ checkpoint, onStep: () => assert.fail("a step was taken") }), whole);
      assert.deepEqual([...Deno.readDirSync(join(folder, "deep"))].map(({ name }) => name), ["small.safetensors"]);
    });
  }
});

Deno.test("trainClassifier() that is asked to stop keeps the step in hand, whenever the next checkpoint was due", async () => {
  const whole = await trained();
  await inFolder(async (folder) => {
    const checkpoint = join(folder, "small.safetensors");
    const steps: number[] = [];
    let asked = 0;
    const stopped = await trained({ checkpoint, onStep: (step) => steps.push(step), stopWhen: () => ++asked === 8 });
    assert.deepEqual(stopped.curve, whole.curve.slice(0, 1)); // an epoch has five steps
    assert.deepEqual(await trained({ checkpoint, onStep: (step) => steps.push(step) }), whole);
    assert.deepEqual(steps, [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]); // the eighth is done once
    // after the last step there is nothing to stop
    assert.deepEqual(await trained({ stopWhen: () => ++asked === 8 + 15 }), whole);
  });
});

Deno.test("trainClassifier() killed between checkpoints repeats the steps since the last one and ends alike", async () => {
  const whole = await trained();
  await inFolder(async (folder) => {
    const checkpoint = join(folder, "small.safetensors");
    const killed = new Error("killed");
    await assert.rejects(
      trained({
        checkpoint,
        checkpointEvery: 3,
        onStep: (step) => {
          if (step === 8) throw killed;
        },
      }),
      killed,
    );
    await Deno.writeTextFile(`${checkpoint}.tmp`, "half a checkpoint, from a kill while writing");
    const steps: number[] = [];
    assert.deepEqual(await trained({ checkpoint, onStep: (step) => steps.push(step) }), whole);
    assert.equal(steps[0], 7); // the last multiple of 3 before 8 is 6
  });
});

Deno.test("trainClassifier() refuses the checkpoint of another run, of another network and one that is cut", async () => {
  await inFolder(async (folder) => {
    const checkpoint = join(folder, "small.safetensors");
    await trained({ checkpoint, stopAfter: 2 });
    const refused = async (work: Promise<unknown>) => {
      await assert.rejects(work, (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, /small\.safetensors/);
        assert.match(error.message, /delete it/);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    };
    await refused(trained({ checkpoint, seed: 2 }));
    await refused(trained({ checkpoint, key: "other" }));
    await refused(trained({ checkpoint }, { ...RECIPE, learningRate: 0.06 }));
    await refused(trained({ checkpoint }, RECIPE, () => createTrainableLeNet5(createRandom(6))));
    const bytes = await Deno.readFile(checkpoint);
    for (const length of [bytes.length - 1, bytes.length >> 1, 20, 3, 0]) {
      await Deno.writeFile(checkpoint, bytes.subarray(0, length));
      await refused(trained({ checkpoint }));
    }
  });
});

Deno.test("trainClassifier() stops when the loss is not finite, naming the step, and keeps the last checkpoint", async () => {
  await inFolder(async (folder) => {
    const checkpoint = join(folder, "small.safetensors");
    const recipe = { ...RECIPE, learningRate: 1e38 };
    await assert.rejects(
      trained({ checkpoint, checkpointEvery: 1 }, recipe),
      /^Error: training small: the loss is (NaN|Infinity) at step \d+; lower the learning rate \(1e\+38\)/,
    );
    const kept = await Deno.readFile(checkpoint);
    await assert.rejects(trained({ checkpoint, checkpointEvery: 1 }, recipe), /the loss is/);
    assert.deepEqual(await Deno.readFile(checkpoint), kept);
  });
});

Deno.test("label smoothing spreads its share of the target over all classes", async () => {
  // scores that stay 0 (a network of zeros, learning rate 0): every log-probability is -ln 10, with any target
  const zeros = (): TrainableClassifier => {
    const classifier = createSmallClassifier(1);
    for (const variable of classifier.parameters.values()) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    return classifier;
  };
  const still = { ...RECIPE, learningRate: 0 };
  for (const labelSmoothing of [0, 0.3]) {
    const { curve } = await trained({}, { ...still, labelSmoothing }, zeros);
    assert.ok(Math.abs(curve[0].loss - Math.log(10)) < 1e-5);
  }
  // a bias of a towards class 0, where a tenth of the images are 0 .. 9 alike: with smoothing s the mean loss is
  // ln(e^a + 9) - a ((1 - s) p0 + s / 10), p0 the share of class 0 among the images trained on
  const tilted = (): TrainableClassifier => {
    const classifier = zeros();
    tf.tidy(() => classifier.parameters.get("dense.bias")!.assign(tf.tensor1d([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])));
    return classifier;
  };
  const losses: number[] = [];
  for (const labelSmoothing of [0, 1]) {
    losses.push((await trained({}, { ...still, labelSmoothing }, tilted)).curve[0].loss);
  }
  assert.ok(Math.abs(losses[1] - (Math.log(Math.exp(2) + 9) - 0.2)) < 1e-5);
  const p0 = (Math.log(Math.exp(2) + 9) - losses[0]) / 2;
  assert.ok(Math.abs(40 * p0 - Math.round(40 * p0)) < 1e-3, "a whole number of the 40 images is of class 0");
});

Deno.test("accuracy() is the share of images whose highest score is their label's, over batches that do not fill up", () => {
  const count = 260; // a batch is 250
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const pixels = new Uint8Array(count * 3072);
  for (let i = 0; i < count; i++) pixels[i * 3072] = i; // told by its first byte; wraps after 255, in class 6 .. 9, then 0
  const share = accuracy((images) => {
    const byte = images.slice([0, 0, 0, 0], [-1, 1, 1, 1]).reshape([-1]).mul(.2470).add(.4914).mul(255).round();
    return tf.oneHot(byte.mod(10).toInt(), 10).toFloat() as tf.Tensor2D;
  }, { count, height: 32, width: 32, pixels, labels });
  // 256 are right; bytes of the last four, 256 .. 259, are 0 .. 3, and their labels 6 .. 9
  assert.equal(share, 256 / 260);
});
