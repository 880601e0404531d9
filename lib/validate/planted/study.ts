/**
 * The planted study: scores of units whose number of features is known, and how often the score tells the truth.
 *
 * @module
 */
import { createRandom, type Random } from "../../random.ts";
import { auroc, bootstrapInterval, type Interval, spearman } from "../../statistics/mod.ts";
import type { ClusterPath } from "./calibrate.ts";
import { type FoolingSummary, share, summarizeFooling, summarizeSums, type SumSummary, withK } from "./controls.ts";
import type { PhotographCheck } from "./photographs.ts";
import { type Family, isCounted, type PlantedUnit } from "./planted_unit.ts";

/** The setting without clusters: the mean pairwise angle of the images' embeddings. */
export const CONTROL = "control";
/** The setting that knows which features the images reached: what the best rule for K could say. */
export const ORACLE = "oracle";

/** What one setting says of a unit. */
export interface SettingScore {
  /** Images; null for a statistic that is not of clusters. */
  readonly I: number | null;
  /** Clusters found; null for a statistic without clusters. */
  readonly K: number | null;
  /** The score S, or the statistic. */
  readonly S: number;
}

/** A planted unit and what was found. */
export interface PlantedResult extends PlantedUnit {
  readonly seed: number;
  /** Index in its family's network. */
  readonly unit: number;
  /** Scores by setting; a setting that could not score the unit is absent. */
  readonly scores: Readonly<Record<string, SettingScore>>;
  /** By setting, how many of its features at least two images show more than any other; 1 for a unit of one feature. */
  readonly reached: Readonly<Record<string, number>>;
  /** For sums, by setting: how many features that excite it are above their thresholds in a mean image. */
  readonly active?: Readonly<Record<string, number>>;
  /** For fooling units, by setting: the share of images that show the feature which photographs do not. */
  readonly fooled?: Readonly<Record<string, number>>;
  /** What photographs say of it; only beside fooling units, and by the images of the reference profile. */
  readonly photographs?: PhotographCheck;
  /** The unit clustered with each of a grid of weights; for a calibration alone. */
  readonly paths?: readonly ClusterPath[];
}

/** A number and its 95 % interval; nulls where it is undefined. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** How well a setting does on a set of units. */
export interface SettingSummary {
  readonly name: string;
  readonly units: number;
  /** Chance that S of a unit of several features exceeds that of a unit of one. */
  readonly auroc: number | null;
  readonly auroc_low: number | null;
  readonly auroc_high: number | null;
  /** Rank correlation of S with the true number of features. */
  readonly spearman: number | null;
  readonly spearman_low: number | null;
  readonly spearman_high: number | null;
  /** Share of units whose K is the true number. This and what follows is null for a statistic without clusters. */
  readonly exact_k: number | null;
  readonly exact_k_low: number | null;
  readonly exact_k_high: number | null;
  /** Share of `single` units with K > 1. */
  readonly mono_called_poly: number | null;
  readonly mono_called_poly_low: number | null;
  readonly mono_called_poly_high: number | null;
  /** Share of `near-duplicate` units with K > 1. */
  readonly near_duplicate_called_poly: number | null;
  readonly near_duplicate_called_poly_low: number | null;
  readonly near_duplicate_called_poly_high: number | null;
  /** Share of `union` units with K = 1. */
  readonly poly_called_mono: number | null;
  readonly poly_called_mono_low: number | null;
  readonly poly_called_mono_high: number | null;
  /** Share of units with K exact, for k = 1 .. 5 in turn. */
  readonly exact_by_k: readonly (number | null)[];
}

/** Two settings on the same units. */
export interface PairedDifference {
  readonly name: string;
  readonly against: string;
  /** AUROC of the first less that of the second. */
  readonly auroc: Estimate;
  /** The same of the rank correlation with the true number. */
  readonly spearman: Estimate;
}

/** Spearman's correlation of two settings or metrics, with its 95 % interval. */
export interface RankCorrelation {
  readonly a: string;
  readonly b: string;
  readonly units: number;
  readonly rho: Estimate;
}

/** Everything that a study says. */
export interface StudySummary {
  /** Units that count: all but sums and fooling units. */
  readonly units: number;
  readonly settings: readonly SettingSummary[];
  readonly by_family: readonly (SettingSummary & { readonly family: Family })[];
  /** Other metrics of the same units, signed so that more should mean several features; empty where none were measured. */
  readonly metrics: readonly SettingSummary[];
  /** Rank correlations between all settings and metrics, over the units that have both. */
  readonly correlations: readonly RankCorrelation[];
  readonly paired: readonly PairedDifference[];
  /** Share of the planted features of unions that at least two images show, by setting. */
  readonly coverage: Readonly<Record<string, number | null>>;
  /** Units that a setting could not score, such as those without a gradient from any start; its numbers leave them out. */
  readonly unscored: Readonly<Record<string, number>>;
  /** By setting, how many unions have no feature that two images show. */
  readonly unreached: Readonly<Record<string, number>>;
  /** Share of sums with K = 1, by setting. Where each image shows all features of a sum, one cluster is right. */
  readonly sums_called_mono: Readonly<Record<string, number | null>>;
  /** Sums, by setting: what was called one, and what their images show. Settings without clusters are left out. */
  readonly sums: readonly SumSummary[];
  /** Fooling units: the limit of the method. */
  readonly fooling: FoolingSummary;
}

function correlationsOf(counted: readonly PlantedResult[], names: readonly string[], seed: number): RankCorrelation[] {
  return names.flatMap((a, i) =>
    names.slice(i + 1).map((b) => {
      const both = counted.filter(({ scores }) => a in scores && b in scores);
      const rho: Statistic = (some) =>
        spearman(some.map(({ scores }) => scores[a].S), some.map(({ scores }) => scores[b].S));
      return { a, b, units: both.length, rho: estimateOf(both, rho, createRandom(seed, "correlation", a, b)) };
    })
  );
}

type Statistic = (results: readonly PlantedResult[]) => number | null;

/**
 * Sums up a study.
 *
 * @param results all units, of one or several seeds.
 * @param names settings, in the order of the table.
 * @param control the setting that others are compared with, unit by unit.
 * @param seed of the bootstrap: 2,000 resamples, each of the units of each kind.
 * @param metrics names of other metrics among the scores.
 */
export function summarizeStudy(
  results: readonly PlantedResult[],
  names: readonly string[],
  control: string,
  seed: number,
  metrics: readonly string[] = [],
): StudySummary {
  const counted = results.filter(isCounted);
  const sums = results.filter(({ kind }) => kind === "sum");
  const families = [...new Set(counted.map(({ family }) => family))];
  return {
    units: counted.length,
    settings: names.map((name) => summarizeSetting(counted, name, createRandom(seed, "bootstrap", name))),
    by_family: families.flatMap((family) =>
      names.map((name) => ({
        family,
        ...summarizeSetting(
          counted.filter((each) => each.family === family),
          name,
          createRandom(seed, "bootstrap", name, family),
        ),
      }))
    ),
    metrics: metrics.map((name) => summarizeSetting(counted, name, createRandom(seed, "bootstrap", name))),
    correlations: metrics.length === 0 ? [] : correlationsOf(counted, [...names, ...metrics], seed),
    paired: names.filter((name) => name !== control).map((name) => ({
      name,
      against: control,
      auroc: estimatePaired(counted, aurocOf, name, control, createRandom(seed, "paired", name)),
      spearman: estimatePaired(counted, spearmanOf, name, control, createRandom(seed, "paired rank", name)),
    })),
    coverage: Object.fromEntries(
      names.map((name) => [
        name,
        share(
          counted.filter(({ kind, reached }) => kind === "union" && name in reached),
          ({ reached, k }) => reached[name] / k,
        ),
      ]),
    ),
    unscored: count(names, (name) => counted.filter(({ scores }) => !(name in scores))),
    unreached: count(names, (name) => counted.filter(({ kind, reached }) => kind === "union" && reached[name] === 0)),
    sums_called_mono: Object.fromEntries(
      names.map((name) => [name, share(withK(sums, name), (each) => Number(each.scores[name].K === 1))]),
    ),
    sums: summarizeSums(sums, names),
    fooling: summarizeFooling(results, names),
  };
}

function count(names: readonly string[], some: (name: string) => readonly unknown[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, some(name).length]));
}

function summarizeSetting(all: readonly PlantedResult[], name: string, random: Random): SettingSummary {
  const results = all.filter(({ scores }) => name in scores);
  const shareOf = (
    choose: (result: PlantedResult) => boolean,
    hit: (K: number, result: PlantedResult) => boolean,
  ): Statistic =>
  (some) => share(withK(some, name).filter(choose), (each) => Number(hit(each.scores[name].K!, each)));
  const estimate = (statistic: Statistic) => estimateOf(results, statistic, random);
  const area = estimate(aurocOf(name));
  const rank = estimate(spearmanOf(name));
  const exact = estimate(shareOf(() => true, (K, { k }) => K === k));
  const mono = estimate(shareOf(({ kind }) => kind === "single", (K) => K > 1));
  const duplicate = estimate(shareOf(({ kind }) => kind === "near-duplicate", (K) => K > 1));
  const poly = estimate(shareOf(({ kind }) => kind === "union", (K) => K === 1));
  return {
    name,
    units: results.length,
    auroc: area.value,
    auroc_low: area.low,
    auroc_high: area.high,
    spearman: rank.value,
    spearman_low: rank.low,
    spearman_high: rank.high,
    exact_k: exact.value,
    exact_k_low: exact.low,
    exact_k_high: exact.high,
    mono_called_poly: mono.value,
    mono_called_poly_low: mono.low,
    mono_called_poly_high: mono.high,
    near_duplicate_called_poly: duplicate.value,
    near_duplicate_called_poly_low: duplicate.low,
    near_duplicate_called_poly_high: duplicate.high,
    poly_called_mono: poly.value,
    poly_called_mono_low: poly.low,
    poly_called_mono_high: poly.high,
    exact_by_k: [1, 2, 3, 4, 5].map((k) =>
      share(withK(results, name).filter((each) => each.k === k), (each) => Number(each.scores[name].K === k))
    ),
  };
}

function aurocOf(name: string): Statistic {
  return (some) => auroc(some.map(({ scores }) => scores[name].S), some.map(({ k }) => k > 1));
}

function spearmanOf(name: string): Statistic {
  return (some) => spearman(some.map(({ scores }) => scores[name].S), some.map(({ k }) => k));
}

/** Strata of the bootstrap: the units of each kind, since how many of a kind there are is planned. */
function strata(results: readonly PlantedResult[]): number[][] {
  return ["single", "near-duplicate", "union"].map((kind) =>
    results.flatMap((each, i) => each.kind === kind ? [i] : [])
  );
}

function estimateOf(results: readonly PlantedResult[], statistic: Statistic, random: Random): Estimate {
  const interval = bootstrapInterval(
    strata(results),
    (indices) => statistic(indices.map((i) => results[i])),
    random,
  );
  return toEstimate(statistic(results), interval);
}

function estimatePaired(
  all: readonly PlantedResult[],
  statistic: (name: string) => Statistic,
  name: string,
  against: string,
  random: Random,
): Estimate {
  const results = all.filter(({ scores }) => name in scores && against in scores);
  const difference: Statistic = (some) => {
    const [a, b] = [statistic(name)(some), statistic(against)(some)];
    return a === null || b === null ? null : a - b;
  };
  return estimateOf(results, difference, random);
}

function toEstimate(value: number | null, interval: Interval | null): Estimate {
  return { value, low: interval?.low ?? null, high: interval?.high ?? null };
}
