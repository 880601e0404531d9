/**
 * Planted units: differentiable units whose number of features is known, as a `Network` like any other.
 *
 * @module
 */
import { readData, tf } from "../../engine/mod.ts";
import { InputError } from "../../errors.ts";
import type { Dataset, ImageSource } from "../../data/mod.ts";
import { resizeBilinear } from "../../images/mod.ts";
import type { Network, Through } from "../../networks/mod.ts";
import { createRandom, type Random } from "../../random.ts";
import type { ImageBatch, Matrix, Size } from "../../types.ts";
import { composeUnits, type Moments, momentsOf } from "./compose_units.ts";
import { type FeatureSet, PLANTED_SIZE, type PlantedFeatures, sizeText } from "./features.ts";
import { FOOLING_FAMILIES, gateThreshold, roughness } from "./fooling.ts";
import { alexnetChannels, lenetLogits, resnetLogits } from "./network_features.ts";
import type { Family, PlantedUnit, UnitCounts } from "./planted_unit.ts";
import { templateFeatures } from "./templates.ts";
import { textureFeatures } from "./textures.ts";
import { unitBlocks } from "./unit_blocks.ts";

/** The layer of planted units. It is the last of every planted network; units of a network's features have layers below. */
export const PLANTED_LAYER = "planted";
/** Images that normalize responses. */
const REFERENCE_IMAGES = 1024;

/** A family's units of one seed. */
export interface PlantedNetwork extends Network {
  readonly family: Family;
  readonly units: readonly PlantedUnit[];
  /**
   * Which of its features each image of a unit shows most: an index into the unit's `features`. Those that suppress a sum
   * are not among them.
   *
   * @param images of the network's size.
   */
  strongestFeatures(unit: number, images: ImageBatch): Promise<number[]>;
  /**
   * How many features that excite a sum are active in each image, above their thresholds.
   *
   * @throws {RangeError} when the unit is no sum.
   */
  activeFeatures(unit: number, images: ImageBatch): Promise<number[]>;
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
 * cannot hold that many units or units of that kind, or when its features are too alike.
 */
export async function createPlantedNetwork(
  family: Family,
  seed: number,
  counts: UnitCounts,
  dataset: Pick<Dataset, "train" | "test">,
  size: Size = PLANTED_SIZE,
): Promise<PlantedNetwork> {
  if ((counts.fooling ?? 0) > 0) refuseUnfoolable(family, size);
  const random = createRandom(seed, "planted", family);
  const features = await createFeatures(family, counts, dataset.test, size, random);
  try {
    const responses = await referenceResponses(features, dataset.train, size);
    const moments = momentsOf(responses);
    const units = composeUnits(family, seed, features, counts, responses, moments, random);
    const threshold = (counts.fooling ?? 0) > 0 ? await referenceThreshold(dataset.train, size) : Infinity;
    return buildNetwork(`planted-${family}-seed${seed}`, family, size, features, units, moments, threshold);
  } catch (error) {
    features.dispose();
    throw error;
  }
}

/** Fooling units are of linear features, and look at squares of 2 x 2 pixels. */
function refuseUnfoolable(family: Family, size: Size): void {
  if (!FOOLING_FAMILIES.includes(family)) {
    throw new InputError(
      `the family ${family} has no fooling units, which are of linear features (${
        FOOLING_FAMILIES.join(", ")
      }); ask for none`,
    );
  }
  if (Math.min(size.height, size.width) < 2) {
    throw new InputError(
      `fooling units look at squares of 2 px, which images of ${sizeText(size)} px cannot hold; ask for larger images`,
    );
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

/** The reference images, training images spread over the set, some at a time. */
async function* referenceImages(train: ImageSource, { height, width }: Size): AsyncGenerator<ImageBatch> {
  const count = Math.min(REFERENCE_IMAGES, train.count);
  const batch = 128;
  for (let start = 0; start < count; start += batch) {
    const indices = Array.from(
      { length: Math.min(batch, count - start) },
      (_, i) => Math.floor((start + i) * train.count / count),
    );
    yield resizeBilinear(await train.images(indices), height, width);
  }
}

/** Responses of features to the reference images, [N, F]. */
async function referenceResponses(features: FeatureSet, train: ImageSource, size: Size): Promise<Matrix> {
  const parts: number[] = [];
  for await (const images of referenceImages(train, size)) parts.push(...await responsesTo(features, images));
  return { rows: parts.length / features.count, cols: features.count, data: Float32Array.from(parts) };
}

/** Where the gate of fooling units is half open, by the reference images. */
async function referenceThreshold(train: ImageSource, size: Size): Promise<number> {
  const rough: number[] = [];
  for await (const images of referenceImages(train, size)) {
    rough.push(...await readData(() => roughness(toTensor(images))));
  }
  return gateThreshold(rough);
}

function responsesTo(features: FeatureSet, images: ImageBatch): Promise<Float32Array> {
  return readData(() => features.responses(toTensor(images)));
}

function toTensor({ count, height, width, data }: ImageBatch): tf.Tensor4D {
  return tf.tensor4d(data, [count, height, width, 3]);
}

function buildNetwork(
  name: string,
  family: Family,
  size: Size,
  features: FeatureSet,
  units: readonly PlantedUnit[],
  moments: Moments,
  threshold: number,
): PlantedNetwork {
  const { mean, std } = moments;
  const blocks = unitBlocks(units, features.count, moments, threshold);
  const below = features.network?.layers ?? [];
  const unitActivations = (images: tf.Tensor4D, responses: tf.Tensor2D) =>
    tf.concat(blocks.map((block) => block.activations(images, responses)), 1);
  /** The planted units, if they are asked for, and layers below, by name. */
  const pass = (images: tf.Tensor4D, layers: readonly string[], through?: Through): Map<string, tf.Tensor> => {
    const asked = layers.filter((layer) => layer !== PLANTED_LAYER);
    const isPlanted = asked.length < layers.length;
    if (asked.length === 0) return new Map([[PLANTED_LAYER, unitActivations(images, features.responses(images))]]);
    const { values, responses } = features.network!.activations(images, asked, isPlanted, through);
    const taken = new Map(asked.map((layer, i) => [layer, values[i]]));
    return responses === null ? taken : taken.set(PLANTED_LAYER, unitActivations(images, responses));
  };
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
  /** Of each image, the responses of the features that it may show: all but those that suppress. */
  const shownResponses = async (unit: number, images: ImageBatch): Promise<number[][]> => {
    const { kind, k } = units[unit];
    const { rows, cols, data } = await featureResponses(unit, images);
    const shown = kind === "sum" ? k : cols;
    return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, i * cols + shown)]);
  };
  return {
    name,
    input: size,
    layers: [...below, { name: PLANTED_LAYER, positions: "none", units: units.length }],
    family,
    units,
    activations: (images, layers, through) => {
      const known = [PLANTED_LAYER, ...below.map(({ name }) => name)];
      const unknown = layers.find((layer) => !known.includes(layer));
      if (unknown !== undefined) {
        throw new RangeError(`planted networks of the family ${family} have no layer ${unknown}`);
      }
      return tf.tidy(() => {
        const taken = pass(images, layers, through);
        return layers.map((layer) => taken.get(layer)!);
      });
    },
    featureResponses,
    strongestFeatures: async (unit, images) =>
      (await shownResponses(unit, images)).map((row) => row.indexOf(Math.max(...row))),
    activeFeatures: async (unit, images) => {
      const { kind, thresholds } = units[unit];
      if (thresholds === undefined) throw new RangeError(`unit ${unit} is a ${kind}, whose features have no threshold`);
      return (await shownResponses(unit, images)).map((row) => row.filter((z, j) => z > thresholds[j]).length);
    },
    dispose: () => {
      features.dispose();
      blocks.forEach((block) => block.dispose());
    },
  };
}
