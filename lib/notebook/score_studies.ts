/**
 * How the score of the workbench's unit changes with the number of images and of clusters.
 *
 * @module
 */
import { clusterEmbeddings, type ClusterOptions } from "../cluster/mod.ts";
import {
  chooseFirstImages,
  clusterAndScore,
  clusterOptions as runOptions,
  type ImageDistances,
} from "../pipeline/mod.ts";
import { score } from "../score/mod.ts";
import type { ImageBatch, Matrix, ScoreParts } from "../types.ts";
import type { Workbench } from "./workbench.ts";

/**
 * How a run with the workbench's profile and seed clusters this unit.
 *
 * @param between the distances of its images.
 */
export function clusterOptions({ context, unit }: Workbench, between: ImageDistances): ClusterOptions {
  return runOptions(context, unit.layer, unit.unit, between);
}

/** The distances of a unit's images that clustering takes beside their embeddings. */
export async function imageDistances({ context }: Workbench, images: ImageBatch): Promise<ImageDistances> {
  const sequence = context.lpips.createSequence();
  const distances = await sequence.add(images);
  const pooledDistances = sequence.pooledDistances();
  sequence.dispose();
  return { distances, pooledDistances };
}

/**
 * The scores of the first 4, 6, 8, ... images, each clustered anew with the K that the profile's criterion chooses for it.
 *
 * @param embeddings of the unit's images in their order, at least four.
 */
export function scoreByImages(bench: Workbench, embeddings: Matrix, between: ImageDistances): ScoreParts[] {
  const options = clusterOptions(bench, between);
  const counts = Array.from({ length: Math.floor(embeddings.rows / 2) - 1 }, (_, i) => 2 * i + 4);
  return counts.map((I) => clusterAndScore(chooseFirstImages(embeddings, options, I)));
}

/**
 * The scores of the same images in 1, 2, ... clusters, whatever the criterion says of that number.
 *
 * @param kMost greatest number of clusters, less than the number of embeddings.
 */
export function scoreByClusters(
  bench: Workbench,
  embeddings: Matrix,
  between: ImageDistances,
  kMost: number,
): ScoreParts[] {
  // with clusters for nothing, the criterion takes as many as it may
  const options = clusterOptions(bench, between);
  const free = { ...options, criterion: "sse-penalty", beta: 0, halfCap: false, minClusterSize: 1 } as const;
  return Array.from({ length: kMost }, (_, i) => {
    const { centers } = clusterEmbeddings(embeddings, { ...free, kMax: i + 1 });
    return score(centers, embeddings.rows);
  });
}
