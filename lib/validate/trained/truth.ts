/**
 * Whether a taught network may stand for the truth: how well it classifies, and whether each of its units answers to the
 * classes that it was taught.
 *
 * @module
 */
import type { ImageSource } from "../../data/mod.ts";
import { column } from "../../matrix.ts";
import type { TaughtArchitecture } from "../../networks/mod.ts";
import { auroc } from "../../statistics/mod.ts";
import type { Matrix } from "../../types.ts";
import { datasetActivations, type LayerReading } from "../../visualize/mod.ts";
import type { TaughtNetwork } from "./networks.ts";

/**
 * Least test accuracy of a network, of its merged labels or of the classifier behind its sets. A network below it has not
 * learned its classes, and its units need not have the features that they were taught.
 */
export const ACCURACY_FLOORS: Readonly<Record<TaughtArchitecture, number>> = {
  lenet5: 0.65,
  resnet: 0.82,
  vgg: 0.82,
  vit: 0.75,
};

/** Least AUROC of a unit's activation on each class of its set against all classes outside it. */
export const SEPARATION_FLOOR = 0.75;

/** What test images say of a taught network. */
export interface NetworkTruth {
  /** Share of the test images whose label is told right. */
  readonly accuracy: number;
  /** For each unit, for each of its classes, how well its activation tells the class from those outside its set. */
  readonly separations: readonly (readonly number[])[];
}

/** A unit's activation as it is: taught layers have one position, and are read before any nonlinearity. */
export function readingOf(layer: string): LayerReading {
  return { layer, options: { reduce: "mean", postRelu: false } };
}

/**
 * Shows a taught network test images.
 *
 * @param test with labels 0 .. 9.
 */
export async function truthOf({ network, layer, entry }: TaughtNetwork, test: ImageSource): Promise<NetworkTruth> {
  const labels = Array.from(test.labels!);
  const { kind, classes } = entry;
  const readings = [readingOf(layer), ...(kind === "sets" ? [readingOf("head")] : [])];
  const [taught, scores = taught] = await datasetActivations(network, readings, test);
  const wanted = kind === "sets" ? labels : labels.map((label) => classes.findIndex((set) => set.includes(label)));
  return {
    accuracy: shareRight(scores, wanted),
    separations: classes.map((set, unit) => separations([...column(taught, unit)], labels, set)),
  };
}

/** Share of rows whose greatest entry, the first of equals, is the one wanted. */
export function shareRight({ rows, cols, data }: Matrix, wanted: readonly number[]): number {
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    right += Number(row.indexOf(Math.max(...row)) === wanted[i]);
  }
  return right / rows;
}

/**
 * How well activations tell each class of a set from all classes outside the set: AUROC.
 *
 * @returns a number for each class of the set, in its order; 0 where one of the two sides has no image.
 */
export function separations(
  activations: readonly number[],
  labels: readonly number[],
  set: readonly number[],
): number[] {
  return set.map((own) => {
    const counted = labels.flatMap((label, i) => label === own || !set.includes(label) ? [i] : []);
    return auroc(counted.map((i) => activations[i]), counted.map((i) => labels[i] === own)) ?? 0;
  });
}
