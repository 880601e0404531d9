/**
 * Statistics of any numbers: ranks, agreement, intervals, tests. Pure arithmetic.
 *
 * @module
 */
export { pearson } from "./pearson.ts";
export {
  auroc,
  bootstrapInterval,
  type BootstrapOptions,
  type Interval,
  intraclassCorrelation,
  permutationPValue,
  ranks,
  spearman,
} from "./ranks.ts";
export { cellMeans, type VarianceShares, varianceShares } from "./variance_shares.ts";
