/**
 * The weights of a finished generator.
 *
 * @module
 */
import { tf } from "../../engine/mod.ts";
import { decodeSafetensors, encodeSafetensors, type WeightArray } from "../../weights/mod.ts";
import { byBatch, generatedImages, type NormName, NORMS } from "../network/generator.ts";
import { type Parameters, writeParameters } from "../network/parameters.ts";
import type { ExampleSource } from "./examples.ts";
import type { GanRecipe } from "./recipe.ts";
import { drawLatents, toExamples } from "./train_step.ts";

/** Batches over which means and variances are averaged. */
const STATISTICS_BATCHES = 40;

/**
 * The averaged generator as it is stored: in half precision, and with means and variances of its normalized layers,
 * which are averaged over batches of training labels and masks.
 *
 * @see Brock et al. (2019), "Large scale GAN training", appendix B, on standing statistics
 */
export function finishedWeights(
  averaged: Parameters,
  examples: ExampleSource,
  recipe: GanRecipe,
  seed: number,
): Map<string, WeightArray> {
  const names = Object.keys(NORMS) as NormName[];
  const sums = new Map(
    names.map((name) => [name, { mean: new Float64Array(NORMS[name]), square: new Float64Array(NORMS[name]) }]),
  );
  for (let i = 0; i < STATISTICS_BATCHES; i++) {
    const batch = examples.batch(i, recipe.batch);
    tf.tidy(() => {
      const { labels, masks } = toExamples(batch);
      generatedImages(
        averaged,
        drawLatents(seed, "statistics", i, recipe.batch),
        labels,
        masks,
        byBatch((name, { mean, variance }) => {
          const [means, variances] = [mean.dataSync(), variance.dataSync()];
          const { mean: meanSum, square } = sums.get(name)!;
          means.forEach((value, c) => {
            meanSum[c] += value;
            square[c] += variances[c] + value * value;
          });
        }),
      );
    });
  }
  const weights = writeParameters(averaged);
  for (const [name, { mean, square }] of sums) {
    const means = mean.map((value) => value / STATISTICS_BATCHES);
    const variances = square.map((value, c) => Math.max(0, value / STATISTICS_BATCHES - means[c] ** 2));
    weights.set(`${name}.mean`, { shape: [NORMS[name]], data: Float32Array.from(means) });
    weights.set(`${name}.variance`, { shape: [NORMS[name]], data: Float32Array.from(variances) });
  }
  return new Map(decodeSafetensors(encodeSafetensors(weights, {}, "F16"), "the generator").tensors);
}
