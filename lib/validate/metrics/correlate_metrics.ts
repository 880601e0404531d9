import type { Random } from "../../random.ts";
import { bootstrapInterval, type BootstrapOptions, spearman } from "../../statistics/mod.ts";
import { type MetricKey, METRICS, type UnitMetrics } from "./table.ts";

/** Rank correlation of two metrics. */
export interface MetricCorrelation {
  readonly a: MetricKey;
  readonly b: MetricKey;
  /** Units for which both are defined. */
  readonly units: number;
  /** Spearman's correlation; null with fewer than 3 units, or where one of the metrics is the same for all. */
  readonly rho: number | null;
  /** Bootstrap interval of 95 %; null where it is undefined. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Fewest units of a rank correlation; two units always correlate fully. */
export const FEWEST_CORRELATED = 3;

/**
 * Rank correlations of every pair of metrics, over the units that have both.
 *
 * The bootstrap draws units within their layer, since chance does not decide which layers a network has.
 *
 * @param rows units with their metrics, at least 3.
 * @returns pairs in the order of `METRICS`: (S, K), (S, mean_angle), ..., the first metric with all, then the second.
 * @throws {RangeError} when there are fewer than 3 rows.
 * @see Spearman (1904); Efron & Tibshirani (1993), chapter 13
 */
export function correlateMetrics(
  rows: readonly UnitMetrics[],
  random: Random,
  options: BootstrapOptions = {},
): MetricCorrelation[] {
  if (rows.length < FEWEST_CORRELATED) {
    throw new RangeError(`a rank correlation needs at least ${FEWEST_CORRELATED} units, got ${rows.length}`);
  }
  return METRICS.flatMap(({ key: a }, i) =>
    METRICS.slice(i + 1).map(({ key: b }) => correlate(rows, a, b, random, options))
  );
}

function correlate(
  rows: readonly UnitMetrics[],
  a: MetricKey,
  b: MetricKey,
  random: Random,
  options: BootstrapOptions,
): MetricCorrelation {
  const complete = rows.filter((row) => row[a] !== null && row[b] !== null);
  const [x, y] = [a, b].map((key) => complete.map((row) => row[key]!));
  const rho = complete.length < FEWEST_CORRELATED ? null : spearman(x, y);
  const layers = [...new Set(complete.map(({ layer }) => layer))];
  const strata = layers.map((layer) => complete.flatMap((row, index) => row.layer === layer ? [index] : []));
  const pick = (values: readonly number[], indices: readonly number[]) => indices.map((index) => values[index]);
  const interval = rho === null
    ? null
    : bootstrapInterval(strata, (indices) => spearman(pick(x, indices), pick(y, indices)), random, options);
  return { a, b, units: complete.length, rho, low: interval?.low ?? null, high: interval?.high ?? null };
}
