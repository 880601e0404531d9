/**
 * The score: how many clusters a unit's images form, and how far apart they lie.
 *
 * @module
 */
export { type CentreGeometry, centreGeometry } from "./centre_geometry.ts";
export { clusterCountTerm } from "./cluster_count_term.ts";
export { meanPairwiseAngle } from "./mean_pairwise_angle.ts";
export { score } from "./score.ts";
