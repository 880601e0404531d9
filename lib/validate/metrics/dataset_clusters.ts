import { clusterEmbeddings, type ClusterOptions } from "../../cluster/mod.ts";
import { selectRows } from "../../matrix.ts";
import { meanPairwiseAngle } from "../../score/mod.ts";
import type { Matrix } from "../../types.ts";

/** What real images say of a unit. */
export interface DatasetClusters {
  /** Number of clusters of the images' embeddings, by the rule for K of the run. */
  readonly clusters: number | null;
  /** Mean pairwise angle of the same embeddings over pi, in [0, 1]; null with fewer than 2 images. */
  readonly meanAngle: number | null;
}

/**
 * The counterpart of K and of the control on real images: the same clustering, and the mean pairwise angle, of the dataset's
 * most activating images in place of visualizations.
 *
 * @param embeddings raw embeddings of the dataset, shape [N, D].
 * @param indices the unit's most activating images, best first; null where it has none, which gives null.
 * @see Alic et al. (2025), section 2.4
 */
export function datasetClusters(
  embeddings: Matrix,
  indices: readonly number[] | null,
  options: ClusterOptions,
): DatasetClusters {
  if (indices === null) return { clusters: null, meanAngle: null };
  const chosen = selectRows(embeddings, indices);
  return { clusters: clusterEmbeddings(chosen, options).K, meanAngle: meanPairwiseAngle(chosen) };
}
