/**
 * Stability and sensitivity: what a score depends on beside the unit, and what a network that has learned nothing scores.
 *
 * @module
 */
export { type Agreement, agreement, type ByLayer, byLayer, type Difference, difference, meanOf } from "./agreement.ts";
export { differenceByEmbedder } from "./embedder.ts";
export { type Foretold, type ForetoldBin, foretoldClusters } from "./foretold_clusters.ts";
export { agreementOfFreshImages, type FreshAgreement, type FreshUnit, freshUnits } from "./fresh_images.ts";
export { IMAGE_COUNTS, type ImageCount, scoresByImageCount } from "./image_counts.ts";
export { differenceByLpips, type LpipsDifference } from "./lpips.ts";
export { type NullNetwork, type NullReport } from "./null_network.ts";
export { compareWithNull, type MaybeScored, type NullScores, type UnitAgainstNull } from "./null_scores.ts";
export type { Tried } from "./other_instruments.ts";
export { type ClusterSetting, type Repeat, rescore, type StoredUnit, storedUnit } from "./rescore.ts";
export { differenceByRestarts, RESTART_COUNTS } from "./restarts.ts";
export { scoreUnitsAgain } from "./score_units_again.ts";
export { agreementOfSeeds } from "./seeds.ts";
export { heldUnits, readStoredUnits, type UnitChoice } from "./stored_units.ts";
export {
  type FreshReport,
  type PartProgress,
  type StabilityEvents,
  type StabilityPlan,
  type StabilityReport,
  studyStability,
} from "./study.ts";
