import type { Embedder } from "../../embed/mod.ts";
import { type Difference, difference } from "./agreement.ts";
import { type ClusterSetting, type Repeat, rescore, type StoredUnit } from "./rescore.ts";

/**
 * S by another embedder against the run's, from the stored images. Those are bytes: an image differs from the one that was
 * scored by half a grey level at most.
 *
 * @param units in the order of the network.
 * @param setting the run's, with the embedder's own mean embedding.
 * @param onUnit called after each unit.
 */
export async function differenceByEmbedder(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  embedder: Pick<Embedder, "embed">,
  onUnit: () => void = () => {},
): Promise<Difference> {
  const other: Repeat[] = [];
  for (const unit of units) {
    other.push(rescore(unit, setting, { embeddings: await embedder.embed(unit.images()) }));
    onUnit();
  }
  return difference(units.map(({ score }) => score), other);
}
