/**
 * What generated images say of units, set beside their scores.
 *
 * @module
 */
export {
  correlateSelectivity,
  type DrawOptions,
  type Scope,
  type SelectivityCorrelation,
} from "./correlate_selectivity.ts";
export { readCorrelations } from "./read_correlations.ts";
export {
  type ProbedUnit,
  type ProbeOfUnit,
  type ScoreKey,
  SCORES,
  SELECTIVITIES,
  type SelectivityKey,
  withScores,
} from "./selectivities.ts";
export { selectivityChart, selectivityPanels } from "./selectivity_chart.ts";
