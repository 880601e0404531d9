/**
 * Training a model by name and writing it as `models/<name>`: weights, card, and the entry in `models/index.json`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { dataOf, tf } from "../engine/mod.ts";
import { InputError } from "../errors.ts";
import { type Dataset, type PixelSet, readPixels } from "../data/mod.ts";
import {
  CIFAR10_COLOURS,
  createLeNet5,
  createResNet18,
  createTrainableLeNet5,
  createTrainableResNet18,
  createTrainableViT,
  createViT,
  type Normalization,
  RESNET18_FEATURES,
  toWeightArray,
  type TrainableClassifier,
} from "../networks/mod.ts";
import { decodeSafetensors, encodeSafetensors, recordModel, type WeightArray, type Weights } from "../weights/mod.ts";
import { createRandom, type Random } from "../random.ts";
import { normalizationTable, plainBatch } from "./augment.ts";
import { type ModelReport, writeCard } from "./card.ts";
import { LENET5_RECIPE, type Recipe, RESNET18_RECIPE, VIT_RECIPE } from "./recipe.ts";
import { shuffleLabels } from "./shuffle_labels.ts";
import { accuracy, trainClassifier, type TrainingData, type TrainOptions } from "./train.ts";
import { writeWhole } from "../whole_file.ts";

/** A model that `train` can make. */
interface Trainable {
  /** What it is, in a few words. */
  readonly title: string;
  /** A sentence or two for the card. */
  readonly about: string;
  readonly recipe: Recipe;
  create(random: Random): TrainableClassifier;
  /** Class scores of normalized images, by the network that will be used, from the weights as they were stored. */
  evaluate(weights: Weights, source: string, test: PixelSet): number;
  /** Tensors stored beside the trained ones. */
  extras(weights: Weights, source: string, train: PixelSet): Map<string, WeightArray>;
}

/** Batches come normalized. */
const PLAIN: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

const TRAINABLE: Readonly<Record<string, Trainable>> = {
  "lenet5-cifar10": {
    title: "LeNet-5, modified, CIFAR-10 (ours)",
    about: "Modified LeNet-5 (62,006 parameters) for CIFAR-10: the network whose 236 units are scored.",
    recipe: LENET5_RECIPE,
    create: createTrainableLeNet5,
    evaluate: (weights, source, test) => {
      const network = createLeNet5(weights, source, "lenet5-cifar10", PLAIN);
      const share = accuracy((x) => network.activations(x, ["fc3"])[0] as tf.Tensor2D, test);
      network.dispose();
      return share;
    },
    extras: () => new Map(),
  },
  "resnet18-cifar10": {
    title: "ResNet-18, CIFAR-10 (ours)",
    about:
      "ResNet-18 (BasicBlocks, 64-128-256-512) with a 3x3 stem of stride 2 for 32 px images: the default embedder. Its 512-d " +
      "global average pool is the embedding; `embedding_mean` is the mean embedding of the 50,000 training images. The price " +
      "of a cluster in the calibrated profile was found for it on planted units: calibration.json beside this card.",
    recipe: RESNET18_RECIPE,
    create: (random) => createTrainableResNet18(random),
    evaluate: (weights, source, test) => {
      const network = createResNet18(weights, source);
      const share = accuracy((x) => network.logits(x), test);
      network.dispose();
      return share;
    },
    extras: (weights, source, train) => new Map([["embedding_mean", meanEmbedding(weights, source, train)]]),
  },
  "vit-cifar10": {
    title: "Vision transformer, CIFAR-10 (ours)",
    about:
      "A plain vision transformer for 32 px images: patches of 4 px, 6 blocks of width 128 with 4 heads, the mean over tokens. " +
      "Tensors are those of timm's `VisionTransformer(img_size=32, patch_size=4, embed_dim=128, depth=6, num_heads=4, mlp_ratio=2, " +
      "num_classes=10, class_token=False, global_pool='avg', fc_norm=False)`.",
    recipe: VIT_RECIPE,
    create: createTrainableViT,
    evaluate: (weights, source, test) => {
      const network = createViT(weights, source, "vit-cifar10", PLAIN);
      const share = accuracy((x) => network.activations(x, ["head"])[0] as tf.Tensor2D, test);
      network.dispose();
      return share;
    },
    extras: () => new Map(),
  },
};

/** Names that `train` takes. */
export const TRAINABLE_MODELS: readonly string[] = Object.keys(TRAINABLE);

function findTrainable(name: string): Trainable {
  if (Object.hasOwn(TRAINABLE, name)) return TRAINABLE[name];
  throw new InputError(`there is no model ${name} to train; choose ${TRAINABLE_MODELS.join(" or ")}`);
}

/** What `trainModel` needs besides the model's name. */
export interface TrainModelOptions
  extends Pick<TrainOptions, "seed" | "onStep" | "onEpoch" | "stopAfter" | "stopWhen"> {
  /** Folder of the models; the model goes into `<directory>/<name>`. */
  readonly directory: string;
  /** Folder of checkpoints. */
  readonly checkpoints: string;
  /** Whether labels of the training images are permuted by the seed first: a network for comparison, not to be used. */
  readonly shuffleLabels?: boolean;
  /** Changes to the recipe, for tests. */
  readonly recipe?: Partial<Recipe>;
  /** The command that is run, for the card. */
  readonly command: string;
}

/**
 * Trains a model, or goes on from its checkpoint, and writes it.
 *
 * @param name one of `TRAINABLE_MODELS`.
 * @param dataset with labels; images of 32 x 32 px.
 * @returns what the card says; null when `stopAfter` or `stopWhen` ended the run early.
 * @throws {InputError} when there is no such model, or the checkpoint is of another run.
 */
export async function trainModel(
  name: string,
  dataset: Dataset,
  options: TrainModelOptions,
): Promise<ModelReport | null> {
  const trainable = findTrainable(name);
  const recipe = { ...trainable.recipe, ...options.recipe };
  const { seed, shuffleLabels: shuffled = false } = options;
  const data: TrainingData = { train: await readPixels(dataset.train), test: await readPixels(dataset.test) };
  const { height, width } = data.train;
  if (height !== 32 || width !== 32) {
    throw new InputError(
      `${name} learns from images of 32x32 px, and those of ${dataset.title} have ${width}x${height}`,
    );
  }
  const classifier = trainable.create(createRandom(seed, "initialize", name));
  const learned = shuffled ? { ...data, train: shuffleLabels(data.train, seed) } : data;
  const run = shuffled ? `${name}-shuffled-labels` : name;
  const history = await trainClassifier(classifier, learned, recipe, {
    ...options,
    key: run,
    checkpoint: join(options.checkpoints, `${run}.safetensors`),
  });
  if (history.length < recipe.epochs) {
    classifier.dispose();
    return null;
  }

  const trained = new Map(
    [...classifier.parameters, ...classifier.buffers].map(([key, variable]) => [key, toWeightArray(variable)] as const),
  );
  classifier.dispose();
  // what goes with the weights is computed from them as they are stored, rounded to the file's precision
  const rounded = decodeSafetensors(encodeSafetensors(trained, {}, recipe.storage), name).tensors;
  const stored = new Map([...trained, ...trainable.extras(rounded, name, data.train)]);
  const labels: Record<string, string> = shuffled ? { labels: "shuffled" } : {};
  const bytes = encodeSafetensors(stored, { model: name, seed: String(seed), ...labels }, recipe.storage);
  const file = join(options.directory, name, "weights.safetensors");
  await Deno.mkdir(join(options.directory, name), { recursive: true });
  writeWhole(file, bytes);

  const report: ModelReport = {
    name,
    about: shuffled
      ? `${trainable.about} Trained on permuted labels, as a null for its scores: it has memorized and knows nothing.`
      : trainable.about,
    command: options.command,
    seed,
    recipe,
    history,
    testAccuracy: trainable.evaluate(decodeSafetensors(bytes, file).tensors, file, data.test),
    parameters: [...classifier.parameters.values()].reduce((sum, { size }) => sum + size, 0),
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
  writeCard(join(options.directory, name, "card.md"), report);
  const title = shuffled ? `${trainable.title}, shuffled labels` : trainable.title;
  await recordModel(name, { about: title, licence: "MIT" }, options.directory);
  return report;
}

/**
 * The weights that training a model begins with, as a file of its own.
 *
 * @param name one of `TRAINABLE_MODELS`.
 * @param seed the training's.
 * @returns the bytes of a safetensors file.
 * @throws {InputError} when there is no such model.
 */
export function initialWeights(name: string, seed: number): Uint8Array<ArrayBuffer> {
  const { create } = findTrainable(name);
  const classifier = create(createRandom(seed, "initialize", name));
  const arrays = new Map(
    [...classifier.parameters, ...classifier.buffers].map(([key, variable]) => [key, toWeightArray(variable)] as const),
  );
  classifier.dispose();
  return encodeSafetensors(arrays, { model: name, seed: String(seed), trained: "no" });
}

/** Mean embedding of images, summed in double precision. */
function meanEmbedding(weights: Weights, source: string, images: PixelSet): WeightArray {
  const network = createResNet18(weights, source);
  const table = normalizationTable(CIFAR10_COLOURS);
  const sum = new Float64Array(RESNET18_FEATURES);
  const batch = 500;
  for (let start = 0; start < images.count; start += batch) {
    const count = Math.min(batch, images.count - start);
    const features = dataOf(() =>
      network.features(tf.tensor4d(plainBatch(images, start, count, table), [count, 32, 32, 3]))
    );
    features.forEach((value, i) => sum[i % RESNET18_FEATURES] += value);
  }
  network.dispose();
  return { shape: [RESNET18_FEATURES], data: Float32Array.from(sum, (value) => value / images.count) };
}
