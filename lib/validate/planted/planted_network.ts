/**
 * Planted units: differentiable units whose number of features is known, as a `Network` like any other.
 *
 * @module
 */
import { readData, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Dataset, ImageSource } from "../../data/mod.ts";
import { resizeBilinear } from "../../images/mod.ts";
import type { Network } from "../../networks/mod.ts";
import { createRandom, permutation, type Random } from "../../random.ts";
import type { ImageBatch, Matrix, Size } from "../../types.ts";
import { type FeatureSet, PLANTED_SIZE, type PlantedFeatures, sizeText } from "./features.ts";
import { alexnetChannels, lenetLogits, resnetLogits } from "./network_features.ts";
import { templateFeatures } from "./templates.ts";
import { textureFeatures } from "./textures.ts";

/** The families of planted features. */
export const FAMILIES = ["template", "patch", "texture", "alexnet", "lenet", "resnet"] as const;
export type Family = typeof FAMILIES[number];

/** How a unit is made of its features. */
export type PlantedKind =
  /** One feature. */
  | "single"
  /** The greatest of several near-duplicates of one feature: still one. */
  | "near-duplicate"
  /** The greatest of several features. */
  | "union"
  /** The sum of several features, which are present together in every image. */
  | "sum";

/** A unit, and what is true of it. */
export interface PlantedUnit {
  readonly family: Family;
  readonly kind: PlantedKind;
  /** True number of features: 1 for `single` and `near-duplicate`, 2 to 5 for `union`, 2 to 4 summands for `sum`. */
  readonly k: number;
  /** Its features' indices in the family's set. */
  readonly features: readonly number[];
}

/** How many units of each kind. */
export interface UnitCounts {
  readonly single: number;
  readonly nearDuplicate: number;
  /** Unions, of 2, 3, 4, 5, 2, ... features in turn. */
  readonly union: number;
  readonly sum: number;
}

/** The layer of every planted network. */
export const PLANTED_LAYER = "planted";
/** Largest number of features of a unit. */
const MOST_FEATURES = 5;
/** Images that normalize responses. */
const REFERENCE_IMAGES = 1024;
/** The responses of two features of a union to real images correlate by less than this; else they would be one feature. */
const LARGEST_CORRELATION = 0.5;
/** What a slot without a feature responds with: it is never the greatest. */
const ABSENT = -1e9;

/** A family's units of one seed. */
export interface PlantedNetwork extends Network {
  readonly family: Family;
  readonly units: readonly PlantedUnit[];
  /**
   * Which of its features each image of a unit shows most: an index into the unit's `features`.
   *
   * @param images of the network's size.
   */
  strongestFeatures(unit: number, images: ImageBatch): Promise<number[]>;
  /** Normalized responses of a unit's features to images of the network's size, [N, features]. */
  featureResponses(unit: number, images: ImageBatch): Promise<Matrix>;
}

/**
 * Makes a family's units. Responses are normalized to mean 0 and deviation 1 over 1,024 training images, so that no
 * feature of a union drowns the others.
 *
 * @param seed the same seed gives the same units.
 * @param counts a kind with none is left out.
 * @param dataset templates, patches and textures are cut from its test images, since ascent starts from training images.
 * @param size of the images that the units take; the families of class scores take 32 x 32 px alone.
 * @throws {InputError} when the images are too small for the family or of another size than its network's, when the family
 * cannot hold that many units, or when its features are too alike.
 */
export async function createPlantedNetwork(
  family: Family,
  seed: number,
  counts: UnitCounts,
  dataset: Pick<Dataset, "train" | "test">,
  size: Size = PLANTED_SIZE,
): Promise<PlantedNetwork> {
  const random = createRandom(seed, "planted", family);
  const features = await createFeatures(family, counts, dataset.test, size, random);
  try {
    const reference = await referenceResponses(features, dataset.train, size);
    const { mean, std, correlation } = moments(reference);
    const units = composeUnits(family, features, counts, std, correlation, random);
    return buildNetwork(family, seed, size, features, units, mean, std);
  } catch (error) {
    features.dispose();
    throw error;
  }
}

async function createFeatures(
  family: Family,
  { single, nearDuplicate, union, sum }: UnitCounts,
  test: ImageSource,
  size: Size,
  random: Random,
): Promise<PlantedFeatures> {
  // so many that units share few features; sets of near-duplicates are made of features of their own
  const own = { features: nearDuplicate + single + 2 * (union + sum) + 8, withVariants: nearDuplicate, variants: 4 };
  switch (family) {
    case "template":
    case "patch":
      return await templateFeatures(family, test, own, size, random);
    case "texture":
      return await textureFeatures(test, own, size, random);
    case "alexnet":
      return await alexnetChannels(own, random);
    case "lenet":
    case "resnet": {
      if (sizeText(size) !== sizeText(PLANTED_SIZE)) {
        throw new InputError(
          `the family ${family} is of a network that takes images of ${sizeText(PLANTED_SIZE)} px, not ${
            sizeText(size)
          }; leave it out with --families`,
        );
      }
      if (nearDuplicate > 0) throw new InputError(`the family ${family} has no near-duplicates; ask for none`);
      const logits = await (family === "lenet" ? lenetLogits() : resnetLogits());
      if (single > logits.count) {
        logits.dispose();
        throw new InputError(`the family ${family} has ${logits.count} features, so no ${single} units of one feature`);
      }
      return { ...logits, variants: [] };
    }
  }
}

/** Responses of features to training images, spread over the set. */
async function referenceResponses(
  features: FeatureSet,
  train: ImageSource,
  { height, width }: Size,
): Promise<Matrix> {
  const count = Math.min(REFERENCE_IMAGES, train.count);
  const data = new Float32Array(count * features.count);
  const batch = 128;
  for (let start = 0; start < count; start += batch) {
    const indices = Array.from(
      { length: Math.min(batch, count - start) },
      (_, i) => Math.floor((start + i) * train.count / count),
    );
    const images = resizeBilinear(await train.images(indices), height, width);
    data.set(await responsesTo(features, images), start * features.count);
  }
  return { rows: count, cols: features.count, data };
}

function responsesTo(features: FeatureSet, { count, height, width, data }: ImageBatch): Promise<Float32Array> {
  return readData(() => features.responses(tf.tensor4d(data, [count, height, width, 3])));
}

/** Mean, deviation and correlation of the columns. */
function moments({ rows, cols, data }: Matrix): { mean: number[]; std: number[]; correlation: number[][] } {
  const mean = new Array<number>(cols).fill(0);
  for (let i = 0; i < data.length; i++) mean[i % cols] += data[i] / rows;
  const centred = Float64Array.from(data, (value, i) => value - mean[i % cols]);
  const product = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += centred[i * cols + a] * centred[i * cols + b];
    return sum / rows;
  };
  const std = mean.map((_, c) => Math.sqrt(product(c, c)));
  const correlation = mean.map((_, a) => mean.map((_, b) => product(a, b) / (std[a] * std[b])));
  return { mean, std, correlation };
}

/** Chooses the features of each unit. */
function composeUnits(
  family: Family,
  { count, variants }: PlantedFeatures,
  counts: UnitCounts,
  std: readonly number[],
  correlation: readonly (readonly number[])[],
  random: Random,
): PlantedUnit[] {
  const copies = new Set(variants.flatMap((set) => set.slice(1)));
  const alive = Array.from({ length: count }, (_, i) => i).filter((i) => !copies.has(i) && std[i] > 0);
  const distinct = (size: number): number[] => {
    for (let attempt = 0; attempt < 200; attempt++) {
      const chosen: number[] = [];
      for (const i of permutation(alive.length, random)) {
        if (chosen.every((other) => correlation[alive[i]][other] < LARGEST_CORRELATION)) chosen.push(alive[i]);
        if (chosen.length === size) return chosen;
      }
    }
    throw new InputError(
      `the family ${family} has no ${size} features that differ; use another seed or fewer features`,
    );
  };
  const units: PlantedUnit[] = [];
  const singles = permutation(alive.length, random);
  for (let i = 0; i < counts.single; i++) {
    units.push({ family, kind: "single", k: 1, features: [alive[singles[i % singles.length]]] });
  }
  for (let i = 0; i < counts.nearDuplicate; i++) {
    const features = variants[i].slice(0, 2 + i % (MOST_FEATURES - 1));
    units.push({ family, kind: "near-duplicate", k: 1, features });
  }
  for (let i = 0; i < counts.union; i++) {
    const k = 2 + i % (MOST_FEATURES - 1);
    units.push({ family, kind: "union", k, features: distinct(k) });
  }
  for (let i = 0; i < counts.sum; i++) {
    const k = 2 + i % 3;
    units.push({ family, kind: "sum", k, features: distinct(k) });
  }
  return units;
}

function buildNetwork(
  family: Family,
  seed: number,
  size: Size,
  features: FeatureSet,
  units: readonly PlantedUnit[],
  mean: readonly number[],
  std: readonly number[],
): PlantedNetwork {
  const slots = units.length * MOST_FEATURES;
  // a unit is the greatest of its slots; a slot holds one normalized feature, or the sum of several
  const mix = tf.buffer([features.count, slots], "float32");
  const offset = new Float32Array(slots).fill(ABSENT);
  units.forEach(({ kind, features: own }, u) => {
    own.forEach((feature, j) => {
      const slot = u * MOST_FEATURES + (kind === "sum" ? 0 : j);
      const weight = kind === "sum" ? 1 / Math.sqrt(own.length) : 1;
      mix.set(weight / std[feature], feature, slot);
      offset[slot] = (offset[slot] === ABSENT ? 0 : offset[slot]) - weight * mean[feature] / std[feature];
    });
  });
  const mixing = mix.toTensor() as tf.Tensor2D;
  const offsets = tf.tensor1d(offset);
  const slotsOf = (images: tf.Tensor4D) => features.responses(images).matMul(mixing).add(offsets);
  const unitActivations = (images: tf.Tensor4D) =>
    tf.tidy(() => tf.max(slotsOf(images).reshape([images.shape[0], units.length, MOST_FEATURES]), 2));
  const featureResponses = async (unit: number, images: ImageBatch): Promise<Matrix> => {
    const { features: own } = units[unit];
    const all = await responsesTo(features, images);
    const responses = new Float64Array(images.count * own.length);
    for (let i = 0; i < images.count; i++) {
      own.forEach((feature, j) => {
        responses[i * own.length + j] = (all[i * features.count + feature] - mean[feature]) / std[feature];
      });
    }
    return { rows: images.count, cols: own.length, data: responses };
  };
  return {
    name: `planted-${family}-seed${seed}`,
    input: size,
    layers: [{ name: PLANTED_LAYER, positions: "none", units: units.length }],
    family,
    units,
    activations: (images, layers) => {
      const unknown = layers.find((layer) => layer !== PLANTED_LAYER);
      if (unknown !== undefined) throw new RangeError(`planted networks have no layer ${unknown}`);
      const activations = unitActivations(images);
      return layers.map(() => activations);
    },
    featureResponses,
    strongestFeatures: async (unit, images) => {
      const { rows, cols, data } = await featureResponses(unit, images);
      return Array.from({ length: rows }, (_, i) => {
        const row = [...data.subarray(i * cols, (i + 1) * cols)];
        return row.indexOf(Math.max(...row));
      });
    },
    dispose: () => {
      features.dispose();
      tf.dispose([mixing, offsets]);
    },
  };
}
