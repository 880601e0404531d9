/**
 * Three ways to count a unit's features, and how far they agree: its visualizations, the real images that activate it most,
 * and what its answers to those are made of.
 *
 * @module
 */
import { cohenKappa } from "../../statistics/mod.ts";
import type { MetricKey, UnitMetrics } from "./table.ts";

/** The metrics that count a unit's features. */
export const COUNTS = ["K", "dataset_clusters", "attribution_clusters"] as const satisfies readonly MetricKey[];

/** How far two counts agree on which units have one feature and which have several. */
export interface CountAgreement {
  readonly a: MetricKey;
  readonly b: MetricKey;
  /** Units for which both are defined. */
  readonly units: number;
  /** Units that both say have one feature. */
  readonly both_one: number;
  /** Units with several features by the second alone. */
  readonly one_several: number;
  /** Units with several features by the first alone. */
  readonly several_one: number;
  readonly both_several: number;
  /** Agreement beyond chance, in [-1, 1]; null without units, and where either calls all of them the same. */
  readonly kappa: number | null;
}

/** Each pair of counts. */
export function agreementOfCounts(rows: readonly UnitMetrics[]): CountAgreement[] {
  return COUNTS.flatMap((a, i) => COUNTS.slice(i + 1).map((b) => agreementOf(rows, a, b)));
}

function agreementOf(rows: readonly UnitMetrics[], a: MetricKey, b: MetricKey): CountAgreement {
  const both = rows.filter((row) => row[a] !== null && row[b] !== null);
  const count = (first: boolean, second: boolean) =>
    both.filter((row) => row[a]! > 1 === first && row[b]! > 1 === second).length;
  const [bothOne, oneSeveral, severalOne, bothSeveral] = [
    count(false, false),
    count(false, true),
    count(true, false),
    count(true, true),
  ];
  return {
    a,
    b,
    units: both.length,
    both_one: bothOne,
    one_several: oneSeveral,
    several_one: severalOne,
    both_several: bothSeveral,
    kappa: cohenKappa([[bothOne, oneSeveral], [severalOne, bothSeveral]]),
  };
}

/**
 * The units on which the counts differ most: by the greatest less the least, then by the sum of all differences, then in the
 * order given.
 *
 * @param rows those without a K are left out, such as dead units, those without another count, and those on which all agree.
 * @param count how many at most.
 */
export function mostAtOdds(rows: readonly UnitMetrics[], count: number): UnitMetrics[] {
  return rows
    .map((row) => ({ row, counts: COUNTS.flatMap((key) => row[key] ?? []) }))
    .filter(({ row, counts }) => row.K !== null && counts.length > 1)
    .map(({ row, counts }) => ({
      row,
      range: Math.max(...counts) - Math.min(...counts),
      sum: counts.flatMap((a, i) => counts.slice(i + 1).map((b) => Math.abs(a - b))).reduce((x, y) => x + y, 0),
    }))
    .filter(({ range }) => range > 0)
    .sort((x, y) => y.range - x.range || y.sum - x.sum)
    .slice(0, count)
    .map(({ row }) => row);
}
