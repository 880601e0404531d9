/**
 * The study of trained units: scores of units whose classes are known, and how often the score tells the truth.
 *
 * @module
 */
import type { TaughtArchitecture, TaughtHead } from "../../networks/mod.ts";
import { createRandom, type Random } from "../../random.ts";
import { auroc, nestedBootstrapInterval, spearman } from "../../statistics/mod.ts";
import { share } from "../planted/controls.ts";
import { CONTROL, type Estimate, type PairedDifference, type SettingScore } from "../planted/study.ts";

/** The setting without clusters that is the mean LPIPS of the reference profile's images. */
export const MEAN_LPIPS = "mean LPIPS";
/** The setting that clusters training images which excite the unit, by the reference profile's rule. */
export const REAL_IMAGES = "real images";
/** The setting that clusters the reference profile's images into as many clusters as the unit was taught classes. */
export const KNOWN_K = "known K";
/** The settings beside profiles, in the order of the table. */
export const OTHER_SETTINGS: readonly string[] = [CONTROL, MEAN_LPIPS, REAL_IMAGES, KNOWN_K];

/** Numbers of classes that units are taught. */
export const TAUGHT_K: readonly number[] = [1, 2, 3, 4];

/** The architecture whose networks learn their classes too weakly to be counted with the others alone. */
const WEAK: TaughtArchitecture = "lenet5";

/** A unit whose classes are known, and what was found. */
export interface TrainedResult {
  /** Name of its network. */
  readonly network: string;
  readonly architecture: TaughtArchitecture;
  readonly kind: TaughtHead["kind"];
  /** Seed of its network. */
  readonly seed: number;
  readonly unit: number;
  /** True number of features: of its classes. */
  readonly k: number;
  readonly classes: readonly number[];
  /** Scores by setting; a setting that could not score the unit is absent. */
  readonly scores: Readonly<Record<string, SettingScore>>;
}

/** How well a setting does on a set of units. */
export interface TrainedSetting {
  readonly name: string;
  readonly units: number;
  /** Chance that S of a unit of several classes exceeds that of a unit of one. */
  readonly auroc: number | null;
  readonly auroc_low: number | null;
  readonly auroc_high: number | null;
  /** Rank correlation of S with the number of classes. */
  readonly spearman: number | null;
  readonly spearman_low: number | null;
  readonly spearman_high: number | null;
  /** Rank correlation of K with the number of classes; null for a statistic without clusters. */
  readonly spearman_k: number | null;
  readonly spearman_k_low: number | null;
  readonly spearman_k_high: number | null;
  /** Share of units whose K is the number of classes. This and what follows is null for a statistic without clusters. */
  readonly exact_k: number | null;
  readonly exact_k_low: number | null;
  readonly exact_k_high: number | null;
  /** Share of units of one class with K > 1. */
  readonly mono_called_poly: number | null;
  readonly mono_called_poly_low: number | null;
  readonly mono_called_poly_high: number | null;
  /** Share of units of several classes with K = 1. */
  readonly poly_called_mono: number | null;
  readonly poly_called_mono_low: number | null;
  readonly poly_called_mono_high: number | null;
  /** Number of units with k = 1 .. 4 in turn. */
  readonly units_by_k: readonly number[];
  /** Share of them with K exact. */
  readonly exact_by_k: readonly (number | null)[];
  /** Their mean K. */
  readonly mean_k_by_k: readonly (number | null)[];
  /** Their mean S. */
  readonly mean_s_by_k: readonly (number | null)[];
}

/** What a study says of some networks. */
export interface TrainedGroup {
  /** `all`, `strong` (all but LeNet-5), or an architecture. */
  readonly name: string;
  readonly networks: number;
  readonly units: number;
  readonly settings: readonly TrainedSetting[];
  /** Each profile less the control, on the same units. */
  readonly paired: readonly PairedDifference[];
}

/** Everything that a study says. */
export interface TrainedSummary {
  readonly networks: number;
  readonly units: number;
  /** All networks, the strong ones, and each architecture; those that there are. */
  readonly groups: readonly TrainedGroup[];
  /** Units that a setting could not score, such as those without a gradient from any start; its numbers leave them out. */
  readonly unscored: Readonly<Record<string, number>>;
}

/** A statistic of units; null where it is undefined. */
type Statistic = (results: readonly TrainedResult[]) => number | null;

/**
 * Sums up a study.
 *
 * Intervals are 95 % bootstrap intervals over networks and units: each of 2,000 resamples draws networks within each
 * architecture, and units within each network drawn. A resample on which a number is undefined, such as the AUROC of units
 * that are all of one class, is skipped; where fewer than half have a value there is no interval.
 *
 * @param results units that count.
 * @param profiles names of profiles, in the order of the table.
 * @param seed of the bootstrap.
 */
export function summarizeTrained(
  results: readonly TrainedResult[],
  profiles: readonly string[],
  seed: number,
): TrainedSummary {
  const names = [...profiles, ...OTHER_SETTINGS];
  const architectures = [...new Set(results.map(({ architecture }) => architecture))];
  const groups: [name: string, some: readonly TrainedResult[]][] = [
    ["all", results],
    ["strong", results.filter(({ architecture }) => architecture !== WEAK)],
    ...architectures.map((name) =>
      [name, results.filter(({ architecture }) => architecture === name)] as [string, TrainedResult[]]
    ),
  ];
  return {
    networks: countNetworks(results),
    units: results.length,
    groups: groups.filter(([, some]) => some.length > 0).map(([name, some]) => ({
      name,
      networks: countNetworks(some),
      units: some.length,
      settings: names.map((setting) => summarizeSetting(some, setting, createRandom(seed, "trained", name, setting))),
      paired: profiles.map((profile) => pairWithControl(some, profile, createRandom(seed, "paired", name, profile))),
    })),
    unscored: Object.fromEntries(
      names.map((name) => [name, results.filter(({ scores }) => !(name in scores)).length]),
    ),
  };
}

function countNetworks(results: readonly TrainedResult[]): number {
  return new Set(results.map(({ network }) => network)).size;
}

function summarizeSetting(all: readonly TrainedResult[], name: string, random: Random): TrainedSetting {
  const results = all.filter(({ scores }) => name in scores);
  const withK = (some: readonly TrainedResult[]) => some.filter(({ scores }) => scores[name].K !== null);
  const K = ({ scores }: TrainedResult) => scores[name].K!;
  const shareOf = (choose: (k: number) => boolean, hit: (K: number, k: number) => boolean): Statistic => (some) =>
    share(withK(some).filter(({ k }) => choose(k)), (each) => Number(hit(K(each), each.k)));
  const byK = <T>(measure: (some: readonly TrainedResult[]) => T) =>
    TAUGHT_K.map((k) => measure(results.filter((each) => each.k === k)));
  return {
    name,
    units: results.length,
    ...spread("auroc", estimateOf(results, aurocOf(name), random)),
    ...spread("spearman", estimateOf(results, spearmanOf(name), random)),
    ...spread("spearman_k", estimateOf(withK(results), spearmanOfK(name), random)),
    ...spread("exact_k", estimateOf(results, shareOf(() => true, (K, k) => K === k), random)),
    ...spread("mono_called_poly", estimateOf(results, shareOf((k) => k === 1, (K) => K > 1), random)),
    ...spread("poly_called_mono", estimateOf(results, shareOf((k) => k > 1, (K) => K === 1), random)),
    units_by_k: byK(({ length }) => length),
    exact_by_k: byK((some) => share(withK(some), (each) => Number(K(each) === each.k))),
    mean_k_by_k: byK((some) => share(withK(some), K)),
    mean_s_by_k: byK((some) => share(some, ({ scores }) => scores[name].S)),
  };
}

/** An estimate as three numbers of a setting. */
function spread<Key extends string>(
  key: Key,
  { value, low, high }: Estimate,
): Record<Key | `${Key}_low` | `${Key}_high`, number | null> {
  return { [key]: value, [`${key}_low`]: low, [`${key}_high`]: high } as Record<
    Key | `${Key}_low` | `${Key}_high`,
    number | null
  >;
}

function aurocOf(name: string): Statistic {
  return (some) => auroc(some.map(({ scores }) => scores[name].S), some.map(({ k }) => k > 1));
}

function spearmanOf(name: string): Statistic {
  return (some) => spearman(some.map(({ scores }) => scores[name].S), some.map(({ k }) => k));
}

function spearmanOfK(name: string): Statistic {
  return (some) => spearman(some.map(({ scores }) => scores[name].K!), some.map(({ k }) => k));
}

function pairWithControl(all: readonly TrainedResult[], name: string, random: Random): PairedDifference {
  const results = all.filter(({ scores }) => name in scores && CONTROL in scores);
  const less = (statistic: (setting: string) => Statistic): Statistic => (some) => {
    const [own, control] = [statistic(name)(some), statistic(CONTROL)(some)];
    return own === null || control === null ? null : own - control;
  };
  return {
    name,
    against: CONTROL,
    auroc: estimateOf(results, less(aurocOf), random),
    spearman: estimateOf(results, less(spearmanOf), random),
  };
}

/** Units by network by architecture: what the bootstrap draws from. */
function strata(results: readonly TrainedResult[]): number[][][] {
  const architectures = Map.groupBy(results.keys(), (i) => results[i].architecture);
  return [...architectures.values()].map((own) => [...Map.groupBy(own, (i) => results[i].network).values()]);
}

function estimateOf(results: readonly TrainedResult[], statistic: Statistic, random: Random): Estimate {
  const interval = nestedBootstrapInterval(
    strata(results),
    (indices) => statistic(indices.map((i) => results[i])),
    random,
  );
  return { value: statistic(results), low: interval?.low ?? null, high: interval?.high ?? null };
}
