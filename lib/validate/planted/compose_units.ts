import { InputError } from "../../errors.ts";
import { column } from "../../matrix.ts";
import { createRandom, permutation, type Random } from "../../random.ts";
import type { Matrix } from "../../types.ts";
import type { PlantedFeatures } from "./features.ts";
import { PHOTOGRAPH_FEATURES } from "./fooling.ts";
import type { Family, PlantedUnit, UnitCounts } from "./planted_unit.ts";
import { activeThreshold, drawWeights } from "./rectified_sum.ts";

/** Largest number of features of a union, or of near-duplicates of a feature. */
export const MOST_FEATURES = 5;
/** The responses of two features of a unit to real images correlate by less than this; else they would be one feature. */
const LARGEST_CORRELATION = 0.5;

/** Mean, deviation and correlation of features' responses to reference images. */
export interface Moments {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly correlation: readonly (readonly number[])[];
}

/** The moments of the columns. */
export function momentsOf({ rows, cols, data }: Matrix): Moments {
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

/**
 * Chooses the features of each unit, in the order single, near-duplicate, union, sum, fooling.
 *
 * @param seed sums and fooling units are drawn by generators of their own, derived from it, so that the others are what they
 * were before there were any.
 * @param reference responses to the reference images, [N, F], and their moments.
 * @param random draws the others.
 * @throws {InputError} when the family has too few features that differ.
 */
export function composeUnits(
  family: Family,
  seed: number,
  { count, variants }: Pick<PlantedFeatures, "count" | "variants">,
  counts: UnitCounts,
  reference: Matrix,
  { mean, std, correlation }: Moments,
  random: Random,
): PlantedUnit[] {
  const copies = new Set(variants.flatMap((set) => set.slice(1)));
  const alive = Array.from({ length: count }, (_, i) => i).filter((i) => !copies.has(i) && std[i] > 0);
  const distinct = (size: number, random: Random) => distinctFeatures(family, alive, correlation, size, random);
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
    units.push({ family, kind: "union", k, features: distinct(k, random) });
  }
  for (let i = 0; i < counts.sum; i++) {
    const own = createRandom(seed, "planted", family, "sum", i);
    const k = 2 + i % 3;
    const weights = drawWeights(k, own);
    const features = distinct(weights.length, own);
    const thresholds = features.map((feature) =>
      activeThreshold(Array.from(column(reference, feature), (value) => (value - mean[feature]) / std[feature]))
    );
    units.push({ family, kind: "sum", k, features, weights, thresholds });
  }
  for (let i = 0; i < (counts.fooling ?? 0); i++) {
    const features = distinct(PHOTOGRAPH_FEATURES + 1, createRandom(seed, "planted", family, "fooling", i));
    units.push({ family, kind: "fooling", k: PHOTOGRAPH_FEATURES, features });
  }
  return units;
}

/** So many features whose responses correlate by less than `LARGEST_CORRELATION`, drawn. */
function distinctFeatures(
  family: Family,
  alive: readonly number[],
  correlation: Moments["correlation"],
  size: number,
  random: Random,
): number[] {
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
}
