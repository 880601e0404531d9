/**
 * The map of the workbench's unit.
 *
 * @module
 */
import { embeddingMap, embeddingPanel } from "../report/charts/mod.ts";
import { imageUrl, principalComponents } from "../report/mod.ts";
import type { ImageBatch, Matrix } from "../types.ts";
import { type ChartView, showChart } from "./chart_view.ts";
import type { Workbench } from "./workbench.ts";

/**
 * Shows images by the first two principal components of their embeddings, coloured by cluster.
 *
 * @param images at least as many as there are embeddings; the first ones are shown.
 * @param assignments cluster of each embedding, from 0.
 */
export function showEmbeddingMap(
  bench: Workbench,
  images: ImageBatch,
  embeddings: Matrix,
  assignments: readonly number[],
): ChartView {
  const urls = assignments.map((_, i) => imageUrl(images, i));
  const clusters = new Set(assignments).size;
  const heading = `${bench.name}: I = ${assignments.length}, K = ${clusters}`;
  return showChart(embeddingMap([embeddingPanel(heading, principalComponents(embeddings), assignments, urls)], {
    text: `${bench.name}: where its images lie by their embeddings`,
    subtitle: [`Principal components of ${bench.context.embedder.name} embeddings. Thumbnails are moved apart.`],
  }));
}
