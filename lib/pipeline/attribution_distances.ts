/**
 * How differently a unit's answers to its images are made up.
 *
 * @module
 */
import type { ImageBatch, UnitRecord } from "../types.ts";
import { attributions, layersBelow } from "../visualize/mod.ts";
import type { PipelineContext } from "./context.ts";

/**
 * Squared distances between the attributions of images, each of unit length, where the profile asks for them and a layer below
 * is known. A layer's attributions are gradient times activation, summed over positions.
 *
 * @param images of the network's size.
 * @returns nothing where the profile does not ask, the layer has none below, or the network does not let gradients be seen.
 */
export async function attributionDistances(
  { network, profile }: Pick<PipelineContext, "network" | "profile">,
  layer: string,
  unit: number,
  images: ImageBatch,
): Promise<Pick<UnitRecord, "attributions">> {
  const { depth } = profile.cluster.attributions;
  const { activation } = profile.visualize;
  const below = depth === 0 ? undefined : layersBelow(network, layer, activation, depth).at(-1);
  const shares = below === undefined ? null : await attributions(network, layer, unit, below, images, activation);
  if (below === undefined || shares === null) return {};
  const directions = Array.from({ length: shares.rows }, (_, i) => {
    const row = Float64Array.from(shares.data.subarray(i * shares.cols, (i + 1) * shares.cols));
    const length = Math.hypot(...row);
    return length === 0 ? row : row.map((value) => value / length);
  });
  const distances = directions.flatMap((row, j) =>
    directions.slice(0, j).map((other) => row.reduce((sum, value, d) => sum + (value - other[d]) ** 2, 0))
  );
  return { attributions: { layer: below, distances } };
}
