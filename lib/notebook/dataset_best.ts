/**
 * What the dataset itself does to the workbench's unit.
 *
 * @module
 */
import { CIFAR10_CLASSES, toImageBatch } from "../data/mod.ts";
import type { ImageBatch } from "../types.ts";
import type { Workbench } from "./workbench.ts";

/** The test images that activate a unit most, and all test images' activations. */
export interface DatasetBest {
  readonly images: ImageBatch;
  /** Activation of each of them, highest first. */
  readonly activations: readonly number[];
  /** Class of each of them, in words. */
  readonly classes: readonly string[];
  /** Activation of every test image, in the order of the dataset. */
  readonly all: readonly number[];
}

/**
 * The best test images for the unit. Ties go to the lower index.
 *
 * @returns null without a dataset.
 */
export function datasetBest(bench: Workbench, count: number): DatasetBest | null {
  const { layer, unit } = bench.unit;
  const activations = bench.context.testActivations(layer);
  if (activations === null || bench.data === null) return null;
  const { test } = bench.data;
  const all = Array.from({ length: activations.rows }, (_, i) => activations.data[i * activations.cols + unit]);
  const best = all.map((_, index) => index).sort((a, b) => all[b] - all[a] || a - b).slice(0, count);
  return {
    images: toImageBatch(test, best),
    activations: best.map((index) => all[index]),
    classes: best.map((index) => CIFAR10_CLASSES[test.labels[index]]),
    all,
  };
}
