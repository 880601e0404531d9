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
export { type ProbedLayer, probedLayers, type ProbeRow } from "./probe_row.ts";
export { type ProbedRun, probeRun, type ProbeRunOptions } from "./probe_run.ts";
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
export { createFiguresFolder, type ProbeDocument, writeProbe } from "./write_probe.ts";
