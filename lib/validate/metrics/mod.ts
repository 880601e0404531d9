/**
 * Other metrics of a unit beside its score, each in a file of its own, and how they go together.
 *
 * @module
 */
export { attributionClusters } from "./attribution_clusters.ts";
export { classEntropy } from "./class_entropy.ts";
export { classSelectivity } from "./class_selectivity.ts";
export { correlateMetrics, FEWEST_CORRELATED, type MetricCorrelation } from "./correlate_metrics.ts";
export { type DatasetClusters, datasetClusters } from "./dataset_clusters.ts";
export { embedDataset } from "./embed_dataset.ts";
export { kurtosis } from "./kurtosis.ts";
export { layerActivations } from "./layer_activations.ts";
export {
  type LayerCorrelations,
  type MeasureEvents,
  type MeasureOptions,
  measureRun,
  type RunMetrics,
  type UnitSheet,
} from "./measure_run.ts";
export { meanLpips } from "./mean_lpips.ts";
export { monosemanticity } from "./monosemanticity.ts";
export { mostActivating } from "./most_activating.ts";
export { sparsity } from "./sparsity.ts";
export { type Metric, type MetricKey, METRICS, type UnitMetrics } from "./table.ts";
export { type TestImages, unitMetrics } from "./unit_metrics.ts";
export { unitSheet } from "./unit_sheet.ts";
export { agreementOfCounts, type CountAgreement, COUNTS, mostAtOdds } from "./ways_to_count.ts";
