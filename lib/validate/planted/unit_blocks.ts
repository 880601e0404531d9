/**
 * The units of each kind as tensors.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { type Moments, MOST_FEATURES } from "./compose_units.ts";
import { foolingActivations, PHOTOGRAPH_FEATURES, photographGate, roughness } from "./fooling.ts";
import { isCounted, type PlantedUnit } from "./planted_unit.ts";
import { rectifiedSums } from "./rectified_sum.ts";

/** What a slot without a feature responds with: it is never the greatest. */
const ABSENT = -1e9;

/** Units of one kind, computed side by side. */
export interface Block {
  /**
   * @param images shape [N, H, W, 3].
   * @param responses of all features to them, shape [N, F].
   * @returns shape [N, units].
   */
  activations(images: tf.Tensor4D, responses: tf.Tensor2D): tf.Tensor2D;
  /** Frees its constants. */
  dispose(): void;
}

/**
 * Blocks of units, which give the activations of all of them one after the other.
 *
 * @param units those that are counted, then sums, then fooling units.
 * @param count of the family's features.
 * @param moments of their responses.
 * @param threshold of the fooling units' gate.
 */
export function unitBlocks(
  units: readonly PlantedUnit[],
  count: number,
  moments: Moments,
  threshold: number,
): Block[] {
  const kinds = [
    { some: units.filter(isCounted), make: maxima },
    { some: units.filter(({ kind }) => kind === "sum"), make: weightedSums },
    { some: units.filter(({ kind }) => kind === "fooling"), make: foolingUnits },
  ];
  return kinds.filter(({ some }) => some.length > 0).map(({ some, make }) => make(some, count, moments, threshold));
}

/** Each unit is the greatest of its features. */
function maxima(units: readonly PlantedUnit[], count: number, moments: Moments): Block {
  const slots = createSlots(units, MOST_FEATURES, count, moments);
  return {
    activations: (_, responses) => tf.max(slots.standardized(responses), 2),
    dispose: slots.dispose,
  };
}

/** Each unit is a rectified sum of its features. */
function weightedSums(units: readonly PlantedUnit[], count: number, moments: Moments): Block {
  const width = Math.max(...units.map(({ features }) => features.length));
  const slots = createSlots(units, width, count, moments);
  const padded = (rows: readonly (readonly number[])[]) =>
    tf.tensor2d(rows.map((row) => [...row, ...Array<number>(width - row.length).fill(0)]));
  const weights = padded(units.map(({ weights }) => weights!));
  const thresholds = padded(units.map(({ thresholds }) => thresholds!));
  return {
    activations: (_, responses) => rectifiedSums(slots.standardized(responses), weights, thresholds),
    dispose: () => {
      slots.dispose();
      tf.dispose([weights, thresholds]);
    },
  };
}

/** Each unit is a fooling unit of its features. */
function foolingUnits(
  units: readonly PlantedUnit[],
  count: number,
  moments: Moments,
  threshold: number,
): Block {
  const slots = createSlots(units, PHOTOGRAPH_FEATURES + 1, count, moments);
  return {
    activations: (images, responses) =>
      foolingActivations(slots.standardized(responses), photographGate(roughness(images), threshold)),
    dispose: slots.dispose,
  };
}

/** Standardized responses of the features of units, side by side. */
interface Slots {
  /** From responses of all features, shape [N, F], to those of each unit's own, [N, units, width]; `ABSENT` beyond the last. */
  standardized(responses: tf.Tensor2D): tf.Tensor3D;
  dispose(): void;
}

function createSlots(
  units: readonly PlantedUnit[],
  width: number,
  count: number,
  { mean, std }: Moments,
): Slots {
  const slots = units.length * width;
  const mix = tf.buffer([count, slots], "float32");
  const offset = new Float32Array(slots).fill(ABSENT);
  units.forEach(({ features }, u) =>
    features.forEach((feature, j) => {
      mix.set(1 / std[feature], feature, u * width + j);
      offset[u * width + j] = -mean[feature] / std[feature];
    })
  );
  const mixing = mix.toTensor() as tf.Tensor2D;
  const offsets = tf.tensor1d(offset);
  return {
    standardized: (responses) => responses.matMul(mixing).add(offsets).reshape([-1, units.length, width]),
    dispose: () => tf.dispose([mixing, offsets]),
  };
}
