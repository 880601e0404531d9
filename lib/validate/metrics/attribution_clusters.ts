import { clusterEmbeddings } from "../../cluster/mod.ts";
import type { PipelineContext } from "../../pipeline/mod.ts";
import { deriveSeed } from "../../random.ts";
import type { ImageBatch } from "../../types.ts";
import { attributions, layersBelow } from "../../visualize/mod.ts";

/**
 * What a cluster costs, in squared distances of attributions of unit length: chosen on units trained towards known classes
 * (docs/metrics.md).
 */
const PRICE = 6;

/**
 * In how many ways a unit answers real images: the number of clusters of their attributions, each of unit length, at the
 * nearest layer below.
 *
 * @param images those that activate the unit most, of the network's size or another.
 * @returns null where the layer has none below, and where the network does not let gradients be seen.
 * @see Dreyer et al. (2024), "PURE: Turning Polysemantic Neurons Into Pure Features by Identifying Relevant Circuits"
 */
export async function attributionClusters(
  { network, profile, seed }: Pick<PipelineContext, "network" | "profile" | "seed">,
  layer: string,
  unit: number,
  images: ImageBatch,
): Promise<number | null> {
  const { activation } = profile.visualize;
  const [below] = layersBelow(network, layer, activation, 1);
  const shares = below === undefined ? null : await attributions(network, layer, unit, below, images, activation);
  if (shares === null) return null;
  const { K } = clusterEmbeddings(shares, {
    criterion: "sse-penalty",
    beta: PRICE,
    kMax: 10,
    halfCap: true,
    normalize: true,
    minClusterSize: 2,
    seed: deriveSeed(seed, "attribution clusters", layer, unit),
  });
  return K;
}
