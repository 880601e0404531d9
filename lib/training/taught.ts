/**
 * Training networks whose units answer to classes that are known: the truth of trained units.
 *
 * Two kinds. In one the labels are merged at random, so that an output trained for "truck or frog or deer" has three features
 * by construction. In the other the units of a layer before the classifier are trained towards random sets of classes.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";
import type { PixelSet } from "../data/mod.ts";
import { createTrainableTaught, type TaughtArchitecture, type TaughtHead, toWeightArray } from "../networks/mod.ts";
import { createRandom, permutation } from "../random.ts";
import { encodeSafetensors, type Weights } from "../weights/mod.ts";
import type { EpochRecord } from "./checkpoint.ts";
import type { Recipe } from "./recipe.ts";
import {
  accuracy,
  countRight,
  crossEntropy,
  type Learner,
  type TrainingData,
  trainLearner,
  type TrainOptions,
} from "./train.ts";

/** Classes of the images. */
const CLASSES = 10;
/** Classes merged into each label: they make up all ten. */
const MERGED = [4, 3, 2, 1];
/** Sizes of sets, in turn. */
const SET_SIZES = [1, 2, 3, 4];
/** Sets that a layer is trained towards. */
const SETS = 14;

/** A network to teach. */
export interface TaughtPlan {
  readonly architecture: TaughtArchitecture;
  /** Merged labels at the output, or sets of classes in a layer before it. */
  readonly kind: TaughtHead["kind"];
  readonly seed: number;
}

/** The name of a taught network, such as `resnet-sets-3`. */
export function taughtName({ architecture, kind, seed }: TaughtPlan): string {
  return `${architecture}-${kind}-${seed}`;
}

/** The classes that each unit is taught, in ascending order, drawn by the seed. */
export function taughtClasses({ architecture, kind, seed }: TaughtPlan): number[][] {
  const random = createRandom(seed, "taught classes", architecture, kind);
  const draw = (count: number) => [...permutation(CLASSES, random).subarray(0, count)].sort((a, b) => a - b);
  if (kind === "labels") {
    const order = [...permutation(CLASSES, random)];
    return MERGED.map((count) => order.splice(0, count).sort((a, b) => a - b));
  }
  for (;;) {
    const sets: number[][] = [];
    while (sets.length < SETS) {
      const set = draw(SET_SIZES[sets.length % SET_SIZES.length]);
      if (!sets.some((other) => other.join() === set.join())) sets.push(set);
    }
    // the classifier behind must be able to tell all classes by the sets that they are in
    const codes = Array.from(
      { length: CLASSES },
      (_, label) => sets.map((set) => Number(set.includes(label))).join(""),
    );
    if (new Set(codes).size === CLASSES) return sets;
  }
}

/** The head that a plan asks for. */
export function taughtHead({ kind }: TaughtPlan): TaughtHead {
  return kind === "labels" ? { kind, units: MERGED.length } : { kind, units: SETS, classes: CLASSES };
}

const SMALL: Recipe = {
  optimizer: "adamw",
  epochs: 14,
  batch: 128,
  learningRate: 4e-3,
  warmup: 1,
  momentum: 0.9,
  weightDecay: 0.05,
  labelSmoothing: 0,
  shift: 2,
  flip: true,
  testEvery: 4,
  storage: "F16",
};

/** How each architecture is trained. The vision transformer goes on from the weights that polysem comes with. */
export const TAUGHT_RECIPES: Readonly<Record<TaughtArchitecture, Recipe>> = {
  lenet5: { ...SMALL, learningRate: 2e-3, epochs: 12, warmup: 1, shift: 1 },
  resnet: { ...SMALL, epochs: 16 },
  vgg: SMALL,
  vit: { ...SMALL, epochs: 2, learningRate: 2e-3, warmup: 0.1, testEvery: 1, shift: 4 },
};

/** A taught network, trained. */
export interface TaughtModel {
  /** The bytes of a safetensors file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly history: readonly EpochRecord[];
  readonly parameters: number;
}

/**
 * Trains a taught network, or goes on from its checkpoint.
 *
 * @param data CIFAR-10, with its own ten labels.
 * @param pretrained the weights of `vit-cifar10`, for that architecture.
 * @param recipe changes to the architecture's recipe, for tests.
 * @returns null when `stopAfter` ended the run early.
 * @throws {InputError} when the architecture cannot be taught this.
 */
export async function trainTaught(
  plan: TaughtPlan,
  data: TrainingData,
  pretrained: Weights | null,
  options: Pick<TrainOptions, "onStep" | "onEpoch" | "stopAfter" | "checkpoint">,
  changes: Partial<Recipe> = {},
): Promise<TaughtModel | null> {
  const recipe = { ...TAUGHT_RECIPES[plan.architecture], ...changes };
  const name = taughtName(plan);
  const head = taughtHead(plan);
  const sets = taughtClasses(plan);
  const network = createTrainableTaught(
    plan.architecture,
    head,
    createRandom(plan.seed, "initialize", name),
    pretrained,
  );
  const { parameters, buffers } = network;
  const membership = tf.tensor2d(
    Array.from({ length: CLASSES }, (_, label) => sets.map((set) => Number(set.includes(label)))),
  );
  const scores = (images: tf.Tensor4D, training: boolean) => {
    const { taught, classes } = network.outputs(images, training);
    return { taught, scores: classes ?? taught };
  };
  const learner: Learner = {
    parameters,
    buffers,
    loss: (images, labels) => {
      const { taught, scores: logits } = scores(images, true);
      const wanted = tf.tensor1d(labels, "int32");
      const loss = crossEntropy(logits, wanted, recipe.labelSmoothing);
      const correct = countRight(logits, wanted);
      if (head.kind === "labels") return { loss, correct };
      return { loss: loss.add(setLoss(taught, tf.gather(membership, wanted))), correct };
    },
    accuracy: (images) => accuracy((x) => scores(x, false).scores, images),
  };
  const own = head.kind === "labels" ? { train: relabel(data.train, sets), test: relabel(data.test, sets) } : data;
  try {
    const history = await trainLearner(learner, own, recipe, { ...options, seed: plan.seed, key: name });
    if (history.length < recipe.epochs) return null;
    const arrays = new Map([...parameters, ...buffers].map(([key, value]) => [key, toWeightArray(value)] as const));
    const bytes = encodeSafetensors(arrays, { model: name, seed: String(plan.seed) }, recipe.storage);
    return { bytes, history, parameters: [...parameters.values()].reduce((sum, { size }) => sum + size, 0) };
  } finally {
    network.dispose();
    membership.dispose();
  }
}

/**
 * Binary cross-entropy of each unit with the membership of the image's class, summed over units, mean over images.
 *
 * @param logits shape [N, units].
 * @param member 1 where the image's class is in the unit's set, else 0; shape [N, units].
 */
export function setLoss(logits: tf.Tensor2D, member: tf.Tensor): tf.Scalar {
  return tf.softplus(logits).sub(logits.mul(member)).sum().mul(1 / logits.shape[0]);
}

/** Images with the labels that their classes are merged into. */
export function relabel(images: PixelSet, sets: readonly (readonly number[])[]): PixelSet {
  const merged = Uint8Array.from({ length: CLASSES }, (_, label) => sets.findIndex((set) => set.includes(label)));
  return { ...images, labels: images.labels.map((label) => merged[label]) };
}
