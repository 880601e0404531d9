import { findElbow, runningMeanDistances } from "../../elbow/mod.ts";
import type { Lpips } from "../../lpips/mod.ts";
import { type Difference, difference, meanOf } from "./agreement.ts";
import { type ClusterSetting, type Repeat, rescore, type StoredUnit } from "./rescore.ts";

/** Scores with the elbow of another perceptual distance. */
export interface LpipsDifference extends Difference {
  /** Mean number of images counted; null without units. */
  readonly meanI: number | null;
  /** Units whose stored images have no elbow by this distance; all images of such a unit are counted. */
  readonly cut: number;
}

/**
 * S by another network of LPIPS against the run's. The network gives distances of the stored images; the profile's rule finds
 * their elbow; the images before it are scored. Where the profile gives LPIPS weight in clustering, it is this network's.
 *
 * @param units in the order of the network.
 * @param setting the run's.
 * @param onUnit called after each unit.
 */
export async function differenceByLpips(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  lpips: Pick<Lpips, "createSequence">,
  onUnit: () => void = () => {},
): Promise<LpipsDifference> {
  let cut = 0;
  const stops: number[] = [];
  const other: Repeat[] = [];
  for (const unit of units) {
    const images = unit.images();
    const sequence = lpips.createSequence();
    const distances = await sequence.add(images);
    const between = { ...unit.between, distances, pooledDistances: sequence.pooledDistances() };
    sequence.dispose();
    const elbow = findElbow(runningMeanDistances(distances), setting.profile.elbow);
    if (elbow === null) cut++;
    const I = elbow?.I ?? images.count;
    stops.push(I);
    other.push(rescore(unit, setting, { I, between }));
    onUnit();
  }
  return { ...difference(units.map(({ score }) => score), other), meanI: meanOf(stops), cut };
}
