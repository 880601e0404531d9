import assert from "node:assert/strict";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import {
  CIFAR10_COLOURS,
  createTaughtNetwork,
  createTrainableTaught,
  layerOfTaught,
  normalizeColours,
  type TaughtArchitecture,
  type TaughtHead,
  toWeightArray,
  type TrainableTaught,
} from "../../lib/networks/mod.ts";
import { createRandom } from "../../lib/random.ts";
import type { WeightArray } from "../../lib/weights/mod.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { type MadeUpTensor, madeUpTensors } from "./made_up_resnet.ts";
import vit from "../../fixtures/networks/vit.json" with { type: "json" };

await useBackend();

const LABELS: TaughtHead = { kind: "labels", units: 4 };
const SETS: TaughtHead = { kind: "sets", units: 6, classes: 10 };
const CASES: [TaughtArchitecture, TaughtHead][] = [
  ["lenet5", LABELS],
  ...(["resnet", "vgg", "vit"] as const).flatMap((each): [TaughtArchitecture, TaughtHead][] => [
    [each, LABELS],
    [each, SETS],
  ]),
];
const PRETRAINED = madeUpTensors(vit.tensors as unknown as MadeUpTensor[]);

function trainable(architecture: TaughtArchitecture, head: TaughtHead, seed = 5): TrainableTaught {
  return createTrainableTaught(architecture, head, createRandom(seed), architecture === "vit" ? PRETRAINED : null);
}

/** Scales, offsets and statistics that are not those of the beginning, so that a swap or an omission shows. */
function shake({ parameters, buffers }: TrainableTaught): void {
  const random = createRandom("shaken");
  const fill = (variable: tf.Variable, number: () => number) =>
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from({ length: variable.size }, number), variable.shape)));
  for (const [name, variable] of [...parameters, ...buffers]) {
    if (/bn\d?\.|downsample\.1\./.test(name)) {
      fill(variable, () => /weight|var/.test(name) ? 0.5 + random.uniform() : 0.4 * (random.uniform() - 0.5));
    }
  }
}

function weightsOf({ parameters, buffers }: TrainableTaught): Map<string, WeightArray> {
  return new Map([...parameters, ...buffers].map(([name, value]) => [name, toWeightArray(value)] as const));
}

for (const [architecture, head] of CASES) {
  Deno.test(`${architecture} taught ${head.kind}: what is trained and what is used compute the same`, () => {
    const before = tf.memory().numTensors;
    const trained = trainable(architecture, head);
    shake(trained);
    const network = createTaughtNetwork(architecture, head, weightsOf(trained), "made up", "made-up");
    const { data } = madeUpImages(410, 3, 32);
    const normalized = tf.tensor4d(normalizeColours(data, CIFAR10_COLOURS.mean, CIFAR10_COLOURS.std), [3, 32, 32, 3]);
    const images = tf.tensor4d(data, [3, 32, 32, 3]);
    const layer = layerOfTaught(architecture, head);
    const expected = tf.tidy(() => {
      const { taught, classes } = trained.outputs(normalized, false);
      return classes === null ? [taught] : [taught, classes];
    });
    const layers = head.kind === "sets" ? [layer, "head"] : [layer];
    const used = network.activations(images, layers);
    assert.equal(used.length, expected.length);
    for (const [i, tensor] of used.entries()) {
      const info = network.layers.find(({ name }) => name === layers[i])!;
      assert.deepEqual(tensor.shape, [3, info.units]);
      const [ours, theirs] = [tensor.dataSync(), expected[i].dataSync()];
      const largest = Math.max(...theirs.map(Math.abs));
      assert.ok(largest > 0);
      ours.forEach((value, j) =>
        assert.ok(Math.abs(value - theirs[j]) <= 1e-4 * largest, `${layers[i]} ${j}: ${value} instead of ${theirs[j]}`)
      );
    }
    // the first units of the layer are those that were taught
    assert.ok(network.layers.find(({ name }) => name === layer)!.units >= head.units);
    assert.throws(() => network.activations(images, ["none"]), RangeError);
    tf.dispose([normalized, images, ...used, ...expected]);
    network.dispose();
    trained.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("the classifier behind sets teaches nothing to the sets, which their own loss teaches", () => {
  const network = trainable("resnet", SETS);
  const images = tf.tidy(() => tf.tensor4d(madeUpImages(420, 2, 32).data, [2, 32, 32, 3]).mul(4).sub(2) as tf.Tensor4D);
  const largest = (loss: (outputs: ReturnType<TrainableTaught["outputs"]>) => tf.Tensor, names: string[]) =>
    tf.tidy(() => {
      const variables = names.map((name) => network.parameters.get(name)!);
      const { grads } = tf.variableGrads(() => loss(network.outputs(images, true)).sum(), variables);
      return variables.map(({ name }) => dataOf(() => grads[name].abs().max())[0]);
    });
  const names = ["head.weight", "head.bias", "sets.weight", "sets.bias", "conv1.weight"];
  const [weight, bias, ...taught] = largest(({ classes }) => classes!.square(), names);
  assert.ok(weight > 0 && bias > 0);
  assert.deepEqual(taught, [0, 0, 0]);
  const own = largest(({ taught }) => taught.square(), names.slice(2));
  assert.ok(own.every((size) => size > 0), String(own));
  images.dispose();
  network.dispose();
});

Deno.test("what an architecture cannot be taught is refused, to train and to use", () => {
  const refused = (architecture: TaughtArchitecture, head: TaughtHead, message: RegExp) => {
    for (
      const make of [
        () => createTrainableTaught(architecture, head, createRandom(0), null),
        () => createTaughtNetwork(architecture, head, new Map(), "file", "name"),
      ]
    ) {
      assert.throws(make, (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        return true;
      });
    }
  };
  refused("lenet5", SETS, /lenet5 has no layer that could be taught sets of classes; teach it merged labels/);
  refused("lenet5", { kind: "labels", units: 11 }, /lenet5 has 10 outputs, too few for 11 labels/);
  assert.throws(
    () => createTrainableTaught("vit", LABELS, createRandom(0), null),
    /goes on from the weights of vit-cifar10/,
  );
});

Deno.test("weights that are missing or of another head are refused, and nothing is left behind", () => {
  const before = tf.memory().numTensors;
  for (const architecture of ["resnet", "vgg", "vit"] as const) {
    const trained = trainable(architecture, SETS);
    const weights = weightsOf(trained);
    trained.dispose();
    for (const head of [LABELS, { ...SETS, units: 7 }] as const) {
      assert.throws(() => createTaughtNetwork(architecture, head, weights, "some.file", "x"), /some\.file/);
    }
  }
  assert.equal(tf.memory().numTensors, before);
});
