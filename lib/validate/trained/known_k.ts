import { clusteringOf, searchClusters } from "../../cluster/mod.ts";
import { chooseFirstImages, clusterOptions, type PipelineContext } from "../../pipeline/mod.ts";
import { score } from "../../score/mod.ts";
import type { UnitRecord } from "../../types.ts";
import type { SettingScore } from "../planted/study.ts";

/**
 * What the score of a unit's images would be if the number of its features were known: the most that a better rule for K
 * could make of them.
 *
 * @param k the number of clusters; the greatest that is tried, if that is less.
 * @returns null for a dead unit, and where the score is undefined.
 */
export function scoreWithKnownK(
  context: PipelineContext,
  { layer, unit, score: own, embeddings, ...between }: UnitRecord,
  k: number,
): SettingScore | null {
  if (own === null) return null;
  const options = clusterOptions(context, layer, unit, between);
  const chosen = chooseFirstImages(embeddings, options, own.I);
  const found = searchClusters(chosen.embeddings, chosen.options);
  const K = Math.min(k, found.search.partitions.length);
  const { centers } = clusteringOf(chosen.embeddings, found, { K, candidates: [] }, 1);
  const { I, S } = score(centers, chosen.embeddings.rows);
  return S === null ? null : { I, K, S };
}
