/**
 * Is the result true: checks of a run against what is known otherwise.
 *
 * @module
 */
export { type ActivationCheck, activationCheck } from "./activation_check.ts";
export {
  correlateMetrics,
  embedDataset,
  type MetricCorrelation,
  type MetricKey,
  METRICS,
  type UnitMetrics,
  unitMetrics,
} from "./metrics/mod.ts";
export {
  auroc,
  bootstrapInterval,
  type BootstrapOptions,
  type Interval,
  intraclassCorrelation,
  permutationPValue,
  ranks,
  spearman,
} from "../statistics/ranks.ts";
export { stepsCurve, type StepsPoint } from "./steps_curve.ts";
