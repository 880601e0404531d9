/**
 * How the score of the workbench's unit changes with the number of images and of clusters.
 *
 * @module
 */
import { clusterEmbeddings, type ClusterOptions } from "../cluster/mod.ts";
import { clusterAndScore } from "../pipeline/mod.ts";
import { deriveSeed } from "../random.ts";
import { score } from "../score/mod.ts";
import type { Matrix, ScoreParts } from "../types.ts";
import { firstRows } from "./rows.ts";
import type { Workbench } from "./workbench.ts";

/** How a run with the workbench's profile and seed clusters this unit. */
export function clusterOptions(bench: Workbench): ClusterOptions {
  const { profile, seed, meanEmbedding } = bench.context;
  return {
    ...profile.cluster,
    seed: deriveSeed(seed, "cluster", bench.unit.layer, bench.unit.unit),
    mean: profile.cluster.center ? meanEmbedding ?? undefined : undefined,
  };
}

/**
 * The scores of the first 4, 6, 8, ... images, each clustered anew with the K that the profile's criterion chooses for it.
 *
 * @param embeddings of the unit's images in their order, at least four.
 */
export function scoreByImages(bench: Workbench, embeddings: Matrix): ScoreParts[] {
  const options = clusterOptions(bench);
  const counts = Array.from({ length: Math.floor(embeddings.rows / 2) - 1 }, (_, i) => 2 * i + 4);
  return counts.map((I) => clusterAndScore(firstRows(embeddings, I), options));
}

/**
 * The scores of the same images in 1, 2, ... clusters, whatever the criterion says of that number.
 *
 * @param kMost greatest number of clusters, less than the number of embeddings.
 */
export function scoreByClusters(bench: Workbench, embeddings: Matrix, kMost: number): ScoreParts[] {
  // with clusters for nothing, the criterion takes as many as it may
  const free = { ...clusterOptions(bench), criterion: "sse-penalty", beta: 0, halfCap: false } as const;
  return Array.from({ length: kMost }, (_, i) => {
    const { centers } = clusterEmbeddings(embeddings, { ...free, kMax: i + 1 });
    return score(centers, embeddings.rows);
  });
}
