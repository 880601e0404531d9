/**
 * What the dataset itself does to the workbench's unit.
 *
 * @module
 */
import { column } from "../matrix.ts";
import type { ImageBatch } from "../types.ts";
import { datasetActivations } from "../visualize/mod.ts";
import type { Workbench } from "./workbench.ts";

/** The test images that activate a unit most, and all test images' activations. */
export interface DatasetBest {
  readonly images: ImageBatch;
  /** Activation of each of them, highest first. */
  readonly activations: readonly number[];
  /** Class of each of them, in words; empty where the dataset has no labels. */
  readonly classes: readonly string[];
  /** Activation of every test image, in the order of the dataset. */
  readonly all: readonly number[];
}

/**
 * The best test images for the unit. Ties go to the lower index.
 *
 * @returns null without a dataset.
 */
export async function datasetBest(bench: Workbench, count: number): Promise<DatasetBest | null> {
  const { layer, unit } = bench.unit;
  const { network, dataset, profile } = bench.context;
  if (dataset === null) return null;
  const { test, classes } = dataset;
  const [activations] = await datasetActivations(network, [{ layer, options: profile.visualize.activation }], test);
  const all = Array.from(column(activations, unit));
  const best = all.map((_, index) => index).sort((a, b) => all[b] - all[a] || a - b).slice(0, count);
  return {
    images: await test.images(best),
    activations: best.map((index) => all[index]),
    classes: best.map((index) => test.labels === null ? "" : classes[test.labels[index]]),
    all,
  };
}
