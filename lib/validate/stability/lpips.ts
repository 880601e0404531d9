import { findElbow, runningMeanDistances } from "../../elbow/mod.ts";
import type { Lpips } from "../../lpips/mod.ts";
import { type Difference, difference, meanOf } from "./agreement.ts";
import { type ClusterSetting, rescore, type StoredUnit } from "./rescore.ts";

/** Scores with the elbow of another perceptual distance. */
export interface LpipsDifference extends Difference {
  /** Mean number of images counted; null without units. */
  readonly meanI: number | null;
  /** Units whose stored images end before this distance's elbow: all of them are counted. */
  readonly cut: number;
}

/**
 * S by another network of LPIPS against the run's: its distances of the stored images, its elbow by the profile's rule, and the
 * score of the images before it, with its distances in the clusters as far as the profile gives them weight.
 *
 * @param units in the order of the network.
 * @param setting the run's.
 * @param onUnit called after each unit.
 */
export function differenceByLpips(
  units: readonly StoredUnit[],
  setting: ClusterSetting,
  lpips: Pick<Lpips, "createSequence">,
  onUnit: () => void = () => {},
): LpipsDifference {
  let cut = 0;
  const stops: number[] = [];
  const other = units.map((unit) => {
    const images = unit.images();
    const sequence = lpips.createSequence();
    const distances = sequence.add(images);
    const between = { distances, pooledDistances: sequence.pooledDistances() };
    sequence.dispose();
    const elbow = findElbow(runningMeanDistances(distances), setting.profile.elbow);
    if (elbow === null) cut++;
    const I = elbow?.I ?? images.count;
    stops.push(I);
    const repeat = rescore(unit, setting, { I, between });
    onUnit();
    return repeat;
  });
  return { ...difference(units.map(({ score }) => score), other), meanI: meanOf(stops), cut };
}
