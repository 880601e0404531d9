/**
 * Statistics of any numbers: ranks, correlations, agreement, intervals and tests. Pure arithmetic: what is undefined is
 * null, never NaN, and randomness is an argument.
 *
 * @module
 */
export { cohenKappa, intraclassCorrelation } from "./agreement.ts";
export {
  bootstrapInterval,
  type BootstrapOptions,
  type Estimate,
  estimate,
  estimateMean,
  type Interval,
} from "./bootstrap.ts";
export { nestedBootstrapInterval } from "./nested_bootstrap.ts";
export { pearson } from "./pearson.ts";
export { permutationPValue } from "./permutation.ts";
export { auroc, ranks, spearman } from "./ranks.ts";
export { benjaminiHochberg, studentTail } from "./significance.ts";
export { spearmanWithin } from "./spearman_within.ts";
export { cellMeans, type VarianceShares, varianceShares } from "./variance_shares.ts";
